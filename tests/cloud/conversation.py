"""A conversation with the cloud's core: a real store in memory, real delivery, a clock that the test moves.

kitchen = talk.connects("kitchen")
kitchen >> AlertStopped(token="a", type="ALARM")
kitchen << DeleteAlert(token="a", type="ALARM")
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pprint import pformat
from typing import Any, ParamSpec, TypeVar

import msgspec

from bellwire.alerts.alert import Alert, Kind, Schedule
from bellwire.alerts.lifecycle import Life
from bellwire.alerts.recurrence import next_occurrence
from bellwire.alerts.standing import Standing
from bellwire.cloud import accounts
from bellwire.cloud.account_changes import Change, change_account
from bellwire.cloud.activity import user_acted
from bellwire.cloud.auth import hash_of
from bellwire.cloud.commands import order
from bellwire.cloud.delivery import Downchannel, Once
from bellwire.cloud.device_view import DeviceDetail, detail_of, load_known
from bellwire.cloud.handlers import Arrival, receive
from bellwire.cloud.history import HistoryPage, page_of
from bellwire.cloud.history import load_known as load_history
from bellwire.cloud.identity import DeviceIdentity
from bellwire.cloud.overdue import end_unreported, overdue
from bellwire.cloud.regions import Regions
from bellwire.cloud.store.accounts import add_account, set_country
from bellwire.cloud.store.commands import remove_commands
from bellwire.cloud.store.connection import Connection
from bellwire.cloud.store.devices import Device, add_device, device_came, saw_device
from bellwire.cloud.store.opening import MEMORY, open_now
from bellwire.cloud.store.standings import load_standing_rows, load_sync_seq, standing_of
from bellwire.cloud.store.transaction import Step, Transaction
from bellwire.protocol.codec import Codec
from bellwire.protocol.messages import Message
from bellwire.protocol.messages.alerts import SetAlert
from bellwire.protocol.messages.context import AlertsState, AlertState, ContextHeader, ContextObject
from bellwire.protocol.messages.envelope import Directive, Event, PassedOn
from bellwire.protocol.profiles import PROFILES
from bellwire.protocol.profiles.clova import CIC_KO_2022
from bellwire.protocol.profiles.profile import Profile

START = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
P = ParamSpec("P")
T = TypeVar("T")
ACCOUNT = "home"
ELSEWHERE = "https://cloud.jp:8443"
"""The cloud that serves Japan."""
CODECS = {profile.name: Codec(profile) for profile in PROFILES.values()}


def at(clock: str, *, day: int = 20) -> datetime:
    """A time of the day of the tests, in UTC: "07:00"."""
    hour, minute = clock.split(":")
    return START.replace(day=day, hour=int(hour), minute=int(minute))


def alarm(token: str, when: datetime, kind: str = "ALARM") -> SetAlert:
    """The SetAlert of an alert without label, as it comes over the wire."""
    return SetAlert(token=token, type=kind, scheduled_time=when)


class Talk:
    """One account, its devices, and the time of day."""

    def __init__(self, store: Connection) -> None:
        self.now = START
        self.regions = Regions({"JP": ELSEWHERE})
        self._store = store
        store.run(add_account, ACCOUNT, "home", "UTC", self.now)

    def device(self, device_id: str, profile: Profile = CIC_KO_2022) -> DeviceIdentity:
        """A new device of the account."""
        device = Device(device_id, device_id, profile.name)
        self._store.run(add_device, ACCOUNT, device, hash_of(device_id), self.now)
        return DeviceIdentity(ACCOUNT, device_id, profile.name)

    def connects(
        self, device: str | DeviceIdentity, *, profile: Profile = CIC_KO_2022, quietly: bool = False
    ) -> "Line":
        """A new downchannel; unless `quietly`, the quiet before its first context is over."""
        identity = self.device(device, profile) if isinstance(device, str) else device
        line = Line(self, identity, self._store)
        self._store.run(device_came, ACCOUNT, identity.device_id, "{}", self.now)
        if not quietly:
            line.memory.heard_context()
        return line

    def sets(
        self,
        token: str,
        when: datetime,
        *,
        rule: str | None = None,
        on: list[str] | None = None,
        kind: Kind = Kind.ALARM,
        label: str = "",
        speech: str | None = None,
    ) -> Alert:
        """The account adds an alert."""
        schedule = Schedule(when.replace(tzinfo=None), "UTC", rule)
        first = next_occurrence(schedule, self.now - timedelta(minutes=30))
        assert first is not None
        alert = Alert(token, kind, label, schedule, first, 1, on is None, speech)
        self._store.run(accounts.add_alert, ACCOUNT, alert, on, 1000, self.now)
        return alert

    def moves(self, token: str, when: datetime) -> None:
        """The account gives an alert another time."""
        schedule = Schedule(when.replace(tzinfo=None), "UTC")
        edit = accounts.Edit(reschedule=lambda _: (schedule, when))
        self._store.run(accounts.edit_alert, ACCOUNT, token, edit, self.now)

    def relabels(self, token: str, label: str) -> None:
        """The account gives an alert another label."""
        self._store.run(accounts.edit_alert, ACCOUNT, token, accounts.Edit(label), self.now)

    def deletes(self, token: str) -> None:
        """The account deletes an alert."""
        self._store.run(accounts.remove_alert, ACCOUNT, token, self.now)

    def orders(self, line: "Line", message: Message) -> None:
        """The account has a device told something once."""
        self._store.run(order, ACCOUNT, line.device.device_id, message, self.now)

    def user_acts(self, *lines: "Line") -> None:
        """The account does something while these devices, which count inactivity, are connected."""
        self._store.run(user_acted, ACCOUNT, [line.device.device_id for line in lines], self.now)

    def reads(self, transaction: Callable[P, Transaction[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a transaction finds in the rows."""
        return self._store.read(transaction, *args, **kwargs)

    def writes(self, transaction: Callable[P, Transaction[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a transaction gives that changes rows."""
        return self._store.run(transaction, *args, **kwargs)

    def performs(self, step: Step) -> list[Any]:
        """The rows of one step of a transaction that only reads."""

        def alone() -> Transaction[list[Any]]:
            rows = yield step
            return rows

        return self._store.read(alone)

    def lives_in(self, country: str | None) -> None:
        """The account's owner moves."""
        self._store.run(set_country, ACCOUNT, country)

    def goes_to(self, zone: str) -> list[str]:
        """The account is in another time zone, and speaks as one does there; the ids of its devices."""
        change = Change(frozenset({"timezone"}), timezone=zone)
        return self.writes(change_account, ACCOUNT, change, lambda _, label, speaks: f"{label}-{speaks}", self.now)

    def known(self, line: "Line") -> DeviceDetail:
        """What is known of a device."""
        known = self._store.read(load_known, ACCOUNT, line.device.device_id)
        return detail_of(known, connected=True, endpoint=self.regions.endpoint_of(known.country))

    def history(self, token: str) -> HistoryPage:
        """What became of an alert, and how it stands now."""
        known = self._store.read(load_history, ACCOUNT, token, None, 100)
        return page_of(known, 100, self.now, timedelta(minutes=30))

    def tells(self, token: str) -> list[str]:
        """What became of an alert in sentences, the newest first."""
        return [f"{each.scheduled_time:%d %H:%M} {each.device} {each.told}" for each in self.history(token).rings]

    def sweeps(self) -> int:
        """The cloud looks for occurrences that nobody reported over; how many there were."""
        found = self._store.read(overdue, self.now, timedelta(minutes=30))
        for account_id, token, occurrence in found:
            self._store.run(end_unreported, account_id, token, occurrence, self.now)
        return len(found)

    def alerts(self) -> dict[str, datetime]:
        """The account's alerts and their next times."""
        shown = self._store.read(accounts.show_alerts, ACCOUNT, None, 100)
        return {each.alert.token: each.alert.scheduled_time for each in shown}

    def standing(self, line: "Line", token: str) -> Standing | None:
        """How an alert stands on a device."""
        row = self._store.read(load_standing_rows, ACCOUNT, line.device.device_id).get(token)
        return None if row is None else standing_of(row)

    def life(self, line: "Line", token: str) -> Life | None:
        """What a device last reported of an alert."""
        standing = self.standing(line, token)
        return standing.reported.life if standing else None

    def passes(self, **time: float) -> None:
        """Time goes by."""
        self.now += timedelta(**time)


class Line:
    """A device and its downchannel. Every message goes through the codec, both ways."""

    def __init__(self, talk: Talk, device: DeviceIdentity, store: Connection) -> None:
        self.device = device
        self._talk = talk
        self._store = store
        seq = store.read(load_sync_seq, ACCOUNT, device.device_id)
        self._codec = CODECS[device.profile]
        profile = self._codec.profile
        self.memory = Downchannel(device, profile, "https://cloud", seq, talk.now, regions=talk.regions)
        self._context: AlertsState | None = None
        self._components: tuple[ContextObject, ...] = ()

    def shows(self, *alerts: SetAlert, ringing: tuple[str, ...] = ()) -> "Line":
        """The context of the events to come."""
        every = tuple(
            AlertState(token=alert.token, type=alert.type or "ALARM", scheduled_time=alert.scheduled_time)
            for alert in alerts
        )
        active = tuple(state for state in every if state.token in ringing)
        self._context = AlertsState(all_alerts=every, active_alerts=active)
        return self

    def shows_components(self, **states: bytes) -> "Line":
        """The other parts of the context of the events to come: JSON by name, in a namespace of its own."""
        self._components = tuple(
            ContextObject(ContextHeader("Speaker", name), msgspec.Raw(json)) for name, json in states.items()
        )
        return self

    def __rshift__(self, message: Message) -> "Line":
        """The device says."""
        sent = Event(message=message, message_id="", alerts_state=self._context, context=self._components)
        return self.brings(self._codec.decode_event(self._codec.encode_event(sent)))

    def brings(self, event: Event) -> "Line":
        """An event comes, as the codec read it."""
        now = self._talk.now
        told = self.memory.flight.told_before(event, now)
        with self.memory.flight.answering(event) as acknowledged:
            memory = self.memory
            arrival = Arrival(self.device, memory.profile, event, now, acknowledged, told, memory.agreed, memory.opened)
            self._store.run(receive, arrival)
        self.memory.flight.shown(event, told)
        self.memory.heard(event)
        return self

    def leaves(self) -> None:
        """Its downchannel ends, and no other one is there."""
        self._store.run(saw_device, ACCOUNT, self.device.device_id, self._talk.now, is_here=False)

    def __lshift__(self, expected: Message | tuple[Message, ...]) -> "Line":
        """The device is told exactly this, now: one directive, or several in this order, or none: ()."""
        wanted = list(expected) if isinstance(expected, tuple) else [expected]
        told = self.hears()
        assert told == wanted, f"at {self._talk.now:%H:%M:%S} told\n{pformat(told)}\nexpected\n{pformat(wanted)}"
        return self

    def hears(self) -> list[Message]:
        """What the device is told now."""
        plan = self._store.read(self.memory.plan, self._talk.now)
        said = self._says_once(self.memory.first(plan))
        said += self.memory.say(plan, self._talk.now)
        said += self._says_once(self.memory.once(plan, self._talk.now))
        return [self._through_the_wire(message) for message in said]

    def _says_once(self, what: list[Once]) -> list[Message]:
        for once in what:
            self.memory.was_said(once, self._talk.now)
            if once.seq is not None:
                self._store.run(remove_commands, ACCOUNT, self.device.device_id, once.seq)
        return [once.message for once in what]

    def _through_the_wire(self, message: Message) -> Message:
        json = self._codec.encode_directive(Directive(message=message, message_id="m"))
        if isinstance(message, PassedOn):
            return message
        return self._codec.decode_directive(json).message


@contextmanager
def talking() -> Iterator[Talk]:
    """A conversation with a cloud that holds nothing yet."""
    with open_now(MEMORY) as store:
        yield Talk(store)
