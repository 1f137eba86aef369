"""What this device must be told now, in the words of its profile, for its open downchannel.

It knows one downchannel, and dies with it; it must not know how bytes are sent.
A directive is made from the rows when it is about to be sent, so nothing stale is said; sending writes nothing.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from bellwire.alerts.alert import Alert, Kind
from bellwire.alerts.reconcile import Patience, Say, Verdict, What, is_settled, reconcile
from bellwire.cloud.commands import Command, waiting_commands
from bellwire.cloud.flight import Flight
from bellwire.cloud.handlers.arrival import Agreed
from bellwire.cloud.identity import DeviceIdentity
from bellwire.cloud.regions import Regions
from bellwire.cloud.store.accounts import country_of_account
from bellwire.cloud.store.alerts import load_alert
from bellwire.cloud.store.standings import Marks, load_standings, look
from bellwire.cloud.store.transaction import Transaction
from bellwire.cloud.wording import WITHOUT_CONTENT, occurrence_of, set_alert
from bellwire.protocol.messages import Message
from bellwire.protocol.messages.alerts import MOST_TOKENS, DeleteAlerts, SetAlert
from bellwire.protocol.messages.envelope import Event, PassedOn
from bellwire.protocol.messages.system import SetEndpoint
from bellwire.protocol.profiles.profile import Profile

FIRST_CONTEXT = timedelta(seconds=3)
"""A new downchannel's first context is waited for so long: clients that are told to set what they have ring twice."""


class Once(NamedTuple):
    """What is to be said once, and leads to no state that could be seen in the rows."""

    message: Message
    seq: int | None = None
    """Of a command: its place among those that wait."""


class Plan(NamedTuple):
    """A verdict, with all that its words need."""

    verdict: Verdict
    kinds: Mapping[str, Kind]
    alerts: Mapping[str, Alert]
    settled: frozenset[str]
    """Alerts that the device has as they should be: of a whole list, it will not answer for these."""
    marks: Marks
    commands: tuple[Command, ...]
    endpoint: str | None
    """The endpoint that serves the device's account, where that is another one."""


