"""What a speaker's lights show follows from what can be seen of it.

It knows what happens to a speaker; it must not know a lamp.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from bellwire.alerts.alert import Occurrence
from bellwire.device.do_not_disturb import DoNotDisturb
from bellwire.device.hardware import Lights
from bellwire.device.observer import Observer


class Lighting(Observer):
    """Says what is to be shown, each time that it is something else."""

    def __init__(self, show: Callable[[Lights], None]) -> None:
        self._show = show
        self._lights: Lights | None = None
        self._alerts: set[str] = set()
        self._ringing: str | None = None

    def begin(self) -> None:
        """At first there is nothing to show."""
        self._change()

    def connected(self) -> None:
        """The cloud can be reached."""
        self._change(connected=True)

    def disconnected(self, reason: str) -> None:
        """It can't."""
        self._change(connected=False)

    def alert_set(self, occurrence: Occurrence) -> None:
        """An alert is there."""
        self._alerts.add(occurrence.token)
        self._change(alert_set=True)

    def alert_ringing(self, occurrence: Occurrence, late: timedelta) -> None:
        """It rings."""
        self._ringing = occurrence.token
        self._change(ringing=True)

    def alert_stopped(self, occurrence: Occurrence) -> None:
        """What rang, or was missed while another rings, is over; it rings again when it is set again."""
        self._alerts.discard(occurrence.token)
        self._silent(occurrence.token)

    def alert_snoozed(self, occurrence: Occurrence, until: datetime) -> None:
        """It rings no longer, for a while."""
        self._silent(occurrence.token)

    def alert_removed(self, occurrence: Occurrence) -> None:
        """It is there no longer."""
        self._alerts.discard(occurrence.token)
        self._change(alert_set=bool(self._alerts))

    def muted(self, is_muted: bool) -> None:
        """What rings is silent by hand, or heard again."""
        self._change(muted=is_muted)

    def do_not_disturb_changed(self, setting: DoNotDisturb) -> None:
        """It was switched, or set."""
        self._change(do_not_disturb=setting.is_on)

    def _silent(self, token: str) -> None:
        if token == self._ringing:
            self._ringing = None
        self._change(ringing=self._ringing is not None, alert_set=bool(self._alerts))

    def _change(self, **changed: bool) -> None:
        lights = replace(self._lights or Lights(), **changed)
        if lights != self._lights:
            self._lights = lights
            self._show(lights)
