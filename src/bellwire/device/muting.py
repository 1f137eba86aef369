"""The mute button: what rings is silent, and goes on.

It knows what rings, and whether it is heard; it must not know why it rings. The cloud is told nothing: to it the alert
rings, until it is stopped or its time is over. The next one is heard: a button that was pressed today makes no alarm
silent tomorrow.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from bellwire.alerts.alert import Occurrence
from bellwire.device.observer import Observer


class Muting(Observer):
    """Whether what rings is heard. It sees what the speaker's observers see."""

    def __init__(self, hush: Callable[[str, bool], None], told: Callable[[bool], None]) -> None:
        """`hush(token, is_hushed)` lets the ring of an alert be heard no longer, or again; `told` hears of each change.

        When the ring is over there is nothing to hush any more: that is told only.
        """
        self._hush = hush
        self._told = told
        self._ringing: str | None = None
        self._is_muted = False

    def press(self) -> None:
        """Silent, if it is heard; heard, if it is silent. Nothing, if nothing rings."""
        if self._ringing is not None:
            self._is_muted = not self._is_muted
            self._hush(self._ringing, self._is_muted)
            self._told(self._is_muted)

    def alert_ringing(self, occurrence: Occurrence, late: timedelta) -> None:
        """It can be heard."""
        if occurrence.token != self._ringing:
            self._over()
            self._ringing = occurrence.token

    def alert_stopped(self, occurrence: Occurrence) -> None:
        """It rings no longer, or was missed."""
        if occurrence.token == self._ringing:
            self._over()

    def alert_snoozed(self, occurrence: Occurrence, until: datetime) -> None:
        """It rings no longer, for a while."""
        self.alert_stopped(occurrence)

    def _over(self) -> None:
        self._ringing = None
        if self._is_muted:
            self._is_muted = False
            self._told(False)
