"""The messages of namespace Bellwire: what people do with alerts, and the documents have no words for.

Our speaker says them in every version. A cloud of another maker does not know them, so nothing may wait for an answer.
"""

from bellwire.protocol.messages.alerts import OneAlert


class RequestAlertSnooze(OneAlert, frozen=True, kw_only=True):
    """Somebody pressed snooze while this alert rang: please say SetAlert with a later time. Event."""

    namespace = "Bellwire"


class RequestSnoozeEnd(OneAlert, frozen=True, kw_only=True):
    """Somebody pressed stop while this alert was snoozed: please say what comes next, and not this time. Event."""

    namespace = "Bellwire"
