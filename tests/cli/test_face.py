import json
from datetime import UTC, datetime, timedelta

import pytest

from bellwire.alerts.alert import Kind, Occurrence
from bellwire.cli.face import Face
from bellwire.cli.failure import tell
from bellwire.cli.output import hint
from bellwire.device.do_not_disturb import DoNotDisturb

TEA = Occurrence("t1", Kind.REMINDER, datetime(2026, 11, 21, 7, 0, tzinfo=UTC), "Tea")
UP = Occurrence("t2", Kind.ALARM, datetime(2026, 11, 21, 6, 0, tzinfo=UTC))


def live(face: Face) -> None:
    face.connected()
    face.alert_set(TEA)
    face.alert_ringing(TEA, timedelta(milliseconds=12.34))
    face.disconnected("it was unplugged")
    face.disconnected("it was unplugged")
    face.alert_snoozed(TEA, TEA.scheduled_time + timedelta(minutes=10))
    face.alert_stopped(TEA)
    face.alert_removed(TEA)


def test_lines_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    live(Face("https://cloud:8443", as_json=False))
    shown = [line.partition(" ")[2] for line in capsys.readouterr().out.splitlines()]
    assert shown == [
        "connected to https://cloud:8443",
        f'REMINDER "Tea" set for {TEA.scheduled_time.astimezone():%Y-%m-%d %H:%M:%S}',
        'REMINDER "Tea" rings, 12.3 ms late',
        "no connection to https://cloud:8443: it was unplugged; what is set rings all the same",
        f'REMINDER "Tea" snoozed until {(TEA.scheduled_time + timedelta(minutes=10)).astimezone():%H:%M:%S}',
        'REMINDER "Tea" stopped',
        'REMINDER "Tea" removed',
    ]


def test_json_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    live(Face("https://cloud:8443", as_json=True))
    shown = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["event"] for each in shown] == [
        "connected",
        "set",
        "ringing",
        "disconnected",
        "snoozed",
        "stopped",
        "removed",
    ]
    tea = {"token": "t1", "kind": "REMINDER", "label": "Tea", "scheduled_time": "2026-11-21T07:00:00+00:00"}
    assert shown[2] == {"at": shown[2]["at"], "event": "ringing", **tea, "late_ms": 12.3}
    assert shown[3]["reason"] == "it was unplugged"


def test_which_cloud_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    face = Face("https://home:8443", as_json=False, keeps_offline=False)
    face.disconnected("it was unplugged")
    face.moved("https://seoul:8443")
    face.disconnected("it was unplugged")
    face.connected()
    assert [line.partition(" ")[2] for line in capsys.readouterr().out.splitlines()] == [
        "no connection to https://home:8443: it was unplugged",
        "goes to another cloud: https://seoul:8443",
        "no connection to https://seoul:8443: it was unplugged",
        "connected to https://seoul:8443",
    ]


def test_a_label_commands_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Face("https://cloud:8443", as_json=False).alert_set(Occurrence("t", Kind.ALARM, TEA.scheduled_time, "\x1b[2J\n"))
    assert capsys.readouterr().out.removesuffix("\n").isprintable()


def test_a_reason_commands_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    reason = "401: no (the cloud says: \x1b[2J\x1b]0;owned\x07)"
    Face("https://cloud:8443", as_json=False).disconnected(reason)
    tell(f"the cloud refuses to pair this speaker ({reason})")
    hint(f"the cloud could not be told ({reason})")
    said, told = capsys.readouterr()
    for line in (*said.splitlines(), *told.splitlines()):
        assert "owned" in line
        assert line.isprintable()


def test_the_volume_and_what_can_not_be_deleted_here(capsys: pytest.CaptureFixture[str]) -> None:
    for as_json in (False, True):
        face = Face("https://cloud:8443", as_json=as_json)
        face.volume_changed(60)
        face.can_not_delete()
    volume, refusal, *as_json_lines = capsys.readouterr().out.splitlines()
    assert volume.endswith(" alerts ring at 60 %")
    assert refusal.endswith(" alerts are deleted in the account, not on this speaker; s stops what rings")
    events = [json.loads(line) for line in as_json_lines]
    assert [(each["event"], each.get("volume")) for each in events] == [("volume", 60), ("not_deleted", None)]


def test_what_was_muted_unplugged_and_switched(capsys: pytest.CaptureFixture[str]) -> None:
    for as_json in (False, True):
        face = Face("https://cloud:8443", as_json=as_json)
        face.muted(True)
        face.muted(False)
        face.plugged(False)
        face.plugged(True)
        face.do_not_disturb_changed(DoNotDisturb(is_on=True))
        face.do_not_disturb_changed(DoNotDisturb())
        face.time_doubted()
        face.time_believed()
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(" ")[2] for line in lines[:8]] == [
        "what rings is muted",
        "what rings is heard again, or over",
        "the network is unplugged; u plugs it in again",
        "the network is plugged in again",
        "do not disturb: heard all the same: ALARM, TIMER",
        "everything is heard again",
        "the clock may be wrong: nothing rings by it until it is believed, a minute at most",
        "the clock is believed: alerts ring by it",
    ]
    told = [json.loads(line) for line in lines[8:]]
    assert [each["event"] for each in told[:4]] == ["muted", "unmuted", "unplugged", "plugged"]
    assert [(each["event"], each.get("is_on")) for each in told[4:]] == [
        ("do_not_disturb", True),
        ("do_not_disturb", False),
        ("time_doubted", None),
        ("time_believed", None),
    ]


def test_messages_are_shown_in_short_to_who_wants_them(capsys: pytest.CaptureFixture[str]) -> None:
    said = '{"event":{"header":{"namespace":"Alerts","name":"AlertStarted"},"payload":{"token":"t1","type":"ALARM"}}}'
    for shows_messages in (False, True):
        face = Face("https://cloud:8443", as_json=True, shows_messages=shows_messages)
        face.message_sent(said)
        face.message_received("no JSON \x1b[2J")
    sent, received = map(json.loads, capsys.readouterr().out.splitlines())
    assert sent == {
        "at": sent["at"],
        "event": "message",
        "direction": "event",
        "name": "Alerts.AlertStarted",
        "payload": "token=t1 type=ALARM",
    }
    assert (received["direction"], received["name"]) == ("directive", "(not a message)")
    assert received["payload"].isprintable()
