"""What a speaker does about its alerts: `step`, a plain function from a state and an input to a state and outputs.

It knows the rules of the documents, with every difference between their versions taken from the profile; it must not
know a clock, a file, a socket or a loudspeaker: time arrives with the input, and the runner performs the outputs.

The functions below change lives only. What must be sounded, fetched and woken for follows from the difference that they
make, and what must be saved from that to the disk (`difference`), what must be reported from the steps that they take
(`turn`); and what falls due does so by itself (`due`).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bellwire.alerts.alert import Occurrence
from bellwire.alerts.lifecycle import ACTIVE, Life, Step
from bellwire.device import do_not_disturb, failures, inactivity, inputs, snoozing, system, timekeeping
from bellwire.device.do_not_disturb import DoNotDisturb
from bellwire.device.due import end_what_is_over, fall_due, fetch_again
from bellwire.device.held import LOUDEST, Held, State
from bellwire.device.inputs import Input
from bellwire.device.occurrences import alerts_state_of, is_too_large, occurrence_of
from bellwire.device.outputs import Output, Send
from bellwire.device.turn import Turn
from bellwire.protocol.messages import Message
from bellwire.protocol.messages.alerts import (
    AdjustVolume,
    AlertStopped,
    DeleteAlert,
    DeleteAlerts,
    DeleteAlertsSucceeded,
    DeleteAlertSucceeded,
    RequestAlertStop,
    SetAlert,
    SetAlertFailed,
    SetAlertSucceeded,
    SetVolume,
    StopAlert,
    SynchronizeAlert,
)
from bellwire.protocol.messages.context import AlertsState
from bellwire.protocol.messages.envelope import Directive
from bellwire.protocol.messages.system import SynchronizeState
from bellwire.protocol.profiles.profile import Profile

MAX_ALERTS = 1000
"""Held at once; setting one more fails."""

ASSET_PATIENCE = timedelta(minutes=5)
"""After an asset could not be fetched, before it is tried again."""


def step(state: State, happened: Input, now: datetime, profile: Profile) -> tuple[State, tuple[Output, ...]]:
    """The state after `happened`, at the instant `now`, and what is to be done about it, in this order.

    Whatever happened, what is due by `now` is done too. Raises nothing for any input.
    """
    turn = Turn(state, now, profile)
    _INPUTS[type(happened)](turn, happened)
    if type(happened) in inactivity.USER_ACTIVITY:
        inactivity.in_use(turn)
    timekeeping.due(turn)
    end_what_is_over(turn)
    system.due(turn)
    fall_due(turn)
    fetch_again(turn)
    return turn.end()


def alerts_state(state: State) -> AlertsState:
    """The context that goes with every event."""
    return alerts_state_of(state.alerts.values())


def is_moot(message: Message, state: State) -> bool:
    """Whether an event that waits to be sent has lost its sense.

    A request to stop what has stopped would be taken for the next occurrence, which would then not be heard.
    """
    if isinstance(message, snoozing.REQUESTS):
        return snoozing.is_moot(message, state)
    if not isinstance(message, RequestAlertStop):
        return inactivity.is_stale(message, state)
    held = state.alerts.get(message.token)
    return held is None or held.life is not Life.MUTED


# What the cloud says.


def _told(turn: Turn, told: inputs.Told) -> None:
    turn.raw = told.raw
    _directive(turn, told.directive)


def _directive(turn: Turn, directive: Directive) -> None:
    turn.unread = directive.unread
    _DIRECTIVES.get(type(directive.message), _nothing)(turn, directive.message)


def _set_alert(turn: Turn, message: SetAlert) -> None:
    """Add an alert, or change the one of this token (SetAlert)."""
    _set(turn, occurrence_of(message))


def _set(turn: Turn, occurrence: Occurrence) -> None:
    """A change that fails leaves the alert as it was: better the old time than none.

    The same time is the same occurrence: it rings on, waits on, or is over. Another time is a snooze for what rings.
    """
    held = turn.alerts.get(occurrence.token)
    if turn.over.get(occurrence.token) == occurrence.scheduled_time:
        _say_that_it_is_over(turn, Held(occurrence))
        return
    changed = replace(held, occurrence=occurrence, hidden=False) if held else Held(occurrence, Life.ABSENT)
    is_same = held is not None and held.occurrence.scheduled_time == occurrence.scheduled_time
    if _must_fail(turn, changed, is_same=is_same):
        turn.report(SetAlertFailed, changed)
    elif is_same:
        turn.alerts[changed.token] = changed
        turn.report(SetAlertSucceeded, changed)
    else:
        if held and held.life in ACTIVE:
            turn.take(held, Step.STOP)
        turn.take(changed, Step.SET)


def _say_that_it_is_over(turn: Turn, held: Held) -> None:
    """It was stopped here and is gone; it comes again because the cloud has not heard of it: nobody is woken twice."""
    turn.report(SetAlertSucceeded, held)
    turn.report(AlertStopped, held)


def _must_fail(turn: Turn, changed: Held, *, is_same: bool) -> bool:
    is_past = changed.occurrence.scheduled_time < turn.now - turn.profile.past_due and not turn.belief.is_doubted
    is_full = changed.life is Life.ABSENT and len(turn.alerts) >= MAX_ALERTS
    is_refused = is_full or is_too_large(changed.occurrence) or turn.system.is_deleting
    return is_refused or (is_past and not is_same)


def _delete_alert(turn: Turn, message: DeleteAlert) -> None:
    """Delete it (DeleteAlert). One that is not there is gone already: the directive may come twice."""
    held = turn.alerts.get(message.token)
    if held is None:
        turn.do(Send(DeleteAlertSucceeded(token=message.token, type=message.type)))
    else:
        _remove(turn, held)


def _remove(turn: Turn, held: Held) -> None:
    turn.take(_stopped(turn, held), Step.DELETE)


def _stopped(turn: Turn, held: Held) -> Held:
    """The alert, whose occurrence is over."""
    return turn.take(held, Step.STOP) if held.life in ACTIVE else held


def _delete_alerts(turn: Turn, message: DeleteAlerts) -> None:
    """Delete all of these (DeleteAlerts); those that are not there are gone already.

    All or nothing: what one turn changes is kept together or not at all.
    """
    for token in dict.fromkeys(message.tokens):
        held = turn.alerts.get(token)
        if held is not None:
            turn.take_silently(_stopped(turn, held), Step.DELETE)
    turn.do(Send(DeleteAlertsSucceeded(tokens=message.tokens)))


def _set_volume(turn: Turn, message: SetVolume) -> None:
    """Ring so loud (SetVolume). What is so already is said too: the cloud that asks may not know it."""
    turn.set_volume(message.volume)


def _adjust_volume(turn: Turn, message: AdjustVolume) -> None:
    """Ring louder or softer by so much (AdjustVolume), within what there is."""
    turn.set_volume(turn.volume + message.volume)


def _stop_alert(turn: Turn, message: StopAlert) -> None:
    """End what rings or is about to (StopAlert).

    What is not due is left alone and not reported: the cloud would take that for the end of its next occurrence.
    """
    held = turn.alerts.get(message.token)
    if held and held.life in {*ACTIVE, Life.WAITING}:
        turn.take(held, Step.STOP)


def _synchronize(turn: Turn, message: SynchronizeAlert | SynchronizeState) -> None:
    """Have exactly these alerts (SynchronizeAlert, SynchronizeState).

    What is as it should be is not touched, and not reported; nor is what is listed and can't be read: better the old
    time than none. Where an entry leaves open which alert it is, that may be any.
    """
    listed = {alert.token: alert for alert in message.all_alerts or ()}
    spared = {token for entry in turn.unread for token in entry.tokens}
    if all(entry.tokens for entry in turn.unread):
        for stranger in [held for token, held in turn.alerts.items() if token not in listed.keys() | spared]:
            _remove(turn, stranger)
    for occurrence in map(occurrence_of, listed.values()):
        held = turn.alerts.get(occurrence.token)
        if held is not None and held.occurrence == occurrence:
            turn.alerts[held.token] = replace(held, hidden=False)
        else:
            _set(turn, occurrence)
    for entry in turn.unread:
        failures.not_understood(turn, inputs.NotUnderstood(turn.raw, entry.problem, entry))


# What people do.


def _stop_pressed(turn: Turn, _happened: inputs.StopPressed) -> None:
    """Silence at once; whether it is over, the cloud says where the profile has it so (RequestAlertStop, Remarks)."""
    held = turn.sounding
    if held is None:
        snoozing.end_snooze(turn)
    elif held.life is not Life.RINGING:
        return
    elif turn.profile.stop_asks_first:
        turn.take(held, Step.MUTE)
        turn.report(RequestAlertStop, held, certified=False)
    else:
        turn.take(held, Step.STOP)


def _delete_pressed(turn: Turn, pressed: inputs.DeletePressed) -> None:
    """Hide it at once; the cloud says when to delete it (RequestDeleteAlert, Remarks).

    Where a version has no such request, alerts are deleted in the account only (Alerts, introduction).
    The request must arrive: what was deleted without a network would come back with the next list.
    """
    held = turn.alerts.get(pressed.token)
    request = turn.profile.delete_request
    if request is None or held is None or held.hidden:
        return
    hidden = turn.alerts[held.token] = replace(held, hidden=True)
    turn.report(request, hidden)
    if held.life is Life.RINGING:
        turn.take(hidden, Step.MUTE)
    elif held.life in {Life.WAITING, Life.SNOOZED}:
        turn.take(hidden, Step.STOP)


def _volume_pressed(turn: Turn, pressed: inputs.VolumePressed) -> None:
    if min(max(pressed.volume, 0), LOUDEST) != turn.volume:
        turn.set_volume(pressed.volume)


def _do_not_disturb_pressed(turn: Turn, pressed: inputs.DoNotDisturbPressed) -> None:
    turn.do_not_disturb = replace(turn.do_not_disturb, is_on=pressed.is_on)


def _do_not_disturb_set(turn: Turn, wish: inputs.DoNotDisturbSet) -> None:
    """Without hours it stays as it was switched by hand; what hours have switched on goes off with them."""
    was = turn.do_not_disturb
    wanted = DoNotDisturb(was.is_on and was.hours is None, wish.hours, wish.exceptions)
    turn.do_not_disturb = do_not_disturb.set_to(wanted, turn.now)


# What becomes of the device.


def _started(turn: Turn, started: inputs.Started) -> None:
    """Go on where the power went. What rang or waited is due again; what was muted is over, for nobody will answer.

    What was snoozed rings again at its time.
    """
    turn.volume, turn.do_not_disturb = started.volume, started.do_not_disturb
    turn.alerts.update((held.token, held) for held in started.alerts)
    timekeeping.started(turn, started)
    system.started(turn, started)
    for held in list(turn.alerts.values()):
        if held.life in {Life.RINGING, Life.WAITING}:
            turn.take_silently(held, Step.SET)
        elif held.life is Life.MUTED or snoozing.is_missed(held, turn):
            turn.take(held, Step.STOP)
        elif held.life is Life.STOPPED and turn.profile.stopping_removes:
            # Kept under another version, which the device spoke before.
            turn.take_silently(held, Step.DELETE)


def _connected(turn: Turn, happened: inputs.Connected) -> None:
    """Begin with what both sides have. Assets may be there again too."""
    system.connected(turn, happened)
    turn.missing = dict.fromkeys(turn.missing, turn.now)


def _disconnected(turn: Turn, happened: inputs.Disconnected) -> None:
    """The answer that a muted alert waits for will not come."""
    system.disconnected(turn, happened)
    held = turn.sounding
    if held is not None and held.life is Life.MUTED:
        turn.take(held, Step.STOP)


def _other_audio(turn: Turn, other: inputs.OtherAudio) -> None:
    """What rings goes behind it, or comes to the front again (AlertEnteredBackground, AlertEnteredForeground)."""
    if other.in_front is turn.is_behind:
        return
    turn.is_behind = other.in_front
    held = turn.sounding
    if held is not None and held.life is Life.RINGING:
        turn.report_place(held)


def _playback_ended(turn: Turn, ended: inputs.PlaybackEnded) -> None:
    held = turn.sounding
    if held is not None and held.token == ended.token:
        turn.take(held, Step.STOP)


def _asset_fetched(turn: Turn, fetched: inputs.AssetFetched) -> None:
    turn.missing.pop(fetched.url, None)


def _asset_failed(turn: Turn, failed: inputs.AssetFailed) -> None:
    turn.missing[failed.url] = turn.now + ASSET_PATIENCE


def _nothing(_turn: Turn, _happened: Any) -> None:
    """It changes nothing here: a greeting, a tick of the timer, what this device does not know."""


Handler = Callable[[Turn, Any], None]

_DIRECTIVES: Mapping[type[Message], Handler] = {
    AdjustVolume: _adjust_volume,
    DeleteAlert: _delete_alert,
    DeleteAlerts: _delete_alerts,
    SetAlert: _set_alert,
    SetVolume: _set_volume,
    StopAlert: _stop_alert,
    SynchronizeAlert: _synchronize,
    SynchronizeState: _synchronize,
    **system.DIRECTIVES,
}

_INPUTS: Mapping[type[Input], Handler] = {
    Directive: _directive,
    inputs.AssetFailed: _asset_failed,
    inputs.AssetFetched: _asset_fetched,
    inputs.Connected: _connected,
    inputs.DeletePressed: _delete_pressed,
    inputs.Disconnected: _disconnected,
    inputs.DoNotDisturbPressed: _do_not_disturb_pressed,
    inputs.DoNotDisturbSet: _do_not_disturb_set,
    inputs.OtherAudio: _other_audio,
    inputs.PlaybackEnded: _playback_ended,
    inputs.SnoozePressed: snoozing.snooze_pressed,
    inputs.Started: _started,
    inputs.StopPressed: _stop_pressed,
    inputs.Told: _told,
    inputs.VolumePressed: _volume_pressed,
    inputs.Woke: _nothing,
    **failures.INPUTS,
    **system.INPUTS,
    **timekeeping.INPUTS,
}
