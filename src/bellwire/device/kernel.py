"""What the machine itself knows of its clock.

It knows the calls that ask for it; it must not know what follows from the answers. Where a system has no such call, it
knows nothing.
"""

import ctypes
from pathlib import Path

_TIMEX_BYTES = 512
"""Of `struct timex`, with room to spare; all zero it asks and sets nothing (adjtimex(2))."""

_TIME_ERROR = 5
"""What adjtimex gives for a clock that nobody keeps."""

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def is_kept_by_ntp() -> bool:
    """Whether an NTP daemon keeps the wall clock, as it tells the kernel (STA_UNSYNC is off)."""
    try:
        state = int(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES)))
    except (AttributeError, OSError, TypeError):  # not Linux
        return False
    return 0 <= state < _TIME_ERROR


def boot_id() -> str:
    """Names the time since the machine was switched on; empty where it can't be told."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""
