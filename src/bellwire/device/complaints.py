"""What a speaker says of directives that it can't carry out: ExceptionEncountered, where a version has it.

It knows how much and how often may be said; it must not know why a directive failed. PURE, as the whole engine.
"""

from dataclasses import replace
from datetime import timedelta

import msgspec

from bellwire.device import inputs
from bellwire.device.outputs import Send
from bellwire.device.turn import Turn
from bellwire.protocol.messages.system import UNEXPECTED, Encountered, ExceptionEncountered
from bellwire.protocol.profiles.profile import UnknownDirective

MAX_RAW = 65_536
"""Bytes of JSON that a directive has as a string in ExceptionEncountered; what is longer is cut."""

MOST_COMPLAINTS = 20
"""Directives that are reported in `COMPLAINT_SPAN`; more are passed over: a cloud that answers each such report with
another mistake must not keep both busy for ever."""

COMPLAINT_SPAN = timedelta(minutes=1)

_encode = msgspec.json.Encoder().encode


def not_understood(turn: Turn, happened: inputs.NotUnderstood) -> None:
    """A directive that is malformed, or that this version does not have."""
    if turn.profile.unknown_directive is UnknownDirective.REPORT:
        complain(turn, UNEXPECTED, happened.problem, happened.raw)


def complain(turn: Turn, kind: str, problem: str, raw: str) -> None:
    """Give a directive back that could not be carried out (ExceptionEncountered), where a version has that."""
    recent = tuple(time for time in turn.system.complaints if time > turn.now - COMPLAINT_SPAN)
    if not turn.profile.has(ExceptionEncountered) or len(recent) >= MOST_COMPLAINTS:
        return
    error = Encountered(type=kind, message=problem)
    turn.do(Send(ExceptionEncountered(unparsed_directive=bounded(raw), error=error), certified=False))
    turn.system = replace(turn.system, complaints=(*recent, turn.now))


def bounded(raw: str) -> str:
    """A directive as it came or, when it is too long, its beginning and a word about that."""
    kept = raw[:MAX_RAW]
    while len(_encode(kept)) > MAX_RAW:
        kept = kept[: len(kept) * 3 // 4]
    return raw if len(kept) == len(raw) else f"{kept}… (cut: it has {len(raw)} characters)"
