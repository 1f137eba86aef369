"""Occurrences that nobody reported over: a dead speaker must never stall a series.

It knows how long to wait for a report; it must not know devices or their words.
"""

from datetime import datetime, timedelta

from bellwire.cloud.occurrences import end_occurrence
from bellwire.cloud.store.alerts import list_overdue, load_alert
from bellwire.cloud.store.changes import add_missed
from bellwire.cloud.store.standings import devices_silent_at
from bellwire.cloud.store.transaction import Transaction

AT_ONCE = 50
"""Occurrences of one look: so few that events beside it are not delayed."""
RINGING_AT_MOST = timedelta(hours=2)
"""Longer than any device rings, with the time by which it may have begun late or waited for another one."""


def overdue(now: datetime, past_due: timedelta) -> Transaction[list[tuple[str, str, datetime]]]:
    """Account id, token and occurrence of alerts that are past by more than `past_due`, and that nobody reported over.

    Not those on devices where something rings: they ring, or wait for their turn. But nothing rings for ever.
    Each is then to be ended by `end_unreported`, in a transaction of its own.
    """
    return (yield from list_overdue(now - past_due, now - RINGING_AT_MOST, AT_ONCE))


def end_unreported(account_id: str, token: str, occurrence: datetime, now: datetime) -> Transaction[frozenset[str]]:
    """End an occurrence that nobody reported over; it was missed on every device that did not say that it rang.

    Returns the ids of devices that may have to be told something now.
    """
    alert = yield from load_alert(account_id, token)
    if alert is None or alert.paused_on is not None or alert.scheduled_time != occurrence:
        return frozenset()  # it was edited, paused or reported over since
    yield from add_missed(
        account_id, token, (yield from devices_silent_at(account_id, token, occurrence)), occurrence, now
    )
    return (yield from end_occurrence(account_id, token, occurrence, now))
