"""What each event of namespace Alerts changes: what a device reported, and what is desired from then on.

It knows the table at its foot and what a report leads to; it must not know what is said to devices in return
(`alerts.reconcile` decides that from the rows). Every function is a transaction, and re-runnable.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, cast

from bellwire.alerts.alert import Kind
from bellwire.alerts.lifecycle import Life, Step
from bellwire.alerts.reconcile import is_settled
from bellwire.alerts.rings import End, Ending, has_drifted
from bellwire.alerts.standing import Standing, ended_occurrence, observed, reported_step, stranger
from bellwire.cloud.handlers.arrival import Arrival
from bellwire.cloud.occurrences import NOBODY, Woken, end_occurrence, goes_apart, silence_occurrence
from bellwire.cloud.ringing import note_done, note_late_start, note_start, note_stop, was_heard
from bellwire.cloud.store.alerts import delete_alert, load_alert
from bellwire.cloud.store.desires import desire
from bellwire.cloud.store.devices import device_drifted
from bellwire.cloud.store.reports import save_volume
from bellwire.cloud.store.standings import (
    ask_for_everything,
    is_as_shown,
    is_not_there,
    lives_of,
    save_report,
    standing_of,
)
from bellwire.cloud.store.transaction import Transaction
from bellwire.protocol.messages import Message
from bellwire.protocol.messages.alerts import (
    AlertEnteredBackground,
    AlertEnteredForeground,
    AlertStarted,
    AlertStopped,
    DeleteAlertFailed,
    DeleteAlertsFailed,
    DeleteAlertsSucceeded,
    DeleteAlertSucceeded,
    OneAlert,
    RequestAlertStop,
    RequestDeleteAlert,
    RequestSynchronizeAlert,
    SetAlertFailed,
    SetAlertSucceeded,
    VolumeChanged,
    tokens_of,
)
from bellwire.protocol.messages.context import AlertState
from bellwire.protocol.profiles.profile import SeveralAtOnce

Rows = Mapping[str, Any]
"""The rows of the device's standings, by token."""
Handler = Callable[[Arrival, Rows], Transaction[Woken]]
MOST_STRANGERS = 100
"""Alerts of a device that should not be there and are heard of at once; the next ones when these are gone."""


def believe_context(arrival: Arrival, rows: Rows) -> Transaction[Woken]:
    """Compare the context with what was believed of the device's alerts, and keep the differences.

    The alert that the event itself is about is left to it: its report says more than its context.
    """
    if arrival.shown is None:
        return NOBODY
    removes = arrival.profile.stopping_removes
    woken, drifts = NOBODY, 0
    for before in _differing(arrival, rows, arrival.shown):
        after = observed(before, arrival.seen(before.token), arrival.now, arrival.told.get(before.token))
        if after is not before:
            drifts += before.token not in rows or has_drifted(before, after, gone_when_stopped=removes)
            ended = ended_occurrence(before, after, gone_when_stopped=removes)
            woken |= yield from _keep(arrival, rows, before, after, ended)
    if drifts:
        yield from device_drifted(arrival.device.account_id, arrival.device.device_id, drifts, arrival.now)
    return woken


def _differing(arrival: Arrival, rows: Rows, shown: Mapping[str, AlertState]) -> Iterator[Standing]:
    """The standings that are not as the context shows them, with those that nobody knew of; none of the event's own."""
    about, ringing, told, agreed = tokens_of(arrival.event.message), arrival.ringing, arrival.told, arrival.agreed
    for token, row in rows.items():
        found, rings = shown.get(token), token in ringing
        if rings or agreed.get(token) != (row, found):
            as_shown = is_as_shown(row, found.scheduled_time, rings) if found else is_not_there(row)
            if as_shown and not rings:
                agreed[token] = row, found
        else:
            as_shown = True
        if token not in about and (not as_shown or token in told):
            yield standing_of(row)
    if len(agreed) > len(rows) + MOST_STRANGERS:  # alerts that are long gone
        agreed.clear()
    if not shown.keys() <= rows.keys():
        unknown = (token for token in shown if token not in rows)
        for token in islice(unknown, _room_for_strangers(rows)):
            if token not in about:
                yield stranger(token, Kind(shown[token].type), arrival.now)


def _room_for_strangers(rows: Rows) -> int:
    return max(0, MOST_STRANGERS - sum(row.desired_ms is None for row in rows.values()))


