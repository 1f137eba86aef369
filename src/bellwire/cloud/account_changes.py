"""What an account says of itself becomes different, and its alerts with it: where it is, and what it speaks.

It knows accounts and which of their alerts follow; it must not know HTTP (`account_routes`), nor what devices are told.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bellwire.alerts.alert import Alert
from bellwire.alerts.recurrence import next_occurrence
from bellwire.alerts.standing import Desired
from bellwire.cloud.languages import default_language
from bellwire.cloud.store.accounts import Account, find_account, set_country, set_language, set_timezone
from bellwire.cloud.store.alerts import list_tokens, load_alert, update_alert
from bellwire.cloud.store.desires import Place, desire_instead, renew
from bellwire.cloud.store.transaction import Transaction

NameOfLabel = Callable[[str, str, str], str]
"""Gives the name of a sound: of an account, a label and what the account speaks."""
_MOMENT = timedelta(milliseconds=1)
_EVER = datetime.max.replace(tzinfo=UTC)


def language_of_account(account: Account) -> str:
    """In which language an account's labels are spoken: as it was said, or that of its country or time zone."""
    return account.language or default_language(account.country, account.timezone)


@dataclass(frozen=True, slots=True)
class Change:
    """What of an account becomes different; a field that is not in `said` stays."""

    said: frozenset[str]
    """`country`, `language`, `timezone`."""
    country: str | None = None
    language: str | None = None
    timezone: str | None = None
    """Every account has one: None stays as it is, said or not."""


def change_account(
    account_id: str, change: Change, name_of_label: NameOfLabel, now: datetime
) -> Transaction[list[str]]:
    """Change an account, and all of its alerts with it, at once. Returns the ids of its devices. Raises NotFound."""
    stirred = yield from change_settings(account_id, change)
    tokens = yield from list_tokens(account_id)
    stirred += yield from follow_account(account_id, tokens, name_of_label, now)
    return list(dict.fromkeys(stirred))


def change_settings(account_id: str, change: Change) -> Transaction[list[str]]:
    """Change an account alone: its alerts then are to follow it. Returns the ids of its devices. Raises NotFound."""
    stirred: list[str] = []
    if "country" in change.said:
        stirred += yield from set_country(account_id, change.country)
    if "language" in change.said:
        yield from set_language(account_id, change.language)
    if "timezone" in change.said and change.timezone is not None:
        yield from set_timezone(account_id, change.timezone)
    return stirred


def follow_account(
    account_id: str, tokens: Sequence[str], name_of_label: NameOfLabel, now: datetime
) -> Transaction[list[str]]:
    """Have alerts be where their account is, and be spoken as it speaks; again: nothing changes.

    Gives devices' ids. Raises NotFound.
    """
    account = yield from find_account(account_id)
    speaks = language_of_account(account)
    stirred: set[str] = set()
    for token in tokens:
        alert = yield from load_alert(account_id, token)
        if alert is None:
            continue
        moved = _moved(alert, account.timezone, now)
        if moved is not None:
            alert, following = moved
            stirred |= yield from _move(account_id, alert, following, now)
        speech = alert.speech and name_of_label(account_id, alert.label, speaks)
        if speech != alert.speech:
            stirred |= yield from _renew(account_id, replace(alert, speech=speech, version=alert.version + 1), now)
    return sorted(stirred)


def _moved(alert: Alert, zone: str, now: datetime) -> tuple[Alert, datetime] | None:
    """An alert that floats, as it is in another zone, and when it is due there next; None: it stays where it is.

    What rings or is snoozed, and what would be past by the move, stays as it is: nothing is lost.
    """
    if not alert.schedule.floating or alert.schedule.zone == zone:
        return None
    schedule = replace(alert.schedule, zone=zone)
    following = next_occurrence(schedule, now)
    if following is None:
        return None
    is_to_come = alert.scheduled_time > now and alert.snoozed_from is None and alert.paused_on is None
    time = following if is_to_come else alert.scheduled_time
    return replace(alert, schedule=schedule, scheduled_time=time), following


def _move(account_id: str, moved: Alert, following: datetime, now: datetime) -> Transaction[set[str]]:
    yield from update_alert(account_id, moved, now)
    if moved.snoozed_from is not None:
        return set()
    to_come, desired = Place(now + _MOMENT, _EVER), Desired(following, moved.version)
    return set((yield from desire_instead(account_id, moved.token, to_come, desired)))


def _renew(account_id: str, alert: Alert, now: datetime) -> Transaction[set[str]]:
    yield from update_alert(account_id, alert, now)
    return set((yield from renew(account_id, alert.token, alert.version)))
