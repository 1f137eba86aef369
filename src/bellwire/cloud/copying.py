"""An account as one document, with which another cloud of the same operator can serve it too.

With SetEndpoint a device goes there with the token that it has, and brings the alerts that it has: so account, device,
token and alerts must be known there by the same ids. The document is a copy of one moment; nothing keeps the two in
step. Of tokens it holds the SHA-256, which nobody can show.

It knows rows and the document; it must not know files.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

import msgspec

from bellwire.alerts.alert import Alert, OwnConduct
from bellwire.alerts.recurrence import excepting, zone_named
from bellwire.alerts.rules import read_rule
from bellwire.alerts.workdays import has_calendar
from bellwire.cloud.accounts import name_of
from bellwire.cloud.action_forms import Actions, actions_of, reserved_by
from bellwire.cloud.calendars.entries import Known
from bellwire.cloud.conduct_forms import MOST_SNOOZES
from bellwire.cloud.config import Limits
from bellwire.cloud.countries import country_of
from bellwire.cloud.languages import language_named
from bellwire.cloud.snoozing import snooze_length
from bellwire.cloud.sound_forms import sounds_of
from bellwire.cloud.store.accounts import (
    add_account,
    add_account_token,
    find_account,
    lock_account,
    set_country,
    set_language,
)
from bellwire.cloud.store.alerts import insert_alert, list_alerts
from bellwire.cloud.store.calendars import keep_known, list_all_known
from bellwire.cloud.store.conducts import load_conduct, save_conduct
from bellwire.cloud.store.copies import account_tokens_until, device_tokens_until
from bellwire.cloud.store.desires import add_standings
from bellwire.cloud.store.devices import Device, add_device, add_device_token, list_devices
from bellwire.cloud.store.standings import load_standings
from bellwire.cloud.store.transaction import Transaction
from bellwire.cloud.wishes import WishError, length_text, one_line
from bellwire.protocol.profiles import profile_named

FORM: Final = "bellwire account 1"
_ANY_NUMBER = 1_000_000
_LASTING = timedelta(hours=1)
"""A token that expires sooner is not worth taking along: commands make such for themselves."""

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class TokenCopy(msgspec.Struct, forbid_unknown_fields=True):
    """A token that works there too."""

    sha256: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
    expires: Annotated[datetime, msgspec.Meta(tz=True)] | None


class DeviceCopy(msgspec.Struct, forbid_unknown_fields=True):
    """A device."""

    device_id: Id
    name: str
    profile: str
    model: str | None
    tokens: list[TokenCopy]
    """Those that its owner made. Others are renewed by the cloud that gave them: without any the device must be
    authorized anew there."""


class AlertCopy(msgspec.Struct, forbid_unknown_fields=True):
    """An alert."""

    alert: Alert
    devices: list[Id]
    """On which it is desired."""
    calendar: tuple[Id, Known] | None = None
    """The name of the calendar that it came of, and by what it is known again there."""


class AccountCopy(msgspec.Struct, forbid_unknown_fields=True):
    """An account with its devices and alerts."""

    form: Literal["bellwire account 1"]
    account_id: Id
    name: str
    timezone: str
    country: str | None
    locked: bool
    """Nothing new is authorized there either."""
    tokens: list[TokenCopy]
    devices: list[DeviceCopy]
    alerts: list[AlertCopy]
    language: str | None = None
    """Of its labels; None: that of its country or time zone. Not in documents of before there was one."""
    conduct: OwnConduct = OwnConduct()


def copy_of(account_id: str, now: datetime) -> Transaction[AccountCopy]:
    """The account as it is now. Raises NotFound; WishError for a guest's."""
    account = yield from find_account(account_id)
    if account.guest:
        raise WishError("this is a guest's account: nobody has its token, and its device is another guest elsewhere")
    until = now + _LASTING
    tokens = [TokenCopy(*token) for token in (yield from account_tokens_until(account_id, until))]
    devices = []
    desired: dict[str, list[str]] = {}
    for device in (yield from list_devices(account_id)):
        device_id = device.device_id
        shown = [TokenCopy(*token) for token in (yield from device_tokens_until(account_id, device_id, until))]
        devices.append(DeviceCopy(device_id, device.name, device.profile, device.model, shown))
        for standing in (yield from load_standings(account_id, device_id)):
            if standing.desired is not None:
                desired.setdefault(standing.token, []).append(device_id)
    alerts = yield from list_alerts(account_id, None, _ANY_NUMBER)
    calendars = yield from list_all_known(account_id)
    copies = [AlertCopy(alert, desired.get(alert.token, []), calendars.get(alert.token)) for alert in alerts]
    return AccountCopy(
        form=FORM,
        account_id=account_id,
        name=account.name,
        timezone=account.timezone,
        country=account.country,
        locked=account.locked,
        tokens=tokens,
        devices=devices,
        alerts=copies,
        language=account.language,
        conduct=(yield from load_conduct(account_id)),
    )


