"""Occurrences that nobody reported over: a dead speaker must never stall a series.

It knows how long to wait for a report; it must not know devices or their words.
"""

from datetime import datetime, timedelta

from bellwire.cloud.store.alerts import list_overdue
from bellwire.cloud.store.transaction import Transaction

AT_ONCE = 100
"""Occurrences of one look: so few that events beside it are not delayed."""
RINGING_AT_MOST = timedelta(hours=2)
"""Longer than any device rings, with the time by which it may have begun late or waited for another one."""


def overdue(now: datetime, past_due: timedelta) -> Transaction[list[tuple[str, str, datetime]]]:
    """Account id, token and occurrence of alerts that are past by more than `past_due`, and that nobody reported over.

    Not those on devices where something rings: they ring, or wait for their turn. But nothing rings for ever.
    Each is then to be ended by `occurrences.end_occurrence`, in a transaction of its own.
    """
    return (yield from list_overdue(now - past_due, now - RINGING_AT_MOST, AT_ONCE))
