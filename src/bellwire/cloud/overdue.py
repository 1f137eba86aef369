"""Occurrences that nobody reported over: a dead speaker must never stall a series.

It knows how long to wait for a report; it must not know devices or their words.
"""

from datetime import datetime, timedelta

from bellwire.cloud.handlers.alerts import end_occurrence
from bellwire.cloud.store.alerts import list_overdue
from bellwire.cloud.store.transaction import Transaction

AT_ONCE = 100
"""Occurrences of one transaction: so few that events beside it are not delayed."""
RINGING_AT_MOST = timedelta(hours=2)
"""Longer than any device rings, with the time by which it may have begun late."""


def end_overdue(now: datetime, past_due: timedelta) -> Transaction[tuple[int, frozenset[str]]]:
    """End the occurrences that are past by more than `past_due` and do not ring anywhere (or have rung far too long).

    Returns how many, and the ids of the devices that may have to be told something now.
    """
    overdue = yield from list_overdue(now - past_due, now - RINGING_AT_MOST, AT_ONCE)
    woken: frozenset[str] = frozenset()
    for account_id, token, occurrence in overdue:
        woken |= yield from end_occurrence(account_id, token, occurrence, now)
    return len(overdue), woken
