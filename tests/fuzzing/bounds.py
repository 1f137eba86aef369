"""Bounds on what one input may cost, in units that no machine changes: calls of functions, and bytes."""

import sys
import tracemalloc
from collections.abc import Callable
from types import FrameType
from typing import Any

MOST_CALLS = 3_000_000
"""Of functions, Python's and C's, for one input: far more than any needs, far fewer than what never ends."""
MOST_BYTES = 64 * 1024 * 1024
"""At once, for one input."""


class TooMuchError(AssertionError):
    """An input costs more than any may."""


def bounded(target: Callable[[bytes], None], data: bytes) -> int:
    """Run it on this input; gives how many calls it took. Raises TooMuchError, and what the target raises."""
    calls = 0

    def count(_: FrameType, event: str, __: Any) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}
        if calls > MOST_CALLS:
            sys.setprofile(None)
            raise TooMuchError(f"more than {MOST_CALLS} calls for {len(data)} bytes")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        target(data)
    finally:
        sys.setprofile(before)
    return calls


def peak(target: Callable[[bytes], None], data: bytes) -> int:
    """Run it on this input; gives how many bytes it had at once. Raises TooMuchError."""
    tracemalloc.start()
    try:
        target(data)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    if most > MOST_BYTES:
        raise TooMuchError(f"{most} bytes of memory for {len(data)} bytes of input")
    return most
