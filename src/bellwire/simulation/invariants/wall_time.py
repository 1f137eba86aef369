"""What comes again rings at its wall time, also when the clocks of its zone change."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bellwire.alerts.alert import Alert
from bellwire.cloud import accounts
from bellwire.simulation.cloud import SimulatedCloud
from bellwire.simulation.facts import Fact, Wished
from bellwire.simulation.invariants.invariant import Invariant
from bellwire.simulation.speaker import SimulatedSpeaker
from bellwire.simulation.world import World

_LOOK_EVERY = timedelta(hours=2)


class WallTimeIsKept(Invariant):
    """A wall time that the clocks skip is the instant of the change. Not asked of the rule, but of the clock itself."""

    name = "wall time is kept"

    def __init__(self, world: World, cloud: SimulatedCloud, speakers: Mapping[str, SimulatedSpeaker]) -> None:
        """Nobody has wished for anything yet."""
        super().__init__(world, cloud, speakers)
        self._next = world.now
        self._accounts: set[str] = set()

    def hear(self, fact: Fact) -> None:
        """Look at all series now and then."""
        if isinstance(fact, Wished):
            self._accounts.add(fact.account)
        if self._world.now < self._next:
            return
        self._next = self._world.now + _LOOK_EVERY
        for account in sorted(self._accounts):
            for shown in self._cloud.store.read(accounts.show_alerts, account, None, 1000):
                self._look(shown.alert)

    def _look(self, alert: Alert) -> None:
        waits = alert.paused_on is None and alert.scheduled_time > self._world.now
        if alert.schedule.rule is None or alert.snoozed_from is not None or not waits:
            return
        wall = alert.scheduled_time.astimezone(ZoneInfo(alert.schedule.zone))
        meant = wall.replace(hour=alert.schedule.start.hour, minute=alert.schedule.start.minute, second=0)
        if wall.time() != meant.time() and _exists(meant):
            raise self._broken(f"{alert.token} is at {wall:%H:%M:%S %Z}, and its wall time is {meant:%H:%M:%S}")


def _exists(wall: datetime) -> bool:
    """Whether the clocks of its zone ever show it."""
    return wall.astimezone(UTC).astimezone(wall.tzinfo).replace(tzinfo=None) == wall.replace(tzinfo=None)
