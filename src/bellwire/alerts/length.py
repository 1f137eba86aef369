"""A length of time as people write it: ``5s``, ``10m``, ``1h30m``, ``2d``.

It knows units; it must not know what lasts so long.
"""

import re
from datetime import timedelta

_LENGTH = re.compile(r"(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?", re.ASCII)


def length_of(text: str) -> timedelta:
    """Raises ValueError for what is none, or is longer than the calendar."""
    found = _LENGTH.fullmatch(text.strip().lower())
    if not found or not found[0]:
        raise ValueError(f"{text!r} is not a length of time; write it like 5s, 10m, 1h30m or 2d")
    days, hours, minutes, seconds = (int(number or 0) for number in found.groups())
    try:
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        raise ValueError(f"{text!r} is out of all bounds") from None