def _is_heard(rows: Rows, token: str) -> bool:
    return token in rows or _room_for_strangers(rows) > 0


def _keep(
    arrival: Arrival,
    rows: Rows,
    before: Standing,
    after: Standing,
    ended: datetime | None,
    *,
    ending: Ending = Ending.LOST,
) -> Transaction[Woken]:
    """Keep what the device reported; when an occurrence `ended` by it, go on with the alert.

    Where it is not desired any more, it ended because we said so: it may go on ringing on other devices.
    """
    device = arrival.device
    if not _is_heard(rows, after.token):
        return NOBODY
    yield from save_report(device.account_id, device.device_id, after, has_row=after.token in rows)
    yield from note_start(device, before, after, arrival.now, rings=after.token in arrival.ringing)
    woken = NOBODY if is_settled(after) else frozenset((device.device_id,))
    if ended is not None:
        end = End(ending, device.device_id, has_stopped=True)
        if after.desired is None:
            yield from note_stop(device.account_id, after.token, ended, arrival.now, end)
        else:
            woken |= yield from end_occurrence(device.account_id, after.token, ended, arrival.now, end)
    return woken


def _report(step: Step) -> Handler:
    """Make the handler of an event that reports one step of an alert's life."""

    def handle(arrival: Arrival, rows: Rows) -> Transaction[Woken]:
        woken = NOBODY
        for before in _standings(arrival, rows):
            seen = arrival.seen(before.token)
            after = reported_step(before, step, arrival.now, arrival.acknowledged, seen)
            if after is before:
                yield from note_late_start(
                    arrival.device, before.token, arrival.now, rings=before.token in arrival.ringing
                )
            woken |= yield from _keep(arrival, rows, before, after, ended_occurrence(before, after))
        return woken

    return handle


def _stopped(arrival: Arrival, rows: Rows) -> Transaction[Woken]:
    """It rings no longer; where stopping removes it, the device does not have it any more either (AlertStopped)."""
    before = _standing(arrival, rows)
    after = reported_step(before, Step.STOP, arrival.now, arrival.acknowledged, arrival.seen(before.token))
    ended = ended_occurrence(before, after)
    ending = yield from _ending(arrival, before, ended)
    if ending is Ending.CANCELLED and (yield from _rings_on_elsewhere(arrival, before.token)):
        yield from _note_stop(arrival, before.token, ended, ending)
        ended = None
    elif after is before:
        # Of an occurrence before, and reported late.
        yield from _note_stop(arrival, before.token, None, ending)
    if arrival.profile.stopping_removes and after.reported.life is Life.STOPPED:
        after = reported_step(after, Step.DELETE, arrival.now, None, None)
    return (yield from _keep(arrival, rows, before, after, ended, ending=ending))


def _ending(arrival: Arrival, stopped: Standing, ended: datetime | None) -> Transaction[Ending]:
    """What ended the ringing, unless it is known to be something else (a button that asked, an edit, a deletion)."""
    if _was_cancelled(arrival, stopped):
        return Ending.CANCELLED
    if not arrival.profile.stop_asks_first:
        return Ending.DEVICE
    since = arrival.connected_since or arrival.now
    is_sure = yield from was_heard(arrival.device, stopped.token, ended, arrival.now, connected_since=since)
    return Ending.ITSELF if is_sure else Ending.UNHEARD


def _note_stop(arrival: Arrival, token: str, occurrence: datetime | None, ending: Ending) -> Transaction[None]:
    device = arrival.device
    yield from note_stop(
        device.account_id, token, occurrence, arrival.now, End(ending, device.device_id, has_stopped=True)
    )


def _was_cancelled(arrival: Arrival, stopped: Standing) -> bool:
    """Whether a later alert took the bell of this device, and nobody stopped anything.

    It is the device's own affair then: another one may not have the later alert, and somebody may sleep beside it.
    """
    if arrival.profile.several_at_once is not SeveralAtOnce.CANCEL_OLDER or not arrival.shown:
        return False
    rang = stopped.reported.scheduled_time
    later = (arrival.shown[token].scheduled_time for token in arrival.ringing if token != stopped.token)
    return rang is not None and stopped.silenced != rang and any(time > rang for time in later)


