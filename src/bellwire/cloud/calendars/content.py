"""The text of an .ics file taken apart: its events, to-dos and time zones, each with the line on which it begins.

It knows lines, folds, BEGIN and END (RFC 5545, 3.1 and 3.4); it must not know what any component means. Of each only
the lines that mean something here are kept: pictures, guests and letters are never looked at.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from bellwire.cloud.wishes import WishError

_COMPONENTS = frozenset({"VEVENT", "VTODO", "VTIMEZONE"})
_INSIDE = frozenset({"VALARM", "STANDARD", "DAYLIGHT"})
_PROPERTIES = frozenset(
    {
        *("UID", "SUMMARY", "STATUS", "COMPLETED", "DTSTART", "DTEND", "DUE", "DURATION"),
        *("RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "ACTION", "TRIGGER"),
        *("TZID", "TZOFFSETFROM", "TZOFFSETTO", "X-LIC-LOCATION"),
    }
)
OWN = "X-BELLWIRE-"
"""What begins the names of our own properties."""
_NAME = re.compile(r"([A-Za-z0-9-]+)[;:]", re.ASCII)
ZONE = f"{OWN}TZID"
"""What the parameter TZID is called in lines that are kept: which zone it means is not left to who reads them."""
_ZONE = re.compile(r'^((?:[^":]|"[^"]*")*?);TZID=', re.ASCII | re.IGNORECASE)
_CALENDAR_NAME = re.compile(r"^X-WR-CALNAME[^:\r\n]*:([^\r\n]+)", re.MULTILINE | re.IGNORECASE)
_ESCAPED = re.compile(r"\\([,;\\])")
_DEEPEST = 8
"""Components within components; three are known."""
_LONGEST = 131_072
"""Characters of a component, of the lines that mean something."""


class CalendarError(WishError):
    """A file as a whole is no calendar that could be imported; nothing of it is."""


@dataclass(slots=True)
class Component:
    """An event, a to-do or a time zone, as it is written."""

    name: str
    line: int
    """On which it begins, from 1."""
    lines: list[str] = field(default_factory=list)
    """Those that mean something, unfolded, with its BEGIN and END."""
    fault: str | None = None
    """What cannot be read in it."""
    length: int = 0
    """Characters of its lines."""

    @property
    def text(self) -> str:
        """All of its lines, as they are read again."""
        return "".join(f"{line}\r\n" for line in self.lines)

    def values(self, name: str) -> list[str]:
        """The values of its own lines of that name, as they are written."""
        found = (line for line in self.lines if line.upper().startswith((f"{name}:", f"{name};")))
        return [line.partition(":")[2] for line in found]


def components_of(content: bytes, most: int) -> list[Component]:
    """The events, to-dos and time zones of a file, `most` at most. Raises CalendarError."""
    found: list[Component] = []
    open_ones: list[tuple[str, int]] = []
    for number, line in _unfolded(_text(content)):
        begins, ends = _mark(line, "BEGIN:"), _mark(line, "END:")
        if begins is not None:
            open_ones.append((begins, number))
            _check_place(open_ones)
            if begins in _COMPONENTS and len(open_ones) == 2:
                found.append(Component(begins, number))
        elif not open_ones:
            raise CalendarError(f"line {number} is {line[:40]!r} where BEGIN:VCALENDAR is due; that is no .ics file")
        if len(found) > most:
            raise CalendarError(f"the file has more than {most} events; export fewer years, or fewer calendars at once")
        if found and len(open_ones) > 1 and open_ones[1] == (found[-1].name, found[-1].line):
            _keep(found[-1], line, number, open_ones)
        if ends is not None and open_ones.pop()[0] != ends:
            raise CalendarError(f"line {number} ends {ends[:40]}, which is not open there; export the file anew")
    if open_ones:
        name, number = open_ones[-1]
        raise CalendarError(f"the file ends within the {name[:40]} of line {number}: it was cut off; export it anew")
    return found


def name_in(content: bytes) -> str | None:
    """What the file calls itself (X-WR-CALNAME), as it can stand in a path; None: nothing."""
    found = _CALENDAR_NAME.search(content[:65_536].decode(errors="replace"))
    name = _ESCAPED.sub(r"\1", found[1]).strip().replace("/", "-") if found else ""
    return name or None


def _text(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise CalendarError(f"line {line} is not UTF-8; save the file as UTF-8 (RFC 5545, 3.1.4)") from None
    if not text.strip():
        raise CalendarError("the file is empty; an .ics file begins with BEGIN:VCALENDAR")
    return text


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Each content line with the number of the line on which it begins; without empty ones."""
    pieces: list[str] = []
    begun = 1
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        if line[:1] in {" ", "\t"}:
            pieces.append(line[1:])
            continue
        if whole := "".join(pieces):
            yield begun, whole
        pieces, begun = [line], number
    if whole := "".join(pieces):
        yield begun, whole


def _mark(line: str, word: str) -> str | None:
    return line[len(word) :].strip().upper() if line[: len(word)].upper() == word else None


def _check_place(open_ones: list[tuple[str, int]]) -> None:
    name, number = open_ones[-1]
    if (name == "VCALENDAR") != (len(open_ones) == 1):
        raise CalendarError(f"line {number} begins {name[:40]}, which has no place there; export the file anew")
    if len(open_ones) > _DEEPEST:
        raise CalendarError(f"line {number} begins a component within {_DEEPEST} others; export the file anew")


def _keep(component: Component, line: str, number: int, open_ones: list[tuple[str, int]]) -> None:
    """Keep a line of a component if it means something."""
    if len(open_ones) > 3 or (len(open_ones) == 3 and open_ones[2][0] not in _INSIDE):
        return
    found = _NAME.match(line)
    if found is None:
        component.fault = component.fault or f"line {number} is {line[:40]!r}, which is no property"
        return
    name = found[1].upper()
    if name not in _PROPERTIES and name not in {"BEGIN", "END"} and not name.startswith(OWN):
        return
    component.length += len(line)
    if component.length > _LONGEST and name not in {"BEGIN", "END"}:
        component.fault = (
            component.fault or f"it has more than {_LONGEST} characters of times and titles by line {number}"
        )
        return
    component.lines.append(_ZONE.sub(rf"\1;{ZONE}=", line))
