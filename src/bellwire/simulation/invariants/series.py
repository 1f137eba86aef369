"""A series never stalls: what comes again has its next occurrence before it."""

from datetime import timedelta

from bellwire.cloud import accounts
from bellwire.simulation.invariants.invariant import Ending, Invariant

_LATEST = timedelta(hours=2, minutes=15)
"""Nothing rings for longer, and so soon after that the cloud looks for what nobody reported."""


class SeriesGoOn(Invariant):
    """Whoever did not report."""

    name = "a series never stalls"

    def end(self, ending: Ending) -> None:
        """Look at the times of all alerts of all accounts."""
        for account in sorted({speaker.device.account_id for speaker in ending.speakers.values()}):
            for shown in ending.cloud.store.read(accounts.show_alerts, account, None, 1000):
                alert = shown.alert
                if alert.paused_on is None and alert.scheduled_time < ending.world.now - _LATEST:
                    raise self._broken(f"{alert.token} still stands at {alert.scheduled_time:%Y-%m-%d %H:%M:%S}")
