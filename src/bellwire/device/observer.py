"""Who watches a speaker: a face, a test, a maker's own program.

It knows what can be seen of a speaker; it must not know who looks, nor change anything.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog

from bellwire.alerts.alert import Occurrence
from bellwire.alerts.lifecycle import SOUNDING, Life
from bellwire.device.do_not_disturb import DoNotDisturb
from bellwire.device.held import Held, State

log = structlog.get_logger()


class Observer:
    """Sees everything and does nothing; override what you want to see.

    All calls come from the event loop of the speaker, in the order in which things happen, and must return at once.
    One that raises is logged, and told of what happens next all the same. Times are instants in UTC, tokens name alerts
    here and in the cloud.
    """

    def connected(self) -> None:
        """The cloud can be reached."""

    def disconnected(self, reason: str) -> None:
        """The cloud can't be reached any more, or still not; it will be tried again."""

    def moved(self, cloud: str) -> None:
        """Another cloud is looked for from now on, at this address."""

    def logged_out(self) -> None:
        """The cloud has ended this speaker's pairing: nothing of the account is on it any more."""

    def alert_set(self, occurrence: Occurrence) -> None:
        """An alert is there: a new one, a changed one, or one that was there when the speaker started."""

    def alert_ringing(self, occurrence: Occurrence, late: timedelta) -> None:
        """The first sound of an alert went to the sound card, so late after its time."""

    def alert_stopped(self, occurrence: Occurrence) -> None:
        """An alert rings no longer, or was missed."""

    def alert_snoozed(self, occurrence: Occurrence, until: datetime) -> None:
        """Somebody snoozed an alert: it rings again then, if the cloud does not give it another time."""

    def alert_removed(self, occurrence: Occurrence) -> None:
        """An alert is there no longer, or is not to be shown any more."""

    def volume_changed(self, volume: int) -> None:
        """Alerts ring so loud from now on, 0 to 100."""

    def muted(self, is_muted: bool) -> None:
        """What rings is silent by hand from now on, and goes on; or is heard again, or over."""

    def time_doubted(self) -> None:
        """The clock may be wrong: nothing rings by it until it is believed, a minute at most."""

    def time_believed(self) -> None:
        """The clock is believed again, or the best guess that there is; alerts ring by it."""

    def do_not_disturb_changed(self, setting: DoNotDisturb) -> None:
        """It was switched, by somebody or by its hours, or set: which alerts are seen and not heard."""

    def message_sent(self, json: str) -> None:
        """An event goes to the cloud, each time that it is tried."""

    def message_received(self, json: str) -> None:
        """A message came from the cloud."""


class Observers(Observer):
    """Several that see the same; what one of them does wrong is in the log, and troubles nobody else."""

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers

    def connected(self) -> None:
        """Tell each."""
        self._each("connected")

    def disconnected(self, reason: str) -> None:
        """Tell each."""
        self._each("disconnected", reason)

    def moved(self, cloud: str) -> None:
        """Tell each."""
        self._each("moved", cloud)

    def logged_out(self) -> None:
        """Tell each."""
        self._each("logged_out")

    def alert_set(self, occurrence: Occurrence) -> None:
        """Tell each."""
        self._each("alert_set", occurrence)

    def alert_ringing(self, occurrence: Occurrence, late: timedelta) -> None:
        """Tell each."""
        self._each("alert_ringing", occurrence, late)

    def alert_stopped(self, occurrence: Occurrence) -> None:
        """Tell each."""
        self._each("alert_stopped", occurrence)

    def alert_snoozed(self, occurrence: Occurrence, until: datetime) -> None:
        """Tell each."""
        self._each("alert_snoozed", occurrence, until)

    def alert_removed(self, occurrence: Occurrence) -> None:
        """Tell each."""
        self._each("alert_removed", occurrence)

    def volume_changed(self, volume: int) -> None:
        """Tell each."""
        self._each("volume_changed", volume)

    def muted(self, is_muted: bool) -> None:
        """Tell each."""
        self._each("muted", is_muted)

    def time_doubted(self) -> None:
        """Tell each."""
        self._each("time_doubted")

    def time_believed(self) -> None:
        """Tell each."""
        self._each("time_believed")

    def do_not_disturb_changed(self, setting: DoNotDisturb) -> None:
        """Tell each."""
        self._each("do_not_disturb_changed", setting)

    def message_sent(self, json: str) -> None:
        """Tell each."""
        self._each("message_sent", json)

    def message_received(self, json: str) -> None:
        """Tell each."""
        self._each("message_received", json)

    def _each(self, hook: str, *facts: object) -> None:
        for observer in self._observers:
            try:
                getattr(observer, hook)(*facts)
            except Exception:
                log.exception("an observer failed", hook=hook)


def tell(observer: Observer, before: State, after: State) -> None:
    """Tell what became of the alerts, and of how they ring, between two states."""
    if after.volume != before.volume:
        observer.volume_changed(after.volume)
    if after.do_not_disturb != before.do_not_disturb:
        observer.do_not_disturb_changed(after.do_not_disturb)
    if after.belief.is_doubted is not before.belief.is_doubted:
        (observer.time_doubted if after.belief.is_doubted else observer.time_believed)()
    changed = after.alerts.changes_since(before.alerts)
    for held in _in_turn(before, changed):
        _tell_of_what_was(observer, held, after.alerts.get(held.token))
    for held in _in_turn(after, changed):
        _tell_of_what_is(observer, before.alerts.get(held.token), held)


def _in_turn(state: State, tokens: Iterable[str]) -> list[Held]:
    there = (state.alerts[token] for token in tokens if token in state.alerts)
    return sorted(there, key=lambda held: held.turn)


def _tell_of_what_was(observer: Observer, was: Held, now: Held | None) -> None:
    if now is not None and now.life is Life.SNOOZED:
        if was.life is not Life.SNOOZED:
            observer.alert_snoozed(now.occurrence, now.due_at)
    elif was.life in SOUNDING and not (now and now.life in SOUNDING and now.turn == was.turn):
        observer.alert_stopped(was.occurrence)
    if not was.hidden and (now is None or now.hidden):
        observer.alert_removed(was.occurrence)


def _tell_of_what_is(observer: Observer, was: Held | None, now: Held) -> None:
    if now.hidden:
        return
    if was is None or was.hidden or was.occurrence != now.occurrence:
        observer.alert_set(now.occurrence)
    if now.life is Life.STOPPED and (was is None or was.life not in {*SOUNDING, Life.STOPPED}):
        observer.alert_stopped(now.occurrence)
