"""What becomes of a device when its clock is set, corrected, or not believed.

It knows which of its times count from now on and so go with the clock; it must not know a clock. PURE, as the whole
engine. `due` follows every input, before anything falls due.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from bellwire.alerts.lifecycle import Life, Step
from bellwire.device import belief, do_not_disturb, inputs, system
from bellwire.device.belief import NOTHING
from bellwire.device.outputs import CorrectClock, Warn
from bellwire.device.turn import Turn

SET_IT = "let NTP set it (`timedatectl set-ntp true`), or set it by hand"


def started(turn: Turn, happened: inputs.Started) -> None:
    """The device has booted, with whatever its clock shows."""
    turn.belief = belief.at_start(turn.now, happened.latest, is_same_boot=happened.is_same_boot)


def due(turn: Turn) -> None:
    """Nobody has said what time it is, for long enough: the best guess must do, for somebody wants to be woken."""
    turn.belief, by = belief.waited(turn.belief, turn.now)
    turn.do_not_disturb = do_not_disturb.at(turn.do_not_disturb, turn.now)
    if _correct(turn, by):
        turn.do(
            Warn(
                "this machine's clock is behind, and neither NTP nor the cloud has said how far: alerts ring late by as"
                f" long as it had no power; {SET_IT}"
            )
        )
    if turn.belief is not turn.before.belief:
        _take_back(turn)


def _clock_stepped(turn: Turn, stepped: inputs.ClockStepped) -> None:
    turn.belief = belief.was_set(turn.belief, stepped.by, turn.now)
    _carry(turn, stepped.by)


def _kept_by_ntp(turn: Turn, _happened: inputs.KeptByNtp) -> None:
    """What was corrected before NTP was there was less right."""
    turn.belief, by = belief.kept_by_ntp(turn.belief)
    _correct(turn, by)


def _time_told(turn: Turn, told: inputs.TimeTold) -> None:
    turn.belief, by = belief.told(turn.belief, turn.now, told.time)
    if _correct(turn, by):
        off = f"{abs(by.total_seconds()):.0f} s {'behind' if by > NOTHING else 'ahead'}"
        turn.do(Warn(f"this machine's clock is {off}: alerts ring by the cloud's; {SET_IT}"))


def _correct(turn: Turn, by: timedelta) -> bool:
    """Let it be another time from here on, in this turn already; whether that is a difference."""
    if by == NOTHING:
        return False
    turn.do(CorrectClock(by))
    turn.now += by
    _carry(turn, by)
    return True


def _carry(turn: Turn, by: timedelta) -> None:
    """Times of day are what they were; what counts from now on is carried along with the clock."""
    turn.do_not_disturb = do_not_disturb.clock_set(turn.do_not_disturb, by, turn.now)
    for held in turn.alerts.counting():
        turn.alerts[held.token] = held.moved_by(by)
    turn.missing = {url: time + by for url, time in turn.missing.items()}
    turn.system = system.moved_by(turn.system, by)


def _take_back(turn: Turn) -> None:
    """What a clock that was ahead has rung and somebody stopped, or what it took for missed, is still to come.

    What rings goes on: a clock that is set must not silence anything. It is set for its time when it is stopped.
    """
    for held in list(turn.alerts.values()):
        was_heard = held.life is Life.STOPPED and not held.is_missed
        is_past = held.life in {Life.STOPPED, Life.WAITING}
        if is_past and turn.is_to_come(held.occurrence.scheduled_time, was_heard=was_heard):
            turn.take_silently(held, Step.SET)
    turn.over = {token: time for token, time in turn.over.items() if not turn.is_to_come(time)}


INPUTS: Mapping[type[inputs.Input], Callable[[Turn, Any], None]] = {
    inputs.ClockStepped: _clock_stepped,
    inputs.KeptByNtp: _kept_by_ntp,
    inputs.TimeTold: _time_told,
}
