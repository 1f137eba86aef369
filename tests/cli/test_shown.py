"""What a face has to show follows from what the speaker says: its lines go in as they are."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bellwire.alerts.alert import Kind, Occurrence
from bellwire.cli.code_face import CodeFace
from bellwire.cli.face import Face
from bellwire.cli.parting import Parted
from bellwire.cli.shown import KEPT, Message, Notice, Shown
from bellwire.device.do_not_disturb import DoNotDisturb
from bellwire.device.grant import DeviceCode

CLOUD = "https://cloud:8443"
TEA = Occurrence("tea", Kind.REMINDER, datetime(2030, 6, 1, 7, 0, tzinfo=UTC), "Tea")
UP = Occurrence("up", Kind.ALARM, datetime(2030, 6, 1, 6, 0, tzinfo=UTC))
CODE = DeviceCode("secret", "BCDF-GHJK", "https://cloud:8443/pair", 900)


class Said:
    """A speaker's lines, taken as they come."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.shown = Shown(CLOUD)
        self.face = Face(CLOUD, as_json=True, shows_messages=True)
        self.code_face = CodeFace(CLOUD, as_json=True)

    def heard(self) -> Shown:
        for line in self._capsys.readouterr().out.splitlines():
            self.shown.take(json.loads(line))
        return self.shown

    @property
    def notices(self) -> list[tuple[str, bool]]:
        return [(said.text, said.is_wrong) for said in self.shown.log if isinstance(said, Notice)]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    return Said(capsys)


def test_alerts_are_set_ring_are_stopped_and_removed(said: Said) -> None:
    said.face.alert_set(TEA)
    said.face.alert_set(UP)
    assert [alert.token for alert in said.heard().in_turn] == ["up", "tea"]
    said.face.alert_ringing(UP, timedelta(milliseconds=3))
    rings = said.heard().what_rings
    assert rings is not None
    assert (rings.token, rings.kind, rings.label, rings.time) == ("up", "ALARM", "", UP.scheduled_time)
    assert said.shown.rings_since is not None
    said.face.alert_stopped(TEA)
    assert said.heard().what_rings is rings
    said.face.alert_stopped(UP)
    assert said.heard().what_rings is None
    assert [(alert.token, alert.is_over) for alert in said.shown.in_turn] == [("up", True), ("tea", True)]
    said.face.alert_set(TEA)
    said.face.alert_removed(UP)
    said.face.alert_removed(UP)
    assert [(alert.token, alert.is_over) for alert in said.heard().in_turn] == [("tea", False)]
    assert said.notices == [
        ("ALARM rings, 3 ms late", False),
        ('REMINDER "Tea" was missed', True),
        ("ALARM stopped", False),
    ]


def test_what_is_snoozed_rings_again_and_can_be_stopped(said: Said) -> None:
    until = UP.scheduled_time + timedelta(minutes=10)
    said.face.alert_set(UP)
    said.face.alert_ringing(UP, timedelta())
    said.face.alert_snoozed(UP, until)
    [alert] = said.heard().in_turn
    assert (alert.time, alert.is_snoozed, said.shown.what_rings) == (until, True, None)
    said.face.alert_stopped(UP)
    [alert] = said.heard().in_turn
    assert (alert.is_snoozed, alert.is_over) == (False, True)
    at = f"{until.astimezone():%H:%M:%S}"
    assert said.notices[1:] == [(f"ALARM snoozed until {at}", False), ("ALARM stopped", False)]


def test_the_connection(said: Said) -> None:
    assert (said.shown.is_connected, said.shown.reason) == (False, "")
    said.face.connected()
    assert said.heard().is_connected
    said.face.disconnected("it went away")
    assert (said.heard().is_connected, said.shown.reason) == (False, "it went away")
    said.face.moved("https://elsewhere")
    assert (said.heard().cloud, said.shown.reason) == ("https://elsewhere", "")
    said.face.connected()
    assert said.heard().is_connected
    assert said.notices == [
        ("no connection: it went away", True),
        ("goes to another cloud: https://elsewhere", False),
    ]