def check(copy: AccountCopy, limits: Limits) -> None:
    """Look whether this can be an account here. Raises ValueError with a sentence."""
    name_of(copy.name, limits.name)
    zone_named(copy.timezone)
    if copy.country is not None:
        country_of(copy.country)
    if copy.language is not None:
        language_named(copy.language)
    if len(copy.devices) > limits.devices or len(copy.alerts) > limits.alerts:
        raise WishError(f"an account has {limits.devices} devices and {limits.alerts} alerts at most; this has more")
    _check_conduct(copy.conduct)
    for device in copy.devices:
        name_of(device.name, limits.name)
        profile_named(device.profile)
    known = {device.device_id for device in copy.devices}
    for each in copy.alerts:
        one_line("label", each.alert.label, limits.label)
        _check_schedule(each.alert)
        _check_conduct(each.alert.conduct)
        _check_actions(each.alert)
        sounds_of(each.alert.assets, limits.assets)
        if None in {each.alert.scheduled_time.tzinfo, (each.alert.snoozed_from or each.alert.scheduled_time).tzinfo}:
            raise WishError(f"the time of alert {each.alert.token} has no time zone")
        if each.alert.snoozes < 0 or (each.alert.remaining or timedelta()) < timedelta():
            raise WishError(f"alert {each.alert.token} was snoozed, or has left, less than nothing")
        if not known.issuperset((*each.devices, *(each.alert.paused_on or ()))):
            raise WishError(f"alert {each.alert.token} is for a device that the document does not have")


def _check_conduct(conduct: OwnConduct) -> None:
    if conduct.snooze is not None:
        snooze_length(length_text(conduct.snooze))
    if not 0 <= (conduct.most_snoozes or 0) <= MOST_SNOOZES:
        raise WishError(f"an occurrence may be snoozed {MOST_SNOOZES} times at most, not {conduct.most_snoozes} times")


def _check_actions(alert: Alert) -> None:
    try:
        actions = msgspec.convert(msgspec.to_builtins(actions_of(alert.actions)), Actions)
    except msgspec.MsgspecError as error:
        raise WishError(f"an action of alert {alert.token} cannot be one: {error}") from None
    reserved_by(actions, alert.kind)


def _check_schedule(alert: Alert) -> None:
    schedule = alert.schedule
    zone_named(schedule.zone)
    excepting(schedule, schedule.except_days, schedule.except_times)
    if any(wall.tzinfo for wall in (schedule.start, schedule.until or schedule.start, *schedule.except_times)):
        raise WishError(f"the schedule of alert {alert.token} has a time with a zone, where it has a zone itself")
    if schedule.rule is not None:
        rule = read_rule(schedule.rule)
        if (rule.text, rule.times, rule.until) != (schedule.rule, None, None):
            raise WishError(f"alert {alert.token} comes again by a rule that is not written as it is kept here")
    if schedule.country is not None and not has_calendar(schedule.country):
        raise WishError(f"alert {alert.token} rings on workdays of a country whose holidays are not known here")


def add_copy(copy: AccountCopy, speech: dict[str, str | None], now: datetime) -> Transaction[None]:
    """Make the account of a document that was looked at (`check`); `speech`: this cloud's sounds, by alerts' tokens.

    Raises AlreadyExists when there is an account or a device of that name or id.
    """
    yield from add_account(copy.account_id, copy.name, copy.timezone, now)
    if copy.country is not None:
        yield from set_country(copy.account_id, copy.country)
    if copy.locked:
        yield from lock_account(copy.name, now)
    if copy.language is not None:
        yield from set_language(copy.account_id, language_named(copy.language))
    yield from save_conduct(copy.account_id, copy.conduct)
    for token in copy.tokens:
        yield from add_account_token(copy.account_id, token.sha256, token.expires, now)
    for device in copy.devices:
        row = Device(device.device_id, device.name, device.profile, device.model)
        yield from add_device(copy.account_id, row, None, now)
        for token in device.tokens:
            yield from add_device_token(copy.account_id, device.device_id, token.sha256, token.expires, now)
    for each in copy.alerts:
        alert = replace(each.alert, speech=speech.get(each.alert.token))
        yield from insert_alert(copy.account_id, alert, now)
        yield from add_standings(copy.account_id, alert, each.devices, now)
        if each.calendar is not None:
            name, known = each.calendar
            yield from keep_known(copy.account_id, name, [replace(known, token=alert.token)])
