"""On which days a country works: its own week, without its public holidays.

It knows countries by their codes (ISO 3166-1 alpha-2) and what `holidays` knows of them; it must not know alerts.
"""

from datetime import date
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from holidays import HolidayBase


def has_calendar(country: str) -> bool:
    """Whether the public holidays of this country are known."""
    known: dict[str, object] = _holidays().list_supported_countries(include_aliases=False)
    return country in known


def is_workday(country: str, day: date) -> bool:
    """Whether people work there on that day, also on a Saturday that stands for another day. Raises ValueError."""
    return _calendar(country).is_working_day(day)


@cache
def _calendar(country: str) -> "HolidayBase":
    if not has_calendar(country):
        raise ValueError(f"the public holidays of {country} are not known; use --every weekday instead")
    calendar: HolidayBase = _holidays().country_holidays(country)
    return calendar


@cache
def _holidays() -> Any:
    # Loaded when it is first asked for: it is as large as all the rest, and most commands never ask.
    return import_module("holidays")
