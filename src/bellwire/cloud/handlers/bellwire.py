"""What each event of namespace Bellwire changes: what people do on our speakers beyond the documents.

It knows the table at its foot; it must not know how often or how long an alert is snoozed (`snoozing`). Every function
is a transaction, and re-runnable.
"""

from bellwire.cloud.handlers.alerts import Handler, Rows, ringing_at
from bellwire.cloud.handlers.arrival import Arrival
from bellwire.cloud.occurrences import NOBODY, Woken
from bellwire.cloud.snoozing import end_snooze_by_button, snooze_by_button
from bellwire.cloud.store.standings import standing_of
from bellwire.cloud.store.transaction import Transaction
from bellwire.protocol.messages import Message
from bellwire.protocol.messages.alerts import tokens_of
from bellwire.protocol.messages.bellwire import RequestAlertSnooze, RequestSnoozeEnd


def _request_snooze(arrival: Arrival, rows: Rows) -> Transaction[Woken]:
    """Somebody pressed snooze (RequestAlertSnooze); a request that came late, or again, changes nothing."""
    occurrence, woken = yield from ringing_at(arrival, rows)
    if occurrence is None:
        return woken
    (token,), device = tokens_of(arrival.event.message), arrival.device
    snoozed = yield from snooze_by_button(device.account_id, device.device_id, token, occurrence, arrival.now)
    return woken | snoozed


def _request_snooze_end(arrival: Arrival, rows: Rows) -> Transaction[Woken]:
    """Somebody pressed stop on what is snoozed, and still to come (RequestSnoozeEnd)."""
    (token,), device = tokens_of(arrival.event.message), arrival.device
    desired = standing_of(rows[token]).desired if token in rows else None
    if desired is None or desired.scheduled_time <= arrival.now:
        return NOBODY
    again = desired.scheduled_time
    return (yield from end_snooze_by_button(device.account_id, device.device_id, token, again, arrival.now))


HANDLERS: dict[type[Message], Handler] = {
    RequestAlertSnooze: _request_snooze,
    RequestSnoozeEnd: _request_snooze_end,
}
"""What each event changes."""