def test_what_is_out_of_the_ordinary(said: Said) -> None:
    def state() -> tuple[int | bool, ...]:
        shown = said.heard()
        in_doubt, undisturbed = shown.is_time_doubted, shown.is_undisturbed
        return shown.volume, shown.is_muted, shown.is_plugged, shown.is_talking, in_doubt, undisturbed

    assert state() == (100, False, True, False, False, False)
    said.face.volume_changed(40)
    said.face.muted(True)
    said.face.plugged(False)
    said.face.talks()
    said.face.time_doubted()
    said.face.do_not_disturb_changed(DoNotDisturb(is_on=True))
    assert state() == (40, True, False, True, True, True)
    said.face.muted(False)
    said.face.plugged(True)
    said.face.is_silent()
    said.face.time_believed()
    said.face.do_not_disturb_changed(DoNotDisturb())
    assert state() == (40, False, True, False, False, False)


def test_messages_and_what_is_wrong(said: Said) -> None:
    said.face.message_sent('{"event":{"header":{"namespace":"Alerts","name":"AlertStarted"},"payload":{"token":"t"}}}')
    said.face.can_not_delete()
    said.heard().take({"at": "2030-06-01T07:00:00Z", "event": "log", "text": "asset not fetched: too slow"})
    message = said.shown.log[0]
    assert isinstance(message, Message)
    assert message[1:] == ("event", "Alerts.AlertStarted", "token=t")
    assert said.notices == [
        ("alerts are deleted in the account, not on this speaker", True),
        ("asset not fetched: too slow", True),
    ]
    for _ in range(KEPT):
        said.face.can_not_delete()
    assert len(said.heard().log) == KEPT


def test_what_a_newer_speaker_says_changes_nothing(said: Said) -> None:
    said.face.connected()
    before = said.heard().log.copy()
    said.shown.take({"at": "2030-06-01T07:00:00Z", "event": "dances"})
    assert (said.shown.is_connected, said.shown.log) == (True, before)


def test_pairing(said: Said) -> None:
    said.code_face.waits("it is away")
    assert (said.heard().is_pairing, said.shown.reason, said.shown.code) == (True, "it is away", None)
    said.code_face.code(CODE)
    shown = said.heard()
    assert shown.code is not None
    assert shown.code_until is not None
    assert (shown.code.user_code, shown.code.verification_uri) == (CODE.user_code, CODE.verification_uri)
    assert shown.code_until - datetime.now(UTC) > timedelta(seconds=800)
    said.code_face.paired("d")
    assert said.heard().is_pairing is False
    assert said.shown.code is None
    assert said.notices == [(f"paired with {CLOUD}", False)]


LEFT = "the cloud still lists it"


@pytest.mark.parametrize("by_the_cloud", [True, False])
def test_nothing_of_an_account_is_shown_after_its_end(said: Said, by_the_cloud: bool) -> None:
    def end() -> dict[str, Any]:
        if by_the_cloud:
            said.face.logged_out()
        else:
            said.code_face.parted(Parted(cloud_told=False, left_to_do=LEFT))
        return {}

    said.face.connected()
    said.face.alert_set(TEA)
    said.face.alert_ringing(TEA, timedelta())
    said.face.muted(True)
    said.face.plugged(False)
    said.face.message_sent("private")
    end()
    shown = said.heard()
    assert (shown.is_pairing, shown.is_connected, shown.alerts, shown.what_rings) == (True, False, {}, None)
    assert (shown.is_muted, shown.is_plugged) == (False, True)
    logged_out = ("logged out: nothing of the account is on this speaker any more", False)
    assert said.notices == [logged_out] if by_the_cloud else [logged_out, (LEFT, True)]
    assert not [line for line in shown.log if isinstance(line, Message)]
