"""A time as HTTP writes it: ``Sun, 06 Nov 1994 08:49:37 GMT`` (RFC 9110, 5.6.7); other zones in numbers are read too.

It knows that form; it must not know what the time is of. The library that reads any date of mail takes half a megabyte.
"""

import re
from datetime import UTC, datetime, timedelta

_FORM = re.compile(
    r"[A-Z][a-z]{2}, ([0-9]{2}) ([A-Z][a-z]{2}) ([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) (GMT|[+-][0-9]{4})"
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def parse_http_date(text: str) -> datetime | None:
    """In UTC; None: it is of another form, such as the two that are obsolete, or is no time."""
    found = _FORM.fullmatch(text.strip())
    if found is None or found[2] not in _MONTHS or found[7] == "-0000":  # the last: somewhere (RFC 5322, 3.3)
        return None
    day, year, hour, minute, second = (int(found[group]) for group in (1, 3, 4, 5, 6))
    try:
        shown = datetime(year, _MONTHS.index(found[2]) + 1, day, hour, minute, min(second, 59), tzinfo=UTC)
        return shown - _ahead(found[7])
    except (ValueError, OverflowError):
        return None


def _ahead(zone: str) -> timedelta:
    """Of UTC."""
    if zone == "GMT":
        return timedelta()
    ahead = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:]))
    return -ahead if zone[0] == "-" else ahead
