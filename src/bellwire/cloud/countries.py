"""The countries that there are (ISO 3166-1), as the time zone database lists them.

It must not know what follows from a country.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from bellwire.cloud.wishes import WishError

_OFTEN_MEANT = {"UK": "GB", "EL": "GR"}


@cache
def countries() -> Mapping[str, str]:
    """The countries by their codes (ISO 3166-1 alpha-2), with their English names."""
    lines = files("tzdata").joinpath("zoneinfo/iso3166.tab").read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("\t") for line in lines if not line.startswith("#"))
    return {code: name for code, _, name in pairs}


def country_of(text: str) -> str:
    """The code of a country as it is kept. Raises WishError."""
    code = text.strip().upper()
    if code in countries():
        return code
    meant = f"; {_OFTEN_MEANT[code]} is what you mean" if code in _OFTEN_MEANT else ""
    raise WishError(f"{text[:20]!r} is not a country; give its two letters of ISO 3166-1, such as KR{meant}")
