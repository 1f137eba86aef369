"""What people write of limits (`alerts=5000`), as `Limits`.

It knows which limits can be set, and within which bounds; it must not know what they limit.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple

from bellwire.cloud.config import Limits
from bellwire.cloud.rates import Rate
from bellwire.cloud.sound_forms import MOST

BURST = timedelta(seconds=4)
"""Requests of so long may come at once."""


class Settable(NamedTuple):
    """A limit that can be set."""

    most: int
    meaning: str
    value: Callable[[int], Any] = int


SETTABLE: Mapping[str, Settable] = {
    "alerts": Settable(1_000_000, "alerts of an account"),
    "devices": Settable(100_000, "devices of an account"),
    "assets": Settable(MOST, "sounds of an alert"),
    "label": Settable(10_000, "characters of a label"),
    "listeners": Settable(10_000, "listeners to an account's changes, at a time"),
    "requests": Settable(
        100_000,
        "requests of an account, a second",
        lambda often: Rate(often * int(BURST.total_seconds()), BURST),
    ),
}


def limits_of(wishes: Iterable[str]) -> Limits:
    """The limits that were set, NAME=NUMBER each, and the defaults of the others. Raises ValueError."""
    return replace(Limits(), **dict(map(_limit, wishes)))


def _limit(wish: str) -> tuple[str, Any]:
    name, separator, number = wish.strip().partition("=")
    settable = SETTABLE.get(name)
    if not separator or settable is None:
        raise ValueError(f"{wish!r} is not a limit; write one like alerts=5000: there are {', '.join(SETTABLE)}")
    if not (number.isascii() and number.isdecimal() and len(number) < 10 and 0 < int(number) <= settable.most):
        raise ValueError(f"{wish!r}: {settable.meaning} must be a number from 1 to {settable.most}")
    return name, settable.value(int(number))
