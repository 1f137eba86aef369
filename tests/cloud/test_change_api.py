"""What happens in an account, over the wire: live, and again from where a listener was."""

import json
from pathlib import Path
from typing import Any

import pytest

from bellwire.cli.event_stream import Event, events_in
from bellwire.protocol.messages.alerts import (
    AlertStarted,
    AlertStopped,
    RequestSynchronizeAlert,
    SetAlert,
    SetAlertSucceeded,
)
from bellwire.protocol.messages.context import AlertsState, AlertState
from tests.cloud.h2_client import Connection, Stream
from tests.cloud.running import LIMITS, Account, Cloud, Speaker, running


class Listens:
    """A listener at the wire."""

    def __init__(
        self,
        home: Account,
        last: str | None = None,
        *,
        token: str | None = None,
        window: int | None = None,
        seconds: int | None = None,
    ) -> None:
        self.connection: Connection = home.cloud.connects(window=window)
        headers = {"authorization": f"Bearer {token or home.token}"}
        if last is not None:
            headers["last-event-id"] = last
        path = "/api/v1/changes" + ("" if seconds is None else f"?seconds={seconds}")
        self.stream: Stream = self.connection.begins("GET", path, headers, end=True)
        self.connection.until(lambda: self.stream.is_over or bool(self.stream.frames), "the beginning")

    @property
    def all(self) -> list[Event]:
        """What has come, as far as it is whole."""
        text = self.stream.body.decode()
        return list(events_in(text[: text.rfind("\n\n") + 1].split("\n"))) if "\n\n" in text else []

    @property
    def told(self) -> list[str]:
        return [event.kind for event in self.all if event.kind]

    def hears(self, kind: str, count: int = 1) -> dict[str, Any]:
        """Wait until so many of a kind have come; what the last one says."""
        self.connection.until(lambda: self.stream.is_over or self.told.count(kind) >= count, kind)
        assert self.told.count(kind) >= count, self.stream.body
        said: dict[str, Any] = json.loads([event for event in self.all if event.kind == kind][-1].data)
        return said

    @property
    def last(self) -> str:
        """The id of the last event."""
        number = self.all[-1].id
        assert number is not None
        return number


@pytest.fixture
def home(cloud: Cloud) -> Account:
    return cloud.account()


def test_what_happens_to_alerts_devices_and_rings_is_told_as_it_happens(home: Account) -> None:
    listener = Listens(home)
    speaker = home.speaker().opens().says(RequestSynchronizeAlert())
    device = speaker.device_id
    connected = listener.hears("device.connected")
    token = home.adds(at="07:00", every="daily", label="tea")
    added = listener.hears("alert.added")
    (told,) = speaker.hears(SetAlert)
    ring(speaker, told)
    started = listener.hears("ring.started")
    speaker.says(AlertStopped(token=token, type="ALARM"), state(told))
    listener.hears("ring.stopped")
    moved = listener.hears("alert.moved")
    home.asks("PATCH", f"/alerts/{token}", {"label": "coffee"})
    changed = listener.hears("alert.changed")
    home.asks("PATCH", f"/devices/{device}", {"name": "bath"})
    renamed = listener.hears("device.changed")
    speaker.connection.close()
    listener.hears("device.disconnected")
    home.asks("DELETE", f"/alerts/{token}")
    home.asks("DELETE", f"/devices/{device}")
    removed = listener.hears("device.removed")

    assert listener.told == [
        "device.added", "device.connected", "alert.added", "ring.started", "ring.stopped", "alert.moved",
        "alert.changed", "device.changed", "device.disconnected", "alert.deleted", "device.removed",
    ]  # fmt: skip
    assert connected["device"] == {"device_id": device, "name": "kitchen", "profile": "cic-ko-2022"}
    assert (added["token"], added["alert"]["label"], added["alert"]["every"]) == (token, "tea", "daily")
    assert (started["token"], started["device_id"], started["alert"]["label"]) == (token, device, "tea")
    assert started["scheduled_time"] == added["scheduled_time"] != moved["scheduled_time"]
    assert (changed["alert"]["label"], renamed["device"]["name"]) == ("coffee", "bath")
    assert removed.keys() == {"at", "device_id"}


def state(told: SetAlert, *, ringing: bool = False) -> AlertsState:
    shown = AlertState(token=told.token, type="ALARM", scheduled_time=told.scheduled_time)
    return AlertsState(all_alerts=(shown,), active_alerts=(shown,) if ringing else ())


def ring(speaker: Speaker, told: SetAlert) -> None:
    speaker.says(SetAlertSucceeded(token=told.token, type="ALARM"), state(told))
    speaker.says(AlertStarted(token=told.token, type="ALARM"), state(told, ringing=True))


def test_who_listens_for_no_time_is_told_what_it_missed(home: Account) -> None:
    begin = Listens(home, seconds=0)
    begin.connection.until(lambda: begin.stream.is_over, "the end")
    home.adds(at="07:00", label="one")
    home.adds(at="07:00", label="two")
    # A cloud that another one listens to looks at what is new 20 times a second, and may not have seen it yet.
    told: list[str] = []
    last = begin.last
    for _ in range(100):
        later = Listens(home, last, seconds=0)
        later.connection.until(lambda: later.stream.is_over, "the end")  # noqa: B023 - of this round
        told += later.told
        last = later.last
        if len(told) == 2:
            break
    assert (begin.told, told) == ([], ["alert.added", "alert.added"])
    assert Listens(home, last, seconds=0).told == []


