"""How a speaker's face is laid out on a terminal of any size: lines of text, made from what is shown and the time.

It knows columns, rows and colours; it must not know a key's meaning, nor where anything comes from. Colours are the
terminal's own sixteen, so that it can be read on light and on dark ground.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from textwrap import wrap
from typing import NamedTuple

from rich.cells import cell_len
from rich.text import Text

from bellwire.cli.code_face import screen
from bellwire.cli.conversation import line_of
from bellwire.cli.large_letters import large
from bellwire.cli.output import printable
from bellwire.cli.shown import Alert, Message, Notice, Shown

_GAP = 2
_BARS = 10

_WITH_CLOCK = 16
"""Rows from which on there is room for a large clock."""
_WITH_BANNER = 14
"""Rows from which on what rings is written large."""
_LEAST_LOG = 3
_NARROW = 60
"""Columns below which everything is said in as few words as will do."""


class Rooms(NamedTuple):
    """How many rows each part of the face has; none: it is not there."""

    status: int
    clock: int
    ring: int
    alerts: int
    log: int
    keys: int


def rooms(shown: Shown, columns: int, rows: int) -> Rooms:
    """Share out the rows. What rings and the keys come first, then the alerts, then what was said."""
    rings = shown.what_rings is not None
    ring = len(_banner(shown, columns)) + 3 if rings and rows >= _WITH_BANNER else int(rings)
    clock = 4 if rows >= _WITH_CLOCK and columns >= len(large("00:00:00")[0]) else 0
    keys = min(len(keys_lines(columns, keys_of(shown))), max(rows - 3 - ring, 0))
    left = max(rows - 1 - clock - ring - keys, 0)
    wanted = max(len(shown.alerts), 1) + 1
    log = max(left - wanted, left // 2) if left >= 2 * _LEAST_LOG else 0
    return Rooms(1, clock, ring, left - log, log, keys)


def status_line(shown: Shown, now: datetime, columns: int, *, with_time: bool) -> Text:
    """The connection, what is out of the ordinary, and the volume; the time where there is no large clock."""
    is_narrow = columns < _NARROW
    time = f"{now.astimezone():%H:%M} " if is_narrow else f"{now.astimezone():%H:%M:%S} "
    left = Text.assemble(*([(time, "bold")] if with_time else []), _connection(shown, is_brief=is_narrow))
    right = Text()
    for word in _out_of_the_ordinary(shown):
        right.append_text(Text.assemble((f" {word} ", "bold reverse"), " "))
    full = round(shown.volume / 100 * _BARS)
    if not is_narrow:
        right.append_text(Text.assemble(("volume ", "dim"), f"{'▮' * full}{'▯' * (_BARS - full)} "))
    right.append(f"{shown.volume} %")
    return _at_both_ends(left, right, columns)


def _connection(shown: Shown, *, is_brief: bool) -> Text:
    light, said, more = ("○ ", "yellow"), "looking for", f" {shown.cloud}"
    if shown.is_connected:
        light, said, more = ("● ", "green"), "connected", f" to {shown.cloud}"
    elif not shown.is_plugged:
        light, said, more = ("○ ", "red"), "unplugged", " from the network"
    elif shown.reason:
        light, said, more = ("○ ", "red"), "no connection", f": {shown.reason}"
    return Text.assemble(light, said, "" if is_brief and said != "looking for" else printable(more))


def _out_of_the_ordinary(shown: Shown) -> list[str]:
    words = {
        "clock in doubt": shown.is_time_doubted,
        "muted": shown.is_muted,
        "do not disturb": shown.is_undisturbed,
        "talking": shown.is_talking,
    }
    return [word for word, is_so in words.items() if is_so]


def _at_both_ends(left: Text, right: Text, columns: int) -> Text:
    room = columns - right.cell_len - _GAP
    if room < 1:
        return _cut(left, columns)
    line = _cut(left, room)
    line.append(" " * (columns - line.cell_len - right.cell_len))
    return line.append_text(right)


def clock_lines(now: datetime, columns: int) -> list[Text]:
    """The time, large, and the day beside it."""
    here = now.astimezone()
    time = large(f"{here:%H:%M:%S}")
    beside = ("", f"{here:%A}", f"{here:%d %B %Y}")
    width = max(map(len, time))
    lines = [Text.assemble((row.ljust(width + 3), "bold"), day) for row, day in zip(time, beside, strict=True)]
    return [_cut(line, columns) for line in (*lines, Text())]


def ring_lines(shown: Shown, now: datetime, columns: int, rows: int) -> list[Text]:
    """What rings: large, where there is room for more than one line; nothing when nothing rings."""
    alert = shown.what_rings
    if alert is None or not rows:
        return []
    label = printable(alert.label)
    since = now - (shown.rings_since or now)
    told = f"{_time_of(alert, now)}, rings for {_length(since)}" + (
        f", not heard: {shown.why_unheard}" if shown.why_unheard else ""
    )
    if rows == 1:
        named = f"{alert.kind} {label}".strip()
        line = _cut(Text(f" {named}: {told}", "bold reverse"), columns)
        return [line.append(" " * (columns - line.cell_len))]
    lines = [Text(line, "bold red") for line in _banner(shown, columns)]
    return [_cut(line, columns) for line in (*lines, Text(label, "bold"), Text(told), Text())]


def _banner(shown: Shown, columns: int) -> list[str]:
    alert = shown.what_rings
    letters = large(alert.kind) if alert else []
    return letters if letters and max(map(len, letters)) <= columns else [alert.kind if alert else ""]


def alert_lines(shown: Shown, now: datetime, columns: int, rows: int, chosen: str | None) -> list[Text]:
    """The next alerts, a line each, with the `chosen` one among them; a sentence where there is none."""
    if not rows:
        return []
    in_turn = shown.in_turn
    if not in_turn:
        told = ("No alert is set.", '  bellwire alert add "Tea" --in 5m   on the cloud\'s machine sets one.')
        return [_cut(Text(line, "dim"), columns) for line in told[:rows]]
    room = rows - 1
    place = next((number for number, alert in enumerate(in_turn) if alert.token == chosen), 0)
    first = max(min(place - room // 2, len(in_turn) - room), 0)
    seen = in_turn[first : first + room]
    title = (
        "next alerts"
        if len(seen) == len(in_turn)
        else f"next alerts, {first + 1}-{first + len(seen)} of {len(in_turn)}"
    )
    return [
        _cut(Text(title, "dim"), columns),
        *(_alert_line(alert, now, columns, is_chosen=alert.token == chosen) for alert in seen),
    ]


def _alert_line(alert: Alert, now: datetime, columns: int, *, is_chosen: bool) -> Text:
    style = "bold" if is_chosen else "dim" if alert.is_over else ""
    mark = ("› " if is_chosen else "  ", "bold")
    if columns < _NARROW:
        told = (f"{_brief_time_of(alert, now):10}", (f"{_brief_countdown(alert, now):8}", "cyan"))
        line = Text.assemble(mark, *told, printable(alert.label) or alert.kind, style=style)
    else:
        told = (f"{_time_of(alert, now):18}", (f"{_countdown(alert, now):21}", "cyan"))
        line = Text.assemble(mark, *told, f"{alert.kind:12}", printable(alert.label), style=style)
    return _cut(line, columns)


def _time_of(alert: Alert, now: datetime) -> str:
    here, today = alert.time.astimezone(), now.astimezone()
    if here.date() == today.date():
        return f"{here:%H:%M:%S}"
    return f"{here:%a %d %b %H:%M}" if here.year == today.year else f"{here:%d %b %Y %H:%M}"


def _brief_time_of(alert: Alert, now: datetime) -> str:
    """Within a week a day has its name, and then its date."""
    here, today = alert.time.astimezone(), now.astimezone()
    days = (here.date() - today.date()).days
    return f"{here:%H:%M}" if not days else f"{here:%a %H:%M}" if 0 < days < 7 else f"{here:%d %b}"


def _brief_countdown(alert: Alert, now: datetime) -> str:
    """The largest part of it alone."""
    if alert.is_over or alert.time <= now:
        return _countdown(alert, now)
    left = alert.time - now
    for unit, length in (("d", timedelta(days=1)), ("h", timedelta(hours=1)), ("min", timedelta(minutes=1))):
        if left >= length:
            return f"{left // length} {unit}"
    return _length(left)


def _countdown(alert: Alert, now: datetime) -> str:
    if alert.is_over:
        return "over"
    left = alert.time - now
    again = "again " if alert.is_snoozed else ""
    return f"{again}in {_length(left)}" if left > timedelta() else "due"


def _length(time: timedelta) -> str:
    """The two largest parts of a length of time; of seconds whole ones, as a person counts down to 1."""
    seconds = max(-(-time // timedelta(seconds=1)), 0)
    days, hours, minutes = seconds // 86_400, seconds // 3600 % 24, seconds // 60 % 60
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {seconds % 60:02} s" if minutes else f"{seconds} s"


def log_line(said: Message | Notice, columns: int) -> Text:
    """One message on the wire, or one notice."""
    if isinstance(said, Message):
        return _cut(line_of(said.at, said.direction, printable(said.name), printable(said.payload)), columns)
    style = "yellow" if said.is_wrong else "bold"
    return _cut(
        Text.assemble((f"{said.at.astimezone():%H:%M:%S.%f}"[:-3], "dim"), " -- ", (printable(said.text), style)),
        columns,
    )


def log_lines(log: Sequence[Message | Notice], columns: int, rows: int, back: int) -> list[Text]:
    """What was said last, the newest at the bottom; `back` so many lines before it."""
    if not rows:
        return []
    end = len(log) - back
    title = "messages" if not back else f"messages, {back} newer ones below"
    return [_cut(Text(title, "dim"), columns), *(log_line(said, columns) for said in log[max(end - rows + 1, 0) : end])]


Keys = Sequence[tuple[str, str]]
"""Each with what it does."""


def keys_of(shown: Shown) -> Keys:
    """The keys that there are now."""
    return (
        ("s", "stop"),
        ("z", "snooze"),
        ("d", "delete"),
        ("m", "unmute" if shown.is_muted else "mute"),
        ("+", "louder"),
        ("-", "softer"),
        ("n", "disturb again" if shown.is_undisturbed else "do not disturb"),
        ("u", "unplug" if shown.is_plugged else "plug in"),
        ("t", "talk"),
        ("h", "hush"),
        ("l", "log out"),
        ("q", "quit"),
    )


def keys_lines(columns: int, keys: Keys) -> list[Text]:
    """In as many lines as it takes."""
    lines = [Text()]
    for key, meaning in keys:
        entry = Text.assemble((key, "bold reverse"), f" {meaning}")
        if lines[-1] and lines[-1].cell_len + _GAP + entry.cell_len > columns:
            lines.append(Text())
        if lines[-1]:
            lines[-1].append(" " * _GAP)
        lines[-1].append_text(entry)
    return [_cut(line, columns) for line in lines]


def code_lines(shown: Shown, columns: int, rows: int) -> list[Text]:
    """What pairs the speaker: the code that somebody is to confirm, or why there is none."""
    keys = keys_lines(columns, (("q", "quit"),))
    if shown.code is None or shown.code_until is None:
        why = f": {printable(shown.reason)}" if shown.reason else ""
        return [
            _cut(Text(f"This speaker is to be paired. Asks {printable(shown.cloud)} for a code{why}"), columns),
            *keys,
        ]
    until = f"{shown.code_until.astimezone():%H:%M:%S}"
    lines = [Text.from_ansi(line) for line in screen(shown.code, until, columns, max(rows - 1, 1))]
    wrong = [said.text for said in shown.log if isinstance(said, Notice) and said.is_wrong]
    notices = [Text(line, "yellow") for text in wrong for line in wrap(printable(text), columns)]
    room = rows - len(lines) - len(keys)
    return [*lines, *notices[-room:], *keys] if room > 0 else lines


def _cut(line: Text, columns: int) -> Text:
    if cell_len(line.plain) > columns:
        line.truncate(max(columns, 0), overflow="ellipsis")
    return line
