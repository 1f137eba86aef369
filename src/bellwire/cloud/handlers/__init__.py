"""What each event changes. One event is one transaction: its context is believed, then its message is carried out.

It knows that order, and the tables of the namespaces; it must not know any message.
"""

from bellwire.cloud.handlers import alerts, bellwire, system
from bellwire.cloud.handlers.arrival import Arrival
from bellwire.cloud.occurrences import NOBODY
from bellwire.cloud.store.standings import load_standing_rows
from bellwire.cloud.store.transaction import Transaction
from bellwire.protocol.messages import Message
from bellwire.protocol.messages.envelope import NotServed

__all__ = ["Arrival", "receive", "remark"]


def _context_alone(_arrival: Arrival, _rows: alerts.Rows) -> Transaction[frozenset[str]]:
    """Of a namespace that is not served the context counts, as that of every event."""
    yield from ()
    return NOBODY


HANDLERS: dict[type[Message], alerts.Handler] = {
    **alerts.HANDLERS,
    **bellwire.HANDLERS,
    **system.HANDLERS,
    NotServed: _context_alone,
}


def receive(arrival: Arrival) -> Transaction[frozenset[str]]:
    """Carry out one event. Returns the ids of the devices that may have to be told something now."""
    rows = yield from load_standing_rows(arrival.device.account_id, arrival.device.device_id)
    woken = yield from alerts.believe_context(arrival, rows)
    woken |= yield from HANDLERS[type(arrival.event.message)](arrival, rows)
    return woken


def remark(arrival: Arrival) -> str | None:
    """What whoever runs the cloud should know of an event, about its device, in a line of the log; None: nothing."""
    remark_on = system.REMARKS.get(type(arrival.event.message))
    return remark_on(arrival) if remark_on else None