class Downchannel:
    """What was said on one downchannel, and how to go on from there."""

    def __init__(
        self,
        device: DeviceIdentity,
        profile: Profile,
        origin: str,
        sync_seq: int,
        now: datetime,
        *,
        regions: Regions | None = None,
    ) -> None:
        """`origin`: https://host:port by which the device reached us, and reaches our assets. `now`: UTC.

        `regions` are those of the cloud: they know which of its devices were told to go.
        """
        self.device = device
        self.profile = profile
        self.opened = now
        self.flight = Flight()
        self.agreed: Agreed = {}
        self._origin = origin
        self._quiet_until: datetime | None = now + FIRST_CONTEXT
        self._sync_seq = sync_seq
        self._command_seq = -1
        self._regions = regions if regions and profile.has(SetEndpoint) else None
        self._endpoint: str | None = None
        self._has_spoken = False
        self._sync_reply = next(filter(None, profile.sync_replies.values()), None)
        self._patience = Patience(past_due=profile.past_due)

    def heard(self, event: Event) -> bool:
        """Note that an event is in the rows by now. Whether there may be something to say that had to wait for it."""
        self._sync_reply = self.profile.sync_replies.get(type(event.message)) or self._sync_reply
        is_first = not self._has_spoken
        self._has_spoken = True
        ends_quiet = event.alerts_state is not None and self.heard_context()
        return ends_quiet or (is_first and self._endpoint is not None)

    def heard_context(self) -> bool:
        """Note that the device's context is in the rows. Whether that ends the quiet of a new downchannel."""
        was_quiet = self._quiet_until is not None
        self._quiet_until = None
        return was_quiet

    def plan(self, now: datetime) -> Transaction[Plan]:
        """Look at the rows and decide what to say. Changes nothing, so it may be run again."""
        account_id, device_id = self.device.account_id, self.device.device_id
        marks, standings = yield from look(account_id, device_id)
        everything = marks.sync_seq > self._sync_seq
        if everything:
            standings = yield from load_standings(account_id, device_id)
        verdict = reconcile(
            standings,
            self.flight.last(),
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
        kinds = {standing.token: standing.kind for standing in standings}
        settled = frozenset(standing.token for standing in standings if is_settled(standing))
        commands: tuple[Command, ...] = ()
        endpoint = self._endpoint
        if marks.command_seq > self._command_seq:
            commands = yield from waiting_commands(account_id, device_id, self._command_seq, now)
            if self._regions is not None:
                endpoint = self._regions.endpoint_of((yield from country_of_account(account_id)))
        return Plan(verdict, kinds, found, settled, marks, commands, endpoint)

    def first(self, plan: Plan) -> list[Once]:
        """What of a plan is to be said once, and before anything of alerts; `was_said` is to be told of each that was.

        What an action timer does comes before it is deleted, and what waits already comes before that.
        """
        return [Once(command.message, command.seq) for command in plan.commands[: _first_commands(plan)]]

    def once(self, plan: Plan, now: datetime) -> list[Once]:
        """What else of a plan is to be said once, in order; `was_said` is to be told of each that was."""
        self._endpoint = plan.endpoint
        if not plan.commands:
            self._command_seq = plan.marks.command_seq
        said = [Once(command.message, command.seq) for command in plan.commands[_first_commands(plan) :]]
        if self._regions is None or not (self._has_spoken or now - self.opened >= FIRST_CONTEXT):
            return said
        if plan.endpoint is None:
            self._regions.forget(self.device.device_id)
        elif self._regions.must_tell(self.device.device_id, plan.endpoint, now):
            said.append(Once(SetEndpoint(endpoint=plan.endpoint)))
        return said

    def was_said(self, once: Once, now: datetime) -> None:
        """Note that this was sent; it is not said again."""
        if once.seq is not None:
            self._command_seq = once.seq
        elif self._regions is not None and isinstance(once.message, SetEndpoint):
            self._regions.note(self.device.device_id, once.message.endpoint, now)

    def say(self, plan: Plan, now: datetime) -> Iterator[Message]:
        """The directives of a plan, in order, each in flight from the moment that it is taken."""
        if plan.verdict.everything is not None and self._sync_reply is not None:
            yield self._everything(self._sync_reply, plan.verdict.everything, plan, now)
        together = self._removed_together(plan)
        if together:
            for say in together:
                self.flight.note(say, now)
            yield DeleteAlerts(tokens=tuple(say.token for say in together))
        for say in plan.verdict.say:
            if say in together:
                continue
            if say.what is not What.SET:
                self.flight.note(say, now)
                yield WITHOUT_CONTENT[say.what](say.token, plan.kinds[say.token], self.profile)
            elif say.token in plan.alerts:
                self.flight.note(say, now)
                yield self._set_alert(say, plan)

    def _removed_together(self, plan: Plan) -> tuple[Say, ...]:
        """Alerts to be removed that one directive can name; not those of which it failed before: they go one by one."""
        if not self.profile.has(DeleteAlerts):
            return ()
        removals = [
            say for say in plan.verdict.say if say.what is What.REMOVE and not self.flight.is_waiting(say.token)
        ]
        return tuple(removals[:MOST_TOKENS]) if len(removals) > 1 else ()

    def _everything(self, reply: type[Message], everything: tuple[Say, ...], plan: Plan, now: datetime) -> Message:
        self._sync_seq = plan.marks.sync_seq
        self._quiet_until = None
        whole = [say for say in everything if say.token in plan.alerts]
        for say in whole:
            if say.token not in plan.settled:
                self.flight.note(say, now)
        return reply(all_alerts=tuple(self._set_alert(say, plan) for say in whole))

    def _set_alert(self, say: Say, plan: Plan) -> SetAlert:
        alert = plan.alerts[say.token]
        time = say.desired.scheduled_time if say.desired else alert.scheduled_time
        return set_alert(occurrence_of(alert, time, self.profile, self._origin))


def _first_commands(plan: Plan) -> int:
    """How many of the commands are said before anything of alerts."""
    if not plan.commands:
        return 0
    passed_on = (place for place, command in enumerate(plan.commands, 1) if isinstance(command.message, PassedOn))
    return max(passed_on, default=0)
