"""How the messages between the cloud and a device are shown to people: one line each.

It knows the shape of a message's JSON, and no message by name; it must not know where messages come from.
"""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from bellwire.cli.output import printable

if TYPE_CHECKING:
    from rich.text import Text

Direction = Literal["event", "directive"]

ARROWS = {"event": (">>", "cyan"), "directive": ("<<", "green")}
_LONGEST = 60
"""Characters of one value."""


class Message(Protocol):
    """One message as it was on the wire."""

    @property
    def at(self) -> datetime:
        """When it passed."""

    @property
    def direction(self) -> Direction:
        """An event is the device's, a directive the cloud's."""

    @property
    def body(self) -> bytes:
        """What it says."""


class Said(NamedTuple):
    """A message that passes."""

    at: datetime
    direction: Direction
    body: bytes


def as_json(said: Message) -> dict[str, Any]:
    """For programs: the message, or its text as `body` where it is not JSON."""
    head = {"at": said.at.isoformat(timespec="milliseconds"), "direction": said.direction}
    message = _decoded(said.body)
    return {**head, "body": said.body.decode(errors="replace")} if message is None else {**head, "message": message}


def as_line(said: Message) -> "Text":
    """For people: time on this machine's clock, arrow, Namespace.Name, the payload in short."""
    return line_of(said.at, said.direction, *in_short(said))


def line_of(at: datetime, direction: Direction, name: str, payload: str) -> "Text":
    """The same of a message that is `in_short` already."""
    from rich.text import Text

    arrow, colour = ARROWS[direction]
    line = Text.assemble((f"{at.astimezone():%H:%M:%S.%f}"[:-3], "dim"), f" {arrow} ", (f"{name:30}", colour))
    line.append(f" {payload}")
    line.rstrip()
    return line


def in_short(said: Message) -> tuple[str, str]:
    """Namespace.Name, and the payload in short."""
    name, payload = name_and_payload(said)
    return name, " ".join(_short(key, value) for key, value in payload.items())


def name_and_payload(said: Message) -> tuple[str, dict[str, Any]]:
    """``Alerts.SetAlert`` and what it carries; of what is no message, its text."""
    message = _decoded(said.body)
    try:
        inner = message.get(said.direction, message)  # some versions write an exception by itself
        name = f"{inner['header']['namespace']}.{inner['header']['name']}"
        payload = inner.get("payload") or {}
    except (KeyError, TypeError, AttributeError):
        return "(not a message)", {"body": said.body.decode(errors="replace")}
    return printable(name), payload if isinstance(payload, dict) else {"payload": payload}


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _short(key: str, value: object) -> str:
    if isinstance(value, list | dict):
        return f"{printable(key)}[{len(value)}]"
    text = value if isinstance(value, str) else json.dumps(value)
    if key == "token" and len(text) > 9:
        text = f"{text[:8]}…"
    elif len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}…"
    quoted = f'"{text}"' if " " in text else text
    return f"{printable(key)}={printable(quoted)}"
