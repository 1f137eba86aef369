"""Server-sent events (HTML, 9.2.6) out of lines of text. It knows their form; it must not know what they tell."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Event(NamedTuple):
    """One event, or, where `kind` is empty, only a place in the stream."""

    id: str | None
    """Of this event, or of the last one that had an id."""
    kind: str
    data: str


def events_in(lines: Iterable[str]) -> Iterator[Event]:
    """The events of a stream, each when it is whole."""
    number, kind, data = None, "", list[str]()
    moved = False
    for line in lines:
        if not line:
            if data or moved:
                yield Event(number, kind if data else "", "\n".join(data))
            kind, data, moved = "", [], False
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "id":
            number, moved = value, True
        elif name == "event":
            kind = value
        elif name == "data":
            data.append(value)
