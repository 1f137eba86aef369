"""What goes wrong on purpose, and how often.

It knows faults as values and takes them out as they are used up; it must not know how they are brought about.
"""

from collections.abc import Iterator
from enum import StrEnum
from itertools import count
from typing import Annotated

import msgspec

from bellwire.emulation.names import check_name

LONGEST = 60.0
"""Seconds that anything may be held up."""
MOST = 100
"""Faults at a time."""
DOWNCHANNEL = "downchannel"
"""The name of the request for one, beside those of messages."""


class Trouble(StrEnum):
    """What can go wrong."""

    DROP = "drop"
    """A message is lost: an event reaches nobody and is never answered, a directive is not sent."""
    DELAY = "delay"
    """A message is held up for `seconds`."""
    STATUS = "status"
    """An event is answered with `status`, and the cloud does not hear of it."""
    CUT = "cut"
    """All connections end; with `seconds`, each that is opened in that time as well."""
    STALL = "stall"
    """Connections are accepted, and nothing passes over any, for `seconds` or until it is taken back."""
    WRONG_CERTIFICATE = "wrong-certificate"
    """Connections end; who connects is shown a certificate that nobody should take, for `seconds` or until it is taken
    back."""


class Wrong(StrEnum):
    """What is wrong with a certificate."""

    AUTHORITY = "authority"
    """It is of another authority."""
    NAME = "name"
    """It is for another host."""
    EXPIRED = "expired"
    """Its time is over."""


OF_MESSAGES = frozenset({Trouble.DROP, Trouble.DELAY, Trouble.STATUS})
"""Those of messages; the others are of connections."""


class FaultWish(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A fault that is wanted."""

    fault: Trouble
    name: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    """Of drop, delay and status: which message, ``Alerts.AlertStarted``, or ``downchannel`` for the request for one;
    null: any message, of status any event."""
    times: Annotated[int, msgspec.Meta(ge=1, le=10_000)] | None = 1
    """Of drop, delay and status: the next so many; null: until it is taken back."""
    status: Annotated[int, msgspec.Meta(ge=400, le=599)] | None = None
    """Of status."""
    certificate: Wrong | None = None
    """Of wrong-certificate: what is wrong with it; null: its authority."""
    seconds: Annotated[float, msgspec.Meta(ge=0, le=LONGEST)] | None = None
    """How long; of status, what Retry-After says."""


class Fault(FaultWish, kw_only=True, frozen=True):
    """A fault that is there."""

    number: int


class FaultWishError(ValueError):
    """There can be no such fault."""


class Faults:
    """Those of messages that are there; the first that fits is used up first."""

    def __init__(self) -> None:
        self._standing: dict[int, Fault] = {}
        self._numbers = count(1)

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._standing.values())

    def add(self, wish: FaultWish) -> Fault:
        """A new one. Raises FaultWishError, UnknownNameError."""
        checked(wish)
        if len(self._standing) >= MOST:
            raise FaultWishError(f"there are {MOST} faults; take some back: DELETE /faults")
        fault = Fault(**{name: getattr(wish, name) for name in wish.__struct_fields__}, number=next(self._numbers))
        self._standing[fault.number] = fault
        return fault

    def remove(self, number: int) -> Fault | None:
        """Take one back; None where there is none of that number."""
        return self._standing.pop(number, None)

    def clear(self) -> None:
        """Take all back."""
        self._standing.clear()

    def take(self, trouble: Trouble, name: str) -> Fault | None:
        """The one that this message meets, once less from now on."""
        for fault in self._standing.values():
            if fault.fault is trouble and (fault.name == name if fault.name else name != DOWNCHANNEL):
                self._use(fault)
                return fault
        return None

    def _use(self, fault: Fault) -> None:
        if fault.times == 1:
            del self._standing[fault.number]
        elif fault.times is not None:
            self._standing[fault.number] = msgspec.structs.replace(fault, times=fault.times - 1)


def checked(wish: FaultWish) -> None:
    """Raise FaultWishError where a wish lacks what it needs, or has what means nothing for it; UnknownNameError."""
    if wish.name is not None and wish.name != DOWNCHANNEL:
        check_name(wish.name)
    if wish.fault is Trouble.STATUS and wish.status is None:
        raise FaultWishError("say which status events are answered with, as in {'fault': 'status', 'status': 500}")
    if wish.fault is Trouble.DELAY and not wish.seconds:
        raise FaultWishError("say how long messages are held up, as in {'fault': 'delay', 'seconds': 2}")
    if wish.fault is not Trouble.STATUS and wish.status is not None:
        raise FaultWishError(f"a status means nothing for {wish.fault}; leave it out")
    if wish.fault is not Trouble.WRONG_CERTIFICATE and wish.certificate is not None:
        raise FaultWishError(f"a certificate means nothing for {wish.fault}; leave it out")
    if wish.fault not in OF_MESSAGES and (wish.name is not None or wish.times != 1):
        raise FaultWishError(f"{wish.fault} is of connections, not of messages: leave out name and times")
