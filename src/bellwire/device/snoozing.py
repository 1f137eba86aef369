"""Snooze on the speaker: it silences what rings by itself, asks the cloud, and rings again if nothing comes of that.

It knows what a press means; it must not know how a cloud answers: a later time for the token takes the snooze's place.
"""

from bellwire.alerts.lifecycle import Life, Step
from bellwire.device import inputs
from bellwire.device.held import Held, State
from bellwire.device.outputs import Warn
from bellwire.device.turn import Turn
from bellwire.protocol.messages.bellwire import RequestAlertSnooze, RequestSnoozeEnd


def snooze_pressed(turn: Turn, _happened: inputs.SnoozePressed) -> None:
    """Silence what rings for a while (Snooze). No AlertStopped: that would end it, in any cloud."""
    held = turn.sounding
    if held is None or held.life is not Life.RINGING:
        return
    most = turn.system.setup.most_snoozes
    if held.snoozes >= most:
        turn.do(Warn(f"snoozed {most} times, which is as often as can be: it rings until it is stopped"))
        return
    turn.report(RequestAlertSnooze, turn.take(held, Step.SNOOZE), certified=False)


def end_snooze(turn: Turn) -> None:
    """Somebody pressed stop while nothing rings: what is snoozed is over.

    Of what the cloud has put off, the cloud says so. Where it does not, it rings once more: better than to be silent on
    the day after, for nothing tells a snooze from an alert that was moved while it rang.
    """
    silent = [held for held in turn.alerts.values() if held.life is Life.SNOOZED or held.is_put_off]
    for held in sorted(silent, key=lambda held: held.turn):
        if held.life is Life.SNOOZED:
            turn.take(held, Step.STOP)
        else:
            turn.report(RequestSnoozeEnd, held, certified=False)


def is_missed(held: Held, turn: Turn) -> bool:
    """Whether it should have rung again so long ago that it rings no more."""
    return held.life is Life.SNOOZED and held.due_at < turn.now - turn.profile.past_due


REQUESTS = (RequestAlertSnooze, RequestSnoozeEnd)


def is_moot(message: RequestAlertSnooze | RequestSnoozeEnd, state: State) -> bool:
    """Whether a request that waits to be sent is of something that is over."""
    held = state.alerts.get(message.token)
    if isinstance(message, RequestAlertSnooze):
        return held is None or held.life is not Life.SNOOZED
    return held is None or not held.is_put_off
