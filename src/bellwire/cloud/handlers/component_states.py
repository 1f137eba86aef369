"""The states of a device's components, as they are kept of a context.

It knows how much is kept, and in which form; it must not know where, nor which event brings them.
"""

from typing import NamedTuple

import msgspec

from bellwire.protocol.messages import key_of
from bellwire.protocol.messages.envelope import Event

MOST_COMPONENTS = 50
"""Component states of a device that are kept."""
MOST_BYTES = 64 * 1024
"""Of the JSON of all of them."""
_AROUND = 200
"""Levels in which a state stands when it is read again; more than there are."""
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class States(NamedTuple):
    """The states of a device's components, as they are kept."""

    json: str
    """A list of context objects as they are on the wire."""
    left_out: int
    """So many more came, and there was no room for them, or they can't be read."""


def states_of(event: Event) -> States:
    """What a context tells of each component. Its alerts come last: where room is short, the rows have them anyway."""
    found = [_encode(each) for each in event.context]
    if event.alerts_state is not None:
        namespace, name = key_of(event.alerts_state)
        header = {"namespace": namespace, "name": name}
        found.append(_encode({"header": header, "payload": event.alerts_state}))
    kept: list[bytes] = []
    room = MOST_BYTES - len("[]")
    for state in found:
        if len(kept) < MOST_COMPONENTS and len(state) < room and _can_be_read(state):
            kept.append(state)
            room -= len(state) + len(",")
    return States(f"[{b','.join(kept).decode()}]", len(found) - len(kept))


def _can_be_read(state: bytes) -> bool:
    """Whether it is JSON that we have values for: so far nobody has looked at more than its brackets."""
    try:
        _decode(b"[" * _AROUND + state + b"]" * _AROUND)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