def test_who_listens_for_some_time_hears_what_happens_then(home: Account) -> None:
    listener = Listens(home, seconds=3)
    home.adds(at="07:00")
    listener.connection.until(lambda: listener.stream.is_over, "the end")
    assert listener.told == ["alert.added"]


@pytest.mark.parametrize("seconds", ["", "-1", "soon", "null", "1e9", "86401", "1.5"])
def test_how_long_one_listens_has_a_form(home: Account, seconds: str) -> None:
    assert home.asks("GET", f"/changes?seconds={seconds}")[0] == 422


def test_a_listener_that_comes_again_is_told_what_it_missed_and_nothing_twice(home: Account) -> None:
    first = Listens(home)
    home.adds(at="07:00", label="one")
    first.hears("alert.added")
    last = first.last
    first.connection.close()
    home.adds(at="07:00", label="two")
    home.cloud.account().adds(at="07:00")
    home.adds(at="07:00", label="three")

    again = Listens(home, last)
    again.hears("alert.added", 2)
    home.adds(at="07:00", label="four")
    again.hears("alert.added", 3)

    events = [event for event in again.all if event.kind]
    assert [json.loads(event.data)["alert"]["label"] for event in events] == ["two", "three", "four"]
    numbers = [int(event.id or 0) for event in events]
    assert numbers == sorted(set(numbers))
    assert int(last) < numbers[0]


def test_one_that_has_heard_nothing_yet_knows_where_it_is(home: Account) -> None:
    listener = Listens(home)
    last = listener.last
    home.adds(at="07:00")

    assert listener.told in ([], ["alert.added"])
    assert Listens(home, last).hears("alert.added")["alert"]["kind"] == "ALARM"


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "9" * 18, "9" * 40, "٣", ""])
def test_one_that_was_nowhere_is_told_to_read_all_anew(home: Account, last: str) -> None:
    home.adds(at="07:00", label="before")
    listener = Listens(home, last)

    assert "read alerts and devices anew" in listener.hears("resync")["reason"]
    home.adds(at="07:00", label="after")
    assert listener.hears("alert.added")["alert"]["label"] == "after"
    assert listener.told == ["resync", "alert.added"]


def test_only_what_is_ones_own_is_told(home: Account) -> None:
    stranger = home.cloud.account()
    listener = Listens(home)

    stranger.adds(at="07:00")
    stranger.speaker().opens()
    home.adds(at="07:00", label="mine")

    assert listener.hears("alert.added")["alert"]["label"] == "mine"
    assert listener.told == ["alert.added"]
    assert Listens(home, "0").told[-1:] != ["device.connected"]


def test_what_another_process_writes_is_told(home: Account) -> None:
    listener = Listens(home)

    home.device("beside")  # written into the file

    assert listener.hears("device.added")["device"]["name"] == "beside"


def test_a_device_that_connects_anew_was_never_away(home: Account) -> None:
    speaker = home.speaker().opens()
    listener = Listens(home)

    speaker.takes_over()
    again = Speaker(home.cloud, speaker.device_id, speaker.token)
    while again.downchannel.status != 200:
        again.takes_over()
    again.connection.close()
    listener.hears("device.disconnected")

    assert listener.told == ["device.disconnected"]


def test_no_more_listen_than_may(home: Account) -> None:
    listeners = [Listens(home) for _ in range(LIMITS.listeners)]

    refused = Listens(home)

    assert (refused.stream.status, refused.stream.headers["content-type"]) == (429, "application/problem+json")
    detail = json.loads(refused.stream.body)["detail"]
    assert f"{LIMITS.listeners} listen to this account already" in detail
    assert "bellwire cloud --limit listeners=" in detail
    assert Listens(home.cloud.account()).stream.status == 200
    listeners[0].connection.resets(listeners[0].stream)
    listeners[0].connection.pings()
    while Listens(home).stream.status != 200:
        pass


def test_while_nothing_happens_it_is_said_that_it_goes_on(home: Account) -> None:
    listener = Listens(home)

    listener.connection.until(lambda: listener.stream.body.count(b": alive\n\n") > 1, "signs of life")

    assert listener.told == []


def test_a_listener_that_takes_nothing_is_cut_off(home: Account) -> None:
    slow = Listens(home, window=50)
    token = home.adds(at="07:00")

    def changes() -> bool:
        home.asks("PATCH", f"/alerts/{token}", {"label": "x" * 1000})
        return bool(slow.connection.lost) or slow.stream.is_over

    while not changes():
        slow.connection.takes_what_comes(within=0.01)
    assert "listener cut" in home.cloud.log


def test_at_the_end_of_the_cloud_a_stream_ends_cleanly(tmp_path: Path) -> None:
    with running(tmp_path) as cloud:
        home = cloud.account()
        listener = Listens(home)
        home.adds(at="07:00")
        listener.hears("alert.added")
        assert cloud.stops() == 0
        listener.connection.until(lambda: listener.stream.is_over, "the end")
        assert listener.stream.ended


def test_without_a_token_there_is_nothing_to_hear(home: Account) -> None:
    listener = Listens(home, token="wrong")

    assert listener.stream.status == 401
