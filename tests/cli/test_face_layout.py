"""How a face is laid out, on a terminal of any size."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from bellwire.cli.face_layout import (
    alert_lines,
    clock_lines,
    code_lines,
    keys_lines,
    keys_of,
    log_lines,
    ring_lines,
    rooms,
    status_line,
)
from bellwire.cli.large_letters import large
from bellwire.cli.shown import Alert, Message, Notice, Shown
from bellwire.device.grant import DeviceCode

NOW = datetime(2030, 6, 1, 7, 0, 0, tzinfo=UTC).astimezone()


def plain(lines: list[Text]) -> list[str]:
    return [line.plain.rstrip() for line in lines]


def alert(token: str, ahead: timedelta, label: str = "", kind: str = "ALARM") -> Alert:
    return Alert(token, kind, label, NOW + ahead)


def showing(*alerts: Alert, ringing: str | None = None) -> Shown:
    shown = Shown("https://cloud:8443", is_connected=True, alerts={each.token: each for each in alerts})
    if ringing:
        shown.ringing, shown.rings_since = ringing, NOW - timedelta(seconds=12)
    return shown


@pytest.mark.parametrize(
    ("ahead", "countdown"),
    [
        (timedelta(seconds=0.2), "in 1 s"),
        (timedelta(seconds=59), "in 59 s"),
        (timedelta(seconds=60), "in 1 min 00 s"),
        (timedelta(minutes=61), "in 1 h 01 min"),
        (timedelta(days=2, hours=4), "in 2 d 4 h"),
        (timedelta(), "due"),
        (timedelta(seconds=-5), "due"),
    ],
)
def test_the_countdown(ahead: timedelta, countdown: str) -> None:
    _, line = plain(alert_lines(showing(alert("a", ahead, "Tea")), NOW, 80, 5, None))
    assert countdown in line
    assert line.endswith("ALARM       Tea")


def test_what_is_snoozed_rings_again() -> None:
    shown = showing(Alert("a", "ALARM", "Tea", NOW + timedelta(minutes=10), is_snoozed=True))
    assert " again in 10 min 00 s " in plain(alert_lines(shown, NOW, 80, 5, None))[1]


def test_when_it_rings() -> None:
    lines = plain(
        alert_lines(showing(*(alert(str(days), timedelta(days=days)) for days in (0, 1, 300))), NOW, 80, 5, "1")
    )
    tomorrow, later = NOW + timedelta(days=1), NOW + timedelta(days=300)
    assert lines[1].startswith(f"  {NOW:%H:%M:%S} ")
    assert lines[2].startswith(f"› {tomorrow:%a %d %b %H:%M} ")
    assert lines[3].startswith(f"  {later:%d %b %Y %H:%M} ")


@pytest.mark.parametrize(
    ("ahead", "brief"),
    [
        (timedelta(seconds=-1), "due"),
        (timedelta(seconds=42), "42 s"),
        (timedelta(minutes=9, seconds=50), "9 min"),
        (timedelta(hours=16, minutes=39), "16 h"),
        (timedelta(days=2, hours=4), "2 d"),
        (timedelta(days=90), "90 d"),
    ],
)
def test_a_narrow_terminal_has_room_for_what_it_is(ahead: timedelta, brief: str) -> None:
    _, labelled, other = plain(
        alert_lines(showing(alert("a", ahead, "Take your medicine"), alert("b", ahead)), NOW, 40, 5, "a")
    )
    time = NOW + ahead
    days = (time.date() - NOW.date()).days
    when = f"{time:%H:%M}" if days == 0 else f"{time:%a %H:%M}" if days < 7 else f"{time:%d %b}"
    assert labelled == f"› {when:10}{brief:8}Take your medicine"
    assert other == f"  {when:10}{brief:8}ALARM"


@pytest.mark.parametrize(
    ("shown", "line"),
    [
        (Shown("https://cloud:8443", is_connected=True), f"{NOW:%H:%M} ● connected 100 %"),
        (Shown("c", is_plugged=False, is_undisturbed=True, volume=80), f"{NOW:%H:%M} ○ unplugged do not disturb 80 %"),
        (Shown("c", reason="it is away"), f"{NOW:%H:%M} ○ no connection 100 %"),
    ],
)
def test_a_narrow_terminal_has_room_for_how_it_is(shown: Shown, line: str) -> None:
    told = status_line(shown, NOW, 40, with_time=True).plain
    assert " ".join(told.split()) == line


def test_the_chosen_one_is_in_sight_among_many() -> None:
    shown = showing(*(alert(f"{number:03}", timedelta(hours=number + 1)) for number in range(100)))
    for chosen in ("000", "050", "099"):
        lines = plain(alert_lines(shown, NOW, 80, 11, chosen))
        assert len(lines) == 11
        assert [line[0] for line in lines].count("›") == 1
    assert plain(alert_lines(shown, NOW, 80, 11, "099"))[0] == "next alerts, 91-100 of 100"


def test_no_alert_is_a_sentence_that_says_how_to_set_one() -> None:
    assert "bellwire alert add" in "\n".join(plain(alert_lines(showing(), NOW, 80, 5, None)))


def test_what_rings_is_large() -> None:
    shown = showing(alert("a", timedelta(), "Take your medicine", "REMINDER"), ringing="a")
    shown.is_muted = True
    lines = plain(ring_lines(shown, NOW, 80, rooms(shown, 80, 24).ring))
    assert lines == [*large("REMINDER"), "Take your medicine", f"{NOW:%H:%M:%S}, rings for 12 s, not heard: muted", ""]
    [line] = plain(ring_lines(shown, NOW, 80, 1))
    assert line == f" REMINDER Take your medicine: {NOW:%H:%M:%S}, rings for 12 s, not heard: muted"
    assert ring_lines(showing(), NOW, 80, 0) == []


@pytest.mark.parametrize(
    ("kind", "volume", "exceptions", "why"),
    [
        ("REMINDER", 100, {"ALARM"}, "not heard: do not disturb"),
        ("ALARM", 100, {"ALARM"}, "rings for 12 s"),
        ("ALARM", 0, {"ALARM"}, "not heard: volume 0"),
    ],
)
def test_what_rings_and_is_not_heard(kind: str, volume: int, exceptions: set[str], why: str) -> None:
    shown = showing(alert("a", timedelta(), kind=kind), ringing="a")
    shown.is_undisturbed, shown.exceptions, shown.volume = True, frozenset(exceptions), volume
    assert plain(ring_lines(shown, NOW, 80, 1))[0].endswith(why)


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        (Shown("https://c"), "○ looking for https://c"),
        (Shown("https://c", is_connected=True), "● connected to https://c"),
        (Shown("https://c", reason="it \x1b[2J broke"), "○ no connection: it \N{REPLACEMENT CHARACTER}[2J broke"),
        (Shown("https://c", reason="x", is_plugged=False), "○ unplugged from the network"),
    ],
)
def test_the_status(shown: Shown, told: str) -> None:
    line = status_line(shown, NOW, 80, with_time=False).plain
    assert line.startswith(f"{told} ")
    assert line.endswith("volume ▮▮▮▮▮▮▮▮▮▮ 100 %")
    assert len(line) == 80


def test_what_is_out_of_the_ordinary_is_told_however_long_the_address_is() -> None:
    shown = Shown("https://" + "c" * 80, is_connected=True, is_muted=True, is_undisturbed=True)
    line = status_line(shown, NOW, 80, with_time=False).plain
    assert line.startswith("● connected to https://cc")
    assert line.endswith("…   muted   do not disturb  volume ▮▮▮▮▮▮▮▮▮▮ 100 %")
    assert status_line(Shown("c"), NOW, 60, with_time=True).plain.startswith(f"{NOW:%H:%M:%S} ")


def test_the_keys_say_what_they_would_do_now() -> None:
    def told(shown: Shown) -> str:
        return " ".join(plain(keys_lines(200, keys_of(shown))))

    assert "m mute  " in told(Shown("c"))
    assert "u unplug  " in told(Shown("c"))
    assert "m unmute  " in told(Shown("c", is_muted=True))
    assert "u plug in  " in told(Shown("c", is_plugged=False))


def test_messages_can_be_looked_back_at() -> None:
    said: list[Message | Notice] = [Notice(NOW, str(number)) for number in range(10)]
    assert [line.split()[-1] for line in plain(log_lines(said, 80, 4, 0))] == ["messages", "7", "8", "9"]
    assert [line.split()[-1] for line in plain(log_lines(said, 80, 4, 2))][1:] == ["5", "6", "7"]
    assert plain(log_lines(said, 80, 4, 2))[0] == "messages, 2 newer ones below"


def test_a_code_is_laid_out_anew_for_each_size() -> None:
    shown = Shown("https://cloud:8443", is_pairing=True)
    assert "for a code" in "\n".join(plain(code_lines(shown, 80, 24)))
    shown.reason = "it is away"
    assert "for a code: it is away" in "\n".join(plain(code_lines(shown, 80, 24)))
    shown.code = DeviceCode("", "BCDF-GHJK", "https://cloud:8443/pair", 900)
    shown.code_until = NOW
    shown.notice(NOW, "the cloud still lists it as a device", is_wrong=True)
    large_page, small_page = (plain(code_lines(shown, *size)) for size in ((80, 24), (30, 12)))
    assert any("█" in line for line in large_page)
    assert large_page[-2:] == ["the cloud still lists it as a device", "q quit"]
    assert not any("█" in line for line in small_page)
    assert "BCDF-GHJK" in small_page


WORDS = st.text(st.characters(), max_size=200)
TIMES = st.timedeltas(timedelta(days=-1), timedelta(days=1000))


@given(
    size=st.tuples(st.integers(1, 150), st.integers(1, 60)),
    alerts=st.lists(st.tuples(TIMES, WORDS), max_size=30),
    rings=st.booleans(),
    said=st.lists(WORDS, max_size=30),
    reason=WORDS,
)
def test_whatever_is_said_it_fits_and_commands_no_terminal(
    size: tuple[int, int], alerts: list[tuple[timedelta, str]], rings: bool, said: list[str], reason: str
) -> None:
    columns, rows = size
    shown = showing(*(alert(str(number), *each) for number, each in enumerate(alerts)), ringing="0" if rings else None)
    shown.is_connected, shown.reason = False, reason
    for text in said:
        shown.notice(NOW, text)
        shown.log.append(Message(NOW, "directive", text, text))
    room = rooms(shown, columns, rows)
    assert min(room) >= 0
    parts = {
        "status": [status_line(shown, NOW, columns, with_time=not room.clock)],
        "clock": clock_lines(NOW, columns) if room.clock else [],
        "ring": ring_lines(shown, NOW, columns, room.ring),
        "alerts": alert_lines(shown, NOW, columns, room.alerts, None),
        "log": log_lines(list(shown.log), columns, room.log, 0),
        "keys": keys_lines(columns, keys_of(shown))[: room.keys],
    }
    for name, lines in parts.items():
        assert len(lines) <= getattr(room, name)
        for line in lines:
            assert line.cell_len <= columns
            assert line.plain.isprintable()
    assert sum(room) <= max(rows, 1 + room.ring)
