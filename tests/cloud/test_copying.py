"""An account is taken to another cloud: what goes with it, and what is looked at on arrival."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from bellwire.alerts.alert import Alert, Kind, OwnConduct, Reserved, Schedule
from bellwire.alerts.standing import Desired
from bellwire.cloud import accounts
from bellwire.cloud.calendars.entries import Key, Known, Said
from bellwire.cloud.config import Limits
from bellwire.cloud.copying import AccountCopy, add_copy, check, copy_of
from bellwire.cloud.store.accounts import (
    account_by_token,
    add_account,
    add_account_token,
    find_account,
    lock_account,
    set_country,
    set_language,
)
from bellwire.cloud.store.calendars import keep_known, list_known
from bellwire.cloud.store.conducts import load_conduct, save_conduct
from bellwire.cloud.store.connection import Connection
from bellwire.cloud.store.devices import Device, add_device, add_device_token, device_by_token
from bellwire.cloud.store.errors import AlreadyExists
from bellwire.cloud.store.instants import from_ms
from bellwire.cloud.store.opening import MEMORY, open_now
from bellwire.cloud.store.standings import load_standings
from bellwire.cloud.wishes import WishError

NOW = from_ms(1_795_000_000_000)
OWNER, KITCHEN, SOON, LATER = (bytes([number]) * 32 for number in range(4))
LIMITS = Limits()


@pytest.fixture
def here() -> Iterator[Connection]:
    with open_now(MEMORY) as store:
        store.run(add_account, "a1", "home", "Asia/Seoul", NOW)
        store.run(set_country, "a1", "KR")
        store.run(set_language, "a1", "ja")
        store.run(add_account_token, "a1", OWNER, None, NOW)
        store.run(add_account_token, "a1", SOON, NOW + timedelta(minutes=1), NOW)
        store.run(add_device, "a1", Device("d1", "kitchen", "tvs-2020", "Bell 1"), KITCHEN, NOW)
        store.run(add_device, "a1", Device("d2", "hall", "cic-ko-2022"), None, NOW)
        store.run(add_device_token, "a1", "d2", LATER, NOW + timedelta(days=2), NOW)
        store.run(accounts.add_alert, "a1", alert("everywhere", everywhere=True), None, 10, NOW)
        store.run(accounts.add_alert, "a1", alert("hall", everywhere=False), ["d2"], 10, NOW)
        yield store


@pytest.fixture
def there() -> Iterator[Connection]:
    with open_now(MEMORY) as store:
        yield store


def alert(token: str, *, everywhere: bool) -> Alert:
    time = NOW + timedelta(hours=1)
    schedule = Schedule(time.replace(tzinfo=None), "UTC", "FREQ=DAILY")
    return Alert(token, Kind.REMINDER, "Tea", schedule, time, 3, everywhere, "sound of here")


def test_an_alert_of_a_calendar_is_one_there_too(here: Connection, there: Connection) -> None:
    known = Known(Key("tea@home", "", 1), "hall", Said("Tea", alert("hall", everywhere=False).schedule))
    here.run(keep_known, "a1", "work", [known])
    there.run(add_copy, document(here), {}, NOW)
    assert there.read(list_known, "a1", "work") == {known.key: known}


def document(store: Connection) -> AccountCopy:
    """As it comes through a file."""
    return msgspec.json.decode(msgspec.json.encode(store.read(copy_of, "a1", NOW)), type=AccountCopy)


def test_the_other_cloud_knows_the_account_its_devices_and_their_alerts_by_the_same_ids(
    here: Connection, there: Connection
) -> None:
    copy = document(here)
    check(copy, LIMITS)
    there.run(add_copy, copy, {"hall": "sound of there"}, NOW)

    account = there.read(find_account, "a1")
    assert account == ("a1", "home", "Asia/Seoul", False, False, "KR", "ja")
    assert there.read(account_by_token, OWNER) == here.read(account_by_token, OWNER)
    for token in (KITCHEN, LATER):
        assert there.read(device_by_token, token) == here.read(device_by_token, token) is not None
    desired = Desired(NOW + timedelta(hours=1), 3)
    assert {(each.token, each.desired) for each in there.read(load_standings, "a1", "d1")} == {("everywhere", desired)}
    assert {each.token for each in there.read(load_standings, "a1", "d2")} == {"everywhere", "hall"}
    shown = {each.alert.token: each.alert for each in there.read(accounts.show_alerts, "a1", None, 9)}
    assert {token: each.speech for token, each in shown.items()} == {"everywhere": None, "hall": "sound of there"}
    assert shown["hall"].schedule == alert("hall", everywhere=False).schedule


def test_how_alerts_are_snoozed_and_what_they_do_goes_along(here: Connection, there: Connection) -> None:
    here.run(save_conduct, "a1", OwnConduct(snooze=timedelta(minutes=5), stop_everywhere=False))
    rain = replace(
        alert("rain", everywhere=True),
        kind=Kind.ACTIONTIMER,
        speech=None,
        conduct=OwnConduct(most_snoozes=0),
        snoozed_from=NOW,
        snoozes=2,
        actions=(Reserved("AudioPlayer", "Play", '{"url":"https://home/rain.mp3"}'),),
        assets=("https://home/rain.mp3",),
    )
    here.run(accounts.add_alert, "a1", rain, None, 10, NOW)
    check(document(here), LIMITS)
    there.run(add_copy, document(here), {}, NOW)
    assert there.read(load_conduct, "a1") == here.read(load_conduct, "a1")
    assert there.read(accounts.show_alert, "a1", "rain").alert == rain


def test_a_locked_account_is_locked_there_too(here: Connection, there: Connection) -> None:
    here.run(lock_account, "home", NOW)
    there.run(add_copy, document(here), {}, NOW)
    assert there.read(find_account, "a1").locked


def test_a_guest_cannot_be_taken_along(here: Connection) -> None:
    here.run(add_account, "g1", "guest g1", "UTC", NOW, guest=True)
    with pytest.raises(WishError, match="guest"):
        here.read(copy_of, "g1", NOW)


def test_what_does_not_last_does_not_go_along(here: Connection, there: Connection) -> None:
    there.run(add_copy, document(here), {}, NOW)
    assert there.read(account_by_token, SOON) is None


def test_an_account_that_is_there_already_is_left_alone(here: Connection, there: Connection) -> None:
    there.run(add_account, "a2", "home", "UTC", NOW)
    with pytest.raises(AlreadyExists):
        there.run(add_copy, document(here), {}, NOW)
    assert there.read(device_by_token, KITCHEN) is None


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        (("name",), " ", "the name is empty"),
        (("timezone",), "Mars/Base", "not a time zone"),
        (("country",), "XX", "not a country"),
        (("devices", 0, "name"), "\x1b", "U[+]001B"),
        (("devices", 0, "profile"), "morse", "no profile 'morse'"),
        (("alerts", 0, "devices"), ["d3"], "a device that the document does not have"),
        (("alerts", 0, "alert", "label"), "\0", "U[+]0000"),
        (("alerts", 0, "alert", "schedule", "zone"), "Mars/Base", "not a time zone"),
        (("alerts", 0, "alert", "schedule", "rule"), "FREQ=SECONDLY", "too often for an alert"),
        (("alerts", 0, "alert", "schedule", "rule"), "FREQ=DAILY;COUNT=2", "not written as it is kept here"),
        (("alerts", 0, "alert", "schedule", "country"), "XX", "holidays are not known here"),
        (("alerts", 0, "alert", "paused_on"), ["d3"], "a device that the document does not have"),
        (("alerts", 0, "alert", "schedule", "until"), "2026-11-20T07:00:00Z", "a time with a zone"),
        (("alerts", 0, "alert", "scheduled_time"), "2026-11-20T07:00:00", "has no time zone"),
        (("alerts", 0, "alert", "snoozed_from"), "2026-11-20T07:00:00", "has no time zone"),
        (("alerts", 0, "alert", "snoozes"), -1, "less than nothing"),
        (("alerts", 0, "alert", "remaining"), "-PT1S", "less than nothing"),
        (("alerts", 0, "alert", "conduct"), {"snooze": "P2D"}, "'2d' cannot be the length of a snooze"),
        (("alerts", 0, "alert", "conduct"), {"most_snoozes": 101}, "100 times at most, not 101"),
        (("conduct", "most_snoozes"), -1, "100 times at most, not -1"),
        (("alerts", 0, "alert", "actions"), [{"namespace": "A", "name": "B", "payload": "{}"}], "only an ACTIONTIMER"),
        (("alerts", 0, "alert", "actions"), [{"namespace": "A.B", "name": "B", "payload": "{}"}], "cannot be one"),
        (("alerts", 0, "alert", "actions"), [{"namespace": "A", "name": "B", "payload": "[]"}], "cannot be one"),
        (("alerts", 0, "alert", "assets"), ["file:///etc/passwd"], "not the address of a sound"),
        (("alerts", 0, "alert", "assets"), ["https://home/rain.mp3"] * 33, "33 sounds; 32 are taken at most"),
        (("alerts", 0, "alert", "kind"), "GONG", "kind"),
        (("devices", 0, "tokens"), [{"sha256": "AAAA", "expires": None}], "32"),
        (("form",), "another", "form"),
        (("colour",), "red", "colour"),
    ],
)
def test_what_cannot_be_an_account_is_refused(
    here: Connection, place: tuple[str | int, ...], value: object, told: str
) -> None:
    content = msgspec.json.decode(msgspec.json.encode(document(here)))
    holder: Any = content
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = value

    with pytest.raises(ValueError, match=told):
        check(msgspec.json.decode(msgspec.json.encode(content), type=AccountCopy), LIMITS)


def test_an_account_that_is_larger_than_may_be_is_refused(here: Connection) -> None:
    with pytest.raises(ValueError, match="1 devices and 1000 alerts at most"):
        check(document(here), Limits(devices=1))
