"""What the hours bring: alerts fall due, rings come to their end, assets are tried again.

It knows the time of the turn; it must not know what else happened.
"""

from dataclasses import replace

from bellwire.alerts.lifecycle import Step
from bellwire.device.difference import is_needed
from bellwire.device.outputs import Fetch
from bellwire.device.turn import Turn
from bellwire.protocol.profiles.profile import SeveralAtOnce


def end_what_is_over(turn: Turn) -> None:
    """Nobody heard it for too long, or nobody answered when it was muted."""
    held = turn.sounding
    if held is not None and held.ends_at is not None and held.ends_at <= turn.now:
        turn.take(held, Step.STOP)


def fall_due(turn: Turn) -> None:
    """One rings at a time, in the order (time, token); the others wait their turn.

    Where a later alert cancels an older one, it does so when it falls due while the older rings. Alerts that fall due
    together, as after a power cut, ring one after the other: none that was missed is lost unheard. By a clock that is
    not believed nothing falls due, nor is it too late for anything.
    """
    if turn.belief.is_doubted:
        return
    fresh = []
    for held in turn.alerts.due(turn.now):
        is_missed = held.occurrence.scheduled_time < turn.now - turn.profile.past_due
        if held.hidden or is_missed:
            turn.take(replace(held, is_missed=is_missed), Step.STOP)
        else:
            fresh.append(turn.take(held, Step.WAIT))
    ringing = turn.sounding
    if ringing is None:
        waiting = turn.alerts.waiting(turn.now)
    elif turn.profile.several_at_once is SeveralAtOnce.CANCEL_OLDER:
        waiting = [held for held in fresh if held.occurrence.scheduled_time > ringing.occurrence.scheduled_time]
    else:
        return
    if waiting:
        if ringing is not None:
            turn.take(ringing, Step.STOP)
        turn.take(waiting[0], Step.START)


def fetch_again(turn: Turn) -> None:
    """An asset that could not be had before may be there now."""
    due = [url for url, time in turn.missing.items() if time <= turn.now]
    for url in due:
        del turn.missing[url]
    needed = tuple(sorted(url for url in due if is_needed(url, turn.alerts.values(), turn.profile)))
    if needed:
        turn.do(Fetch(needed))
