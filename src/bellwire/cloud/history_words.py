"""What became of an alert, in plain sentences.

It knows words; it must not know rows, nor who reads them. Times are on the clocks of a zone, with the day where it is
not that of the occurrence.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bellwire.alerts.lifecycle import Life
from bellwire.alerts.reconcile import Patience, has_what_is_desired, next_try
from bellwire.alerts.rings import Ending, Outcome, Ring, Why, late_by, outcome_of, why_missed
from bellwire.alerts.standing import Standing

_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Teller:
    """Tells of the devices that have these names, on the clocks of this zone."""

    names: Mapping[str, str]
    """By device id."""
    zone: ZoneInfo
    patience: Patience

    def when(self, instant: datetime, near: datetime) -> str:
        """A time, with its day where that is not the day of `near`."""
        local, day = instant.astimezone(self.zone), near.astimezone(self.zone).date()
        return f"{local:%H:%M:%S}" if local.date() == day else f"{local:%a %Y-%m-%d %H:%M:%S}"

    def of_ring(self, ring: Ring) -> str:
        """What became of an occurrence on its device."""
        outcome = outcome_of(ring, self.patience.past_due)
        if outcome is Outcome.MISSED:
            return f"missed: {self._missed(ring)}"
        if ring.started_at is None:
            return self._unheard_of(ring)
        late, told = late_by(ring), self.when(ring.started_at, ring.scheduled_time)
        since = "" if late is None else f"{told}, {late_in_words(late)}"
        if outcome is Outcome.RINGING:
            return f"rings since {since}" if since else f"rings; it began while it was offline, as it told at {told}"
        began = f"at {since}" if since else f"while it was offline, as it told at {told} when it was back"
        return f"rang {began}; {self._end(ring)}"

    def _unheard_of(self, ring: Ring) -> str:
        if ring.ending is Ending.LOST:
            return "rang, as far as can be told: it had the alert, which is gone since its time; its reports were lost"
        return f"rang, though its start was not reported; {self._end(ring)}"

    def _end(self, ring: Ring) -> str:
        cause = self._cause(ring)
        if ring.stopped_at is None:
            told = f"over since {self.when(ring.over_at or ring.scheduled_time, ring.scheduled_time)}"
            return f"{told}{cause}; it has not said that it stopped"
        if ring.ending is Ending.DEVICE and ring.started_at and ring.stopped_at - ring.started_at >= _HOUR:
            cause = ", by itself: its hour was over"
        return f"stopped at {self.when(ring.stopped_at, ring.scheduled_time)}{cause}"

    def _cause(self, ring: Ring) -> str:
        return _ENDINGS[ring.ending](self._place(ring)) if ring.ending else ""

    def _place(self, ring: Ring) -> str:
        if ring.ended_by is None:
            return ""
        return " there" if ring.ended_by == ring.device_id else f" on {self._name(ring.ended_by)}"

    def _name(self, device_id: str) -> str:
        return self.names.get(device_id, "a device that was removed")

    def _missed(self, ring: Ring) -> str:
        why = why_missed(ring, self.patience.past_due)
        if why is Why.REFUSED:
            return f"it refused the alert (SetAlertFailed), {_times(ring.failures)}"
        if why is Why.OFFLINE:
            return self._offline(ring)
        if why is Why.PAST_DUE:
            dropped = self.when(ring.stopped_at or ring.scheduled_time, ring.scheduled_time)
            return f"past due; at {dropped} it dropped the alert, and it never said that it rang"
        if why is Why.ENDED_FIRST:
            over = self.when(ring.over_at or ring.scheduled_time, ring.scheduled_time)
            return f"it had not begun to ring when it was over, at {over}{self._cause(ring)}"
        if why is Why.UNACKNOWLEDGED:
            return "it was connected, and never acknowledged the alert"
        return "it had the alert and was connected, and never said that it rang"

    def _offline(self, ring: Ring) -> str:
        since = f"it was offline since {self.when(ring.offline_since or ring.scheduled_time, ring.scheduled_time)}"
        if ring.stopped_at is not None:
            return f"{since}; at {self.when(ring.stopped_at, ring.scheduled_time)} it was back and dropped it, past due"
        if ring.set_at is None:
            return f"{since}, and had not acknowledged the alert"
        return f"{since}; it had the alert, so it may have rung by itself: it says so when it is back"

    def of_standing(self, standing: Standing, offline_since: datetime | None, now: datetime) -> str:
        """How the alert stands on a device now."""
        desired, reported = standing.desired, standing.reported
        away = f"offline since {self.when(offline_since, now)}" if offline_since else ""
        if reported.life is Life.RINGING:
            return f"rings since {self.when(reported.since, now)}"
        if desired is None:
            gone = "not there" if reported.life is Life.ABSENT else "it has not confirmed yet that it is gone"
            return _joined(gone, away)
        time = self.when(desired.scheduled_time, now)
        if has_what_is_desired(standing):
            return _joined(
                f"set for {time}, as it said at {self.when(reported.since, now)}", away and f"{away}: {_ALONE}"
            )
        if reported.life is Life.FAILED and reported.version == desired.version:
            return _joined(self._refused(standing, now), away)
        has = reported.scheduled_time if reported.life is Life.SET else None
        still = f"it still has {self.when(has, now)}" if has else ""
        return _joined(f"not yet: it has not acknowledged {time}", still, away)

    def _refused(self, standing: Standing, now: datetime) -> str:
        reported = standing.reported
        again = next_try(reported, self.patience)
        last = self.when(reported.since, now)
        told = f"it refused the alert (SetAlertFailed), {_times(reported.failures)}, last at {last}"
        if again is None:
            return f"{told}; it is not tried any more until the alert is edited"
        return f"{told}; next try at {self.when(again, now)}"


_ALONE = "it rings by itself"
_ENDINGS: dict[Ending, Callable[[str], str]] = {
    Ending.BUTTON: lambda where: f", by the button{where}",
    Ending.ITSELF: lambda _: ", by itself: nobody stopped it",
    Ending.DEVICE: lambda _: ", by its button or by itself: its version does not tell which",
    Ending.UNHEARD: lambda _: ", by its button or by itself: it was offline meanwhile",
    Ending.CANCELLED: lambda _: ", by a later alert",
    Ending.ELSEWHERE: lambda where: f", because it was stopped{where}",
    Ending.ACCOUNT: lambda _: ", in the account",
    Ending.EDITED: lambda _: ", because the alert was edited",
    Ending.EXTENDED: lambda _: ", because the timer was given more time",
    Ending.SNOOZED: lambda where: f", snoozed{where}",
    Ending.PAUSED: lambda _: ", because the alert was paused",
    Ending.DELETED: lambda where: f", because the alert was deleted{where}",
    Ending.LOST: lambda _: " at the latest; the report of it was lost",
    Ending.UNREPORTED: lambda _: ", when nobody had said anything of it",
}


def late_in_words(late: timedelta) -> str:
    """How much after its time: ``12 ms late``."""
    ms = round(late / timedelta(milliseconds=1))
    if ms == 0:
        return "on time"
    size = _length(abs(ms))
    return f"{size} late" if ms > 0 else f"{size} before its time by this cloud's clock"


def _length(ms: int) -> str:
    if ms < 1000:
        return f"{ms} ms"
    if ms < 60_000:
        return f"{ms / 1000:.1f} s"
    minutes, seconds = divmod(ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
