"""One turn of the engine: alerts take their steps, and each step that the cloud must hear of is reported.

It knows the table of lives and which report belongs to which step; it must not know why a step is taken.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bellwire.alerts.lifecycle import ACTIVE, Life, Step, after
from bellwire.device import difference
from bellwire.device.agenda import Draft
from bellwire.device.held import LOUDEST, Held, State
from bellwire.device.outputs import Output, Send
from bellwire.protocol.messages.alerts import (
    AlertEnteredBackground,
    AlertEnteredForeground,
    AlertStarted,
    AlertStopped,
    DeleteAlertSucceeded,
    OneAlert,
    SetAlertSucceeded,
    VolumeChanged,
)
from bellwire.protocol.messages.envelope import Unread
from bellwire.protocol.profiles.profile import Profile

ANSWER_PATIENCE = timedelta(seconds=5)
"""How long a muted alert waits for the cloud's word; then the device ends it by itself."""

REPORTS: Mapping[Step, type[OneAlert]] = {
    Step.SET: SetAlertSucceeded,
    Step.START: AlertStarted,
    Step.STOP: AlertStopped,
    Step.DELETE: DeleteAlertSucceeded,
}
"""Steps that the cloud must hear of; the others are the device's own affair."""

MOST_OVER = 1000
"""Occurrences that are remembered after they were stopped; of more the oldest are forgotten."""


class Turn:
    """The state while it changes, and what is said meanwhile. Lives as long as one call of `engine.step`."""

    def __init__(self, state: State, now: datetime, profile: Profile) -> None:
        self.now = now
        self.profile = profile
        self.alerts = Draft(state.alerts)
        self.missing = dict(state.missing)
        self.over = dict(state.over)
        self.volume = state.volume
        self.do_not_disturb = state.do_not_disturb
        self.is_behind = state.is_behind
        self.system = state.system
        self.belief = state.belief
        self.raw = ""
        """The directive that leads to it all, as it came."""
        self.unread: tuple[Unread, ...] = ()
        """Entries of its list that can't be read."""
        self.before = state
        self._done: list[Output] = []

    def take(self, held: Held, step: Step) -> Held:
        """Let an alert take a step, and report it. Raises IllegalStepError."""
        moved = self.take_silently(held, step)
        if step in REPORTS:
            self.report(REPORTS[step], moved)
        if step is Step.START:
            self.report_place(moved)
        return moved

    def take_silently(self, held: Held, step: Step) -> Held:
        """Let an alert take a step of which the cloud need not hear. Raises IllegalStepError.

        What is stopped long before its time is still to come: it rang by a clock that was ahead, and was set since.
        """
        life = after(held.life, step)
        is_early = life is Life.STOPPED and self.is_to_come(held.occurrence.scheduled_time)
        if is_early:
            life = Life.SET
        limits = {Life.RINGING: self.profile.ring_limit, Life.MUTED: ANSWER_PATIENCE}
        moved = replace(
            held,
            life=life,
            ends_at=self.now + limits[life] if life in limits else None,
            is_put_off=not is_early
            and life is Life.SET
            and held.life in ACTIVE
            and held.occurrence.scheduled_time > self.now,
            is_missed=held.is_missed and life is Life.STOPPED,
        )
        if life is Life.SNOOZED:
            moved = replace(moved, again_at=self.now + self.system.setup.snooze, snoozes=held.snoozes + 1)
        elif life not in ACTIVE:
            moved = replace(moved, again_at=None, snoozes=0)
        is_removed = life is Life.STOPPED and self.profile.stopping_removes
        was_stopped = life is Life.ABSENT and held.life is Life.STOPPED and not held.is_missed
        if life is Life.SET:
            self.over.pop(held.token, None)
        if is_removed or was_stopped:
            self.over[held.token] = held.occurrence.scheduled_time
        if is_removed or life is Life.ABSENT:
            self.alerts.pop(held.token, None)
        else:
            self.alerts[held.token] = moved
        return moved

    def is_to_come(self, time: datetime, *, was_heard: bool = True) -> bool:
        """Whether that is after now, by a clock that is believed.

        Where it was heard already, so long after now as what is past is too late to ring.
        """
        least = self.profile.past_due if was_heard else timedelta.resolution
        return not self.belief.is_doubted and time - self.now >= least

    def report(self, report: type[OneAlert], held: Held, *, certified: bool = True) -> None:
        """Tell the cloud something of one alert."""
        self.do(Send(report(token=held.token, type=held.occurrence.kind.value), certified))

    def report_place(self, held: Held) -> None:
        """Tell the cloud whether what rings is in front or behind something else, where a version has words for it.

        It must arrive, for what comes after the alert's end would be taken for a new beginning.
        """
        place = AlertEnteredBackground if self.is_behind else AlertEnteredForeground
        if self.profile.has(place):
            self.report(place, held)

    def set_volume(self, volume: int) -> None:
        """Let alerts ring so loud, and tell the cloud (VolumeChanged) where a version has it."""
        self.volume = min(max(volume, 0), LOUDEST)
        if self.profile.has(VolumeChanged):
            self.do(Send(VolumeChanged(volume=self.volume)))

    def do(self, output: Output) -> None:
        """Have something done that does not follow from the state."""
        self._done.append(output)

    @property
    def sounding(self) -> Held | None:
        """The alert that has the bell now."""
        return self.alerts.sounding

    def end(self) -> tuple[State, tuple[Output, ...]]:
        """The new state, and all that is to be done but to keep it: what is said first, then what is heard."""
        state = State(
            alerts=self.alerts.agenda(),
            missing=self.missing,
            over=self.over if len(self.over) <= MOST_OVER else dict(list(self.over.items())[-MOST_OVER:]),
            volume=self.volume,
            do_not_disturb=self.do_not_disturb,
            is_behind=self.is_behind,
            system=self.system,
            belief=self.belief,
        )
        return state, tuple(self._outputs(state))

    def _outputs(self, state: State) -> Iterator[Output]:
        yield from self._done
        yield from difference.to_sound(self.before, state, self.profile)
        yield from difference.to_fetch(self.before, state, self.profile)
        yield difference.to_wake(state)
