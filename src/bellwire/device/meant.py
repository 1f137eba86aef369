"""Which alert a button means that names none.

It knows which alerts are there and what rings; it must not know what is done with the one that is meant.
"""

from datetime import datetime, timedelta

from bellwire.alerts.alert import Occurrence
from bellwire.device.observer import Observer


class Meant(Observer):
    """Keeps in sight what rings, and what is next."""

    def __init__(self) -> None:
        self._alerts: dict[str, Occurrence] = {}
        self._ringing: str | None = None

    @property
    def token(self) -> str | None:
        """The one that rings, else the next one; None: there is none."""
        if self._ringing in self._alerts:
            return self._ringing
        alerts = self._alerts.values()
        return min(alerts, key=lambda alert: (alert.scheduled_time, alert.token)).token if alerts else None

    def alert_set(self, occurrence: Occurrence) -> None:
        """An alert is there."""
        self._alerts[occurrence.token] = occurrence

    def alert_ringing(self, occurrence: Occurrence, late: timedelta) -> None:
        """It can be heard."""
        self._ringing = occurrence.token

    def alert_stopped(self, occurrence: Occurrence) -> None:
        """It rings no longer, or was missed."""
        if occurrence.token == self._ringing:
            self._ringing = None

    def alert_snoozed(self, occurrence: Occurrence, until: datetime) -> None:
        """It rings no longer, for a while."""
        self.alert_stopped(occurrence)

    def alert_removed(self, occurrence: Occurrence) -> None:
        """It is there no longer."""
        self._alerts.pop(occurrence.token, None)
