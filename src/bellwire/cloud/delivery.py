"""What this device must be told now, in the words of its profile, for its open downchannel.

It knows what is in flight on one downchannel, and dies with it; it must not know how bytes are sent.
A directive is made from the rows at the moment of sending, so nothing stale is ever said; sending writes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bellwire.alerts.alert import Alert, Asset, Kind, Occurrence
from bellwire.alerts.reconcile import Patience, Said, Say, Verdict, What, reconcile
from bellwire.alerts.recurrence import zone_named
from bellwire.alerts.standing import OVERTAKEN, Desired
from bellwire.cloud.identity import DeviceIdentity
from bellwire.cloud.store.alerts import load_alert
from bellwire.cloud.store.standings import load_standings, load_sync_seq, load_unsettled
from bellwire.cloud.store.transaction import Transaction
from bellwire.protocol.messages import Message, alerts
from bellwire.protocol.messages.envelope import Event
from bellwire.protocol.profiles.profile import Profile

ASSET_PATH = "/assets/"
"""Where the cloud serves the speech it made."""
FIRST_CONTEXT = timedelta(seconds=3)
"""A new downchannel's first context is waited for so long: clients that are told to set what they have ring twice."""

_ANSWERS: Mapping[type[Message], What] = {
    alerts.SetAlertSucceeded: What.SET,
    alerts.SetAlertFailed: What.SET,
    alerts.DeleteAlertSucceeded: What.REMOVE,
    alerts.AlertStopped: What.SILENCE,
}
"""Which events answer what was said. DeleteAlertFailed does not: the deletion stays in flight, and is said again."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A verdict, with all that its words need."""

    verdict: Verdict
    kinds: Mapping[str, Kind]
    alerts: Mapping[str, Alert]
    sync_seq: int


class Downchannel:
    """What is in flight on one downchannel, and how to go on from there."""

    def __init__(self, device: DeviceIdentity, profile: Profile, origin: str, sync_seq: int, now: datetime) -> None:
        """`origin`: https://host:port by which the device reached us, and reaches our assets. `now`: UTC."""
        self.device = device
        self.profile = profile
        self.opened = now
        self._origin = origin
        self._in_flight: dict[str, list[Said]] = {}
        self._quiet_until: datetime | None = now + FIRST_CONTEXT
        self._sync_seq = sync_seq
        self._patience = Patience(past_due=profile.past_due)

    def answered_by(self, event: Event) -> Desired | None:
        """What was said that this event answers, if it was to set something; it is in flight no longer.

        Directives arrive in order, so an answer is of the oldest of its kind, and of all before it.
        """
        message = event.message
        what = _ANSWERS.get(type(message))
        if what is None or not isinstance(message, alerts.OneAlert):
            return None
        waiting = self._in_flight.get(message.token, [])
        for index, said in enumerate(waiting):
            if said.say.what is what:
                del waiting[: index + 1]
                if not waiting:
                    del self._in_flight[message.token]
                return said.say.desired
        return None

    def told_before(self, event: Event, now: datetime) -> dict[str, Desired]:
        """By token, what the device was told to set so long ago that this event's context shows it."""
        if event.alerts_state is None:
            return {}
        return {
            token: waiting[-1].say.desired
            for token, waiting in self._in_flight.items()
            if waiting[-1].say.desired is not None and now - waiting[-1].at > OVERTAKEN
        }

    def heard_context(self) -> bool:
        """Note that the device's context is in the rows. Whether that ends the quiet of a new downchannel."""
        was_quiet = self._quiet_until is not None
        self._quiet_until = None
        return was_quiet

    def plan(self, now: datetime) -> Transaction[Plan]:
        """Look at the rows and decide what to say. Changes nothing, so it may be run again."""
        account_id, device_id = self.device.account_id, self.device.device_id
        sync_seq = yield from load_sync_seq(account_id, device_id)
        everything = sync_seq > self._sync_seq
        standings = yield from (load_standings if everything else load_unsettled)(account_id, device_id)
        verdict = reconcile(
            standings,
            {token: waiting[-1] for token, waiting in self._in_flight.items()},
            now,
            patience=self._patience,
            quiet_until=self._quiet_until,
            everything=everything,
        )
        needed = {say.token for say in (*verdict.say, *(verdict.everything or ())) if say.what is What.SET}
        found = {}
        for token in needed:
            alert = yield from load_alert(account_id, token)
            if alert is not None:
                found[token] = alert
        return Plan(verdict, {standing.token: standing.kind for standing in standings}, found, sync_seq)

    def say(self, plan: Plan, now: datetime) -> list[Message]:
        """The directives of a plan, in order. From now on they are in flight."""
        messages: list[Message] = []
        if plan.verdict.everything is not None:
            self._sync_seq = plan.sync_seq
            self._quiet_until = None
            whole = [say for say in plan.verdict.everything if say.token in plan.alerts]
            for say in whole:
                self._note(say, now)
            messages.append(self.profile.sync_reply(all_alerts=tuple(self._set_alert(say, plan) for say in whole)))
        for say in plan.verdict.say:
            if say.what is not What.SET or say.token in plan.alerts:
                self._note(say, now)
                messages.append(_WORDS[say.what](self, say, plan))
        return messages

    def _note(self, say: Say, now: datetime) -> None:
        waiting = self._in_flight.setdefault(say.token, [])
        if waiting and waiting[-1].say == say:
            # Said once more: one entry, or its answers would be taken for those of what comes later.
            waiting[-1] = Said(say, now, waiting[-1].times + 1)
        else:
            waiting.append(Said(say, now))

    def _set_alert(self, say: Say, plan: Plan) -> alerts.SetAlert:
        alert = plan.alerts[say.token]
        time = say.desired.scheduled_time if say.desired else alert.scheduled_time
        return set_alert(occurrence_of(alert, time, self.profile, self._origin))

    def _silencing(self, say: Say, plan: Plan) -> Message:
        return self.profile.silencing(token=say.token, type=plan.kinds[say.token].value)

    def _delete_alert(self, say: Say, plan: Plan) -> Message:
        return alerts.DeleteAlert(token=say.token, type=plan.kinds[say.token].value)


_WORDS: Mapping[What, Callable[[Downchannel, Say, Plan], Message]] = {
    What.SET: Downchannel._set_alert,
    What.REMOVE: Downchannel._delete_alert,
    What.SILENCE: Downchannel._silencing,
}


def occurrence_of(alert: Alert, scheduled_time: datetime, profile: Profile, origin: str) -> Occurrence:
    """One due time of an alert with what it plays: the kind's bell, then the label as speech where there is one."""
    bell = Asset("bell", profile.bell_of(alert.kind.value))
    speech = (Asset("speech", f"{origin}{ASSET_PATH}{alert.speech}"),) if alert.speech else ()
    assets = (bell, *speech)
    zone = zone_named(alert.schedule.zone)
    return Occurrence(
        token=alert.token,
        kind=alert.kind,
        scheduled_time=scheduled_time.astimezone(zone),
        label=alert.label,
        assets=assets,
        play_order=tuple(asset.asset_id for asset in assets),
    )


def set_alert(occurrence: Occurrence) -> alerts.SetAlert:
    """An occurrence as a message; the profile leaves out what its version does not have (SetAlert, Payload)."""
    return alerts.SetAlert(
        token=occurrence.token,
        type=occurrence.kind.value,
        scheduled_time=occurrence.scheduled_time,
        label=occurrence.label,
        assets=tuple(alerts.Asset(asset_id=asset.asset_id, url=asset.url) for asset in occurrence.assets),
        asset_play_order=occurrence.play_order,
    )
