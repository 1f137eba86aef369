"""How long a file that came by HTTP is what its server still has (RFC 9111, 4.2).

It knows header fields; it must not read a clock, nor know what the file is.
"""

import re
from datetime import datetime
from typing import Protocol

from bellwire.device.http_date import parse_http_date

_NOT_KEPT = re.compile(r"(?:^|[,\s])no-(?:store|cache)(?:$|[,\s=])", re.IGNORECASE)
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,10})", re.IGNORECASE)


class Headers(Protocol):
    """Header fields, whose names have no case."""

    def get_all(self, name: str, /) -> list[str] | None:
        """Every value of the fields of this name; None: there is none."""


def fresh_seconds(headers: Headers) -> float | None:
    """Seconds for which the file is fresh, counted from its arrival; None: its server does not say."""
    control = ", ".join(headers.get_all("Cache-Control") or ())
    if _NOT_KEPT.search(control):
        return 0.0
    if found := _MAX_AGE.search(control):
        return max(int(found[1]) - _age(headers), 0.0)
    expires, date = _time(headers, "Expires"), _time(headers, "Date")
    if expires is None or date is None:
        return 0.0 if headers.get_all("Expires") else None
    return max((expires - date).total_seconds() - _age(headers), 0.0)


def _age(headers: Headers) -> float:
    said = (headers.get_all("Age") or ("",))[0].strip()
    return float(said) if re.fullmatch(r"[0-9]{1,10}", said) else 0.0


def _time(headers: Headers, name: str) -> datetime | None:
    return parse_http_date((headers.get_all(name) or ("",))[0])