def _rings_on_elsewhere(arrival: Arrival, token: str) -> Transaction[bool]:
    """Whether another device rings that would be stopped by the end on this one."""
    if (yield from goes_apart(arrival.device.account_id, token)):
        return False
    lives = yield from lives_of(arrival.device.account_id, token)
    return any(life is Life.RINGING for device_id, life in lives.items() if device_id != arrival.device.device_id)


def _standings(arrival: Arrival, rows: Rows) -> Iterator[Standing]:
    """How the alerts stand that the event is about."""
    message = arrival.event.message
    for token in tokens_of(message):
        if (row := rows.get(token)) is not None:
            yield standing_of(row)
        else:
            kind = Kind(message.type or Kind.ALARM) if isinstance(message, OneAlert) else Kind.ALARM
            yield stranger(token, kind, arrival.now)


def _standing(arrival: Arrival, rows: Rows) -> Standing:
    return next(_standings(arrival, rows))


def _request_stop(arrival: Arrival, rows: Rows) -> Transaction[Woken]:
    """Somebody pressed stop: this occurrence is silenced wherever it is stopped by that (RequestAlertStop, Remarks)."""
    occurrence, woken = yield from ringing_at(arrival, rows)
    if occurrence is None:
        return woken
    (token,), device = tokens_of(arrival.event.message), arrival.device
    return woken | (yield from silence_occurrence(device.account_id, token, occurrence, device.device_id))


def ringing_at(arrival: Arrival, rows: Rows) -> Transaction[tuple[datetime | None, Woken]]:
    """The occurrence that rings, where a button was pressed for it, and who may have to be told something.

    None: the request came late, or again. What it asks for would be done to the next occurrence, which must ring.
    """
    before = _standing(arrival, rows)
    if before.reported.life is Life.STOPPED:
        return None, NOBODY
    ringing = reported_step(before, Step.START, arrival.now, None, arrival.seen(before.token))
    woken = yield from _keep(arrival, rows, before, ringing, ended_occurrence(before, ringing))
    rings = ringing.reported.life is Life.RINGING
    return ringing.reported.scheduled_time if rings else None, woken


def _request_delete(arrival: Arrival, rows: Rows) -> Transaction[Woken]:
    """Somebody deleted the alert on the device: it is desired nowhere any more (RequestDeleteAlert, Remarks)."""
    standing = _standing(arrival, rows)
    account_id, device_id = arrival.device.account_id, arrival.device.device_id
    alert = yield from load_alert(account_id, standing.token)
    if alert is not None:
        yield from note_done(account_id, alert, arrival.now, End(Ending.DELETED, device_id))
        yield from delete_alert(account_id, standing.token)
    devices = frozenset((yield from desire(account_id, standing.token, None)))
    if device_id not in devices and _is_heard(rows, standing.token):
        yield from save_report(account_id, device_id, standing)
    return devices | {device_id}


def request_synchronize(arrival: Arrival, _: Rows) -> Transaction[Woken]:
    """The device wants the whole list (RequestSynchronizeAlert, RequestSynchronizeState)."""
    yield from ask_for_everything(arrival.device.account_id, arrival.device.device_id)
    return frozenset((arrival.device.device_id,))


def _volume_changed(arrival: Arrival, _: Rows) -> Transaction[Woken]:
    """Alerts ring so loud (VolumeChanged)."""
    message = cast("VolumeChanged", arrival.event.message)
    yield from save_volume(arrival.device.account_id, arrival.device.device_id, message.volume, arrival.now)
    return NOBODY


def _nothing_more(*_: object) -> Transaction[Woken]:
    """A deletion failed: it is said again in time, as long as the device reports the alert."""
    yield from ()
    return NOBODY


HANDLERS: dict[type[Message], Handler] = {
    AlertEnteredBackground: _report(Step.START),
    AlertEnteredForeground: _report(Step.START),
    AlertStarted: _report(Step.START),
    AlertStopped: _stopped,
    DeleteAlertFailed: _nothing_more,
    DeleteAlertSucceeded: _report(Step.DELETE),
    DeleteAlertsFailed: _nothing_more,
    DeleteAlertsSucceeded: _report(Step.DELETE),
    RequestAlertStop: _request_stop,
    RequestDeleteAlert: _request_delete,
    RequestSynchronizeAlert: request_synchronize,
    SetAlertFailed: _report(Step.FAIL),
    SetAlertSucceeded: _report(Step.SET),
    VolumeChanged: _volume_changed,
}
