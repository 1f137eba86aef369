"""A series never stalls, and leaves nothing out: what comes again has its next occurrence before it."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bellwire.alerts.alert import Alert, Schedule
from bellwire.cloud import accounts
from bellwire.simulation.cloud import SimulatedCloud
from bellwire.simulation.facts import Fact
from bellwire.simulation.invariants.invariant import Ending, Invariant
from bellwire.simulation.speaker import SimulatedSpeaker
from bellwire.simulation.world import World

_LATEST = timedelta(hours=2, minutes=15)
"""Nothing rings for longer, and so soon after that the cloud looks for what nobody reported."""
_EARLY = timedelta(hours=6)
"""So long before its time an occurrence may be over: a clock that is that far ahead has rung it, and it was stopped."""
_LOOK_EVERY = timedelta(hours=9)
_A_WEEK_AND_MORE = 16
"""Days in which a series has an occurrence, some of them skipped."""
_DAYS: Mapping[str, frozenset[int]] = {
    "FREQ=DAILY": frozenset(range(7)),
    "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR": frozenset(range(5)),
    "FREQ=WEEKLY;BYDAY=SA,SU": frozenset({5, 6}),
}
"""Days of the week, of rules that people here choose; of another one: that of its first occurrence."""


class SeriesGoOn(Invariant):
    """Whoever did not report, and however often. Not asked of the rule, but of the calendar itself."""

    name = "a series never stalls, and leaves nothing out"

    def __init__(self, world: World, cloud: SimulatedCloud, speakers: Mapping[str, SimulatedSpeaker]) -> None:
        """Nothing comes again yet."""
        super().__init__(world, cloud, speakers)
        self._next = world.now

    def hear(self, fact: Fact) -> None:
        """Look at all series now and then: what is left out in between may be caught up with at the end."""
        if self._world.now >= self._next:
            self._next = self._world.now + _LOOK_EVERY
            for alert in self._alerts(self._speakers):
                self._leaves_nothing_out(alert)

    def end(self, ending: Ending) -> None:
        """Look at the times of all alerts of all accounts."""
        for alert in self._alerts(ending.speakers):
            if alert.paused_on is None and alert.scheduled_time < ending.world.now - _LATEST:
                raise self._broken(f"{alert.token} still stands at {alert.scheduled_time:%Y-%m-%d %H:%M:%S}")
            self._leaves_nothing_out(alert)

    def _alerts(self, speakers: Mapping[str, SimulatedSpeaker]) -> list[Alert]:
        homes = sorted({speaker.device.account_id for speaker in speakers.values()})
        return [
            shown.alert
            for account in homes
            for shown in self._cloud.store.read(accounts.show_alerts, account, None, 1000)
        ]

    def _leaves_nothing_out(self, alert: Alert) -> None:
        if alert.schedule.rule is None or alert.paused_on is not None or alert.snoozed_from is not None:
            return
        due = _first(alert.schedule, self._world.now + _EARLY)
        if due is not None and alert.scheduled_time > due:
            times = f"{alert.scheduled_time:%m-%d %H:%M:%S}, and should do so at {due:%m-%d %H:%M:%S}"
            raise self._broken(f"{alert.token} rings next at {times}")


def _first(schedule: Schedule, after: datetime) -> datetime | None:
    """Day by day: the first of its times after this, in UTC; one that the clocks skip may be an hour later."""
    zone = ZoneInfo(schedule.zone)
    days = _DAYS.get(schedule.rule or "", frozenset({schedule.start.weekday()}))
    day: date = max(after.astimezone(zone).date(), schedule.start.date())
    for _ in range(_A_WEEK_AND_MORE):
        wall = datetime.combine(day, schedule.start.time())
        is_left_out = day in schedule.except_days or wall in schedule.except_times
        time = wall.replace(tzinfo=zone).astimezone(UTC)
        if time > after and day.weekday() in days and not is_left_out:
            return time
        day += timedelta(days=1)
    return None
