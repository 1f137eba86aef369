"""The cloud of a simulation: the real store, handlers and delivery, with a gateway that carries JSON over `Line`s.

It knows what a gateway does between wire and core; it must not know a rule of any alert.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import ParamSpec, TypeVar

from bellwire.cloud.auth import hash_of
from bellwire.cloud.delivery import Downchannel
from bellwire.cloud.flight import Flight
from bellwire.cloud.handlers import Arrival, receive
from bellwire.cloud.identity import DeviceIdentity
from bellwire.cloud.overdue import end_unreported, overdue
from bellwire.cloud.store.accounts import add_account
from bellwire.cloud.store.commands import remove_commands
from bellwire.cloud.store.devices import Device, add_device, remove_device
from bellwire.cloud.store.standings import load_sync_seq
from bellwire.cloud.store.transaction import Transaction
from bellwire.protocol.codec import Codec
from bellwire.protocol.errors import ProtocolError
from bellwire.protocol.messages.envelope import Directive, Event
from bellwire.protocol.profiles import PROFILES
from bellwire.simulation.facts import Committed, Fact
from bellwire.simulation.faults import Faults
from bellwire.simulation.network import Line
from bellwire.simulation.store import SimulatedStore
from bellwire.simulation.world import Planned, World

P = ParamSpec("P")
T = TypeVar("T")

CODECS = {profile.name: Codec(profile) for profile in PROFILES.values()}
ORIGIN = "https://cloud.example"
_COMMIT = 0.003
"""Seconds in which events that come together are committed together."""
_SWEEP = 600.0
"""Seconds between two looks for occurrences that nobody reported over."""
PAST_DUE = timedelta(minutes=30)


@dataclass(frozen=True)
class Arrived:
    """An event that waits to be committed."""

    line: Line
    device: DeviceIdentity
    event: Event
    answer: Callable[[int], None]


@dataclass
class Open:
    """A downchannel."""

    line: Line
    memory: Downchannel
    hear: Callable[[bytes], None]
    look: Planned | None = None


class SimulatedCloud:
    """One cloud. What is committed survives it."""

    def __init__(self, world: World, faults: Faults, observe: Callable[[Fact], None]) -> None:
        self.is_up = True
        self.is_reachable = True
        self.store = SimulatedStore()
        self._world = world
        self._faults = faults
        self._observe = observe
        self._open: dict[str, Open] = {}
        self._arrived: list[Arrived] = []
        self._commit: Planned | None = None
        self._lives = 0
        world.after(_SWEEP, self._sweep_again)

    def later(self, seconds: float, do: Callable[[], None]) -> None:
        """Have it do something in so many seconds, unless it dies before."""

        def then(life: int = self._lives) -> None:
            if self._lives == life and self.is_up:
                do()

        self._world.after(seconds, then)

    def write(self, transaction: Callable[P, Transaction[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Perform a transaction of the account API, durably; what the transaction raises."""
        return self.store.run(transaction, *args, **kwargs)

    def account(self, account_id: str, zone: str) -> None:
        """A new account."""
        self.write(add_account, account_id, account_id, zone, self._world.now)

    def device(self, account_id: str, device_id: str, profile: str) -> DeviceIdentity:
        """A new device of an account."""
        now = self._world.now
        self.write(add_device, account_id, Device(device_id, device_id, profile), hash_of(device_id), now)
        return DeviceIdentity(account_id, device_id, profile)

    def revoke(self, device: DeviceIdentity) -> None:
        """The device is the account's no longer."""
        self.write(remove_device, device.account_id, device.device_id)
        if device.device_id in self._open:
            self._open.pop(device.device_id).line.cut()

    # The gateway

    def opens(self, device: DeviceIdentity, line: Line, hear: Callable[[bytes], None]) -> None:
        """A device asks for its downchannel over this line; what it is told is given to `hear`."""
        older = self._open.pop(device.device_id, None)
        if older is not None:
            older.line.cut()
        seq = self.store.read(load_sync_seq, device.account_id, device.device_id)
        memory = Downchannel(device, PROFILES[device.profile], ORIGIN, seq, self._world.now)
        opened = self._open[device.device_id] = Open(line, memory, hear)
        line.on_end(lambda: self._closed(device.device_id, opened))
        self._look(device.device_id)

    def hears(self, line: Line, device: DeviceIdentity, json: bytes, answer: Callable[[int], None]) -> None:
        """An event comes over this line; its status is given to `answer` after the commit."""
        codec = CODECS[device.profile]
        opened = self._open.get(device.device_id)
        if self._world.happens(self._faults["cloud_busy"]):
            answer(self._world.chance.choice((500, 503)))
        elif codec.profile.needs_downchannel and (opened is None or opened.line is not line):
            answer(412)
        else:
            try:
                event = codec.decode_event(json)
            except ProtocolError as error:
                answer(error.status)
                return
            self._arrived.append(Arrived(line, device, event, answer))
            if self._commit is None:
                self._commit = self._world.after(_COMMIT, self._commit_all)

    def _commit_all(self) -> None:
        """What has arrived, in one go; it is answered only then."""
        arrived, self._arrived, self._commit = self._arrived, [], None
        with self.store.transaction():
            woken = [self._receive(each) for each in arrived]
        for each, devices in zip(arrived, woken, strict=True):
            self._observe(Committed(self._world.now, each.device.device_id, each.event.message_id))
            opened = self._open.get(each.device.device_id)
            if opened is not None and opened.memory.heard(each.event):
                self._look(each.device.device_id)
            each.answer(204)
            self.wake(devices)

    def _receive(self, arrived: Arrived) -> frozenset[str]:
        device, event, now = arrived.device, arrived.event, self._world.now
        opened = self._open.get(device.device_id)
        flight = opened.memory.flight if opened else Flight()
        told = flight.told_before(event, now)
        with flight.answering(event) as acknowledged:
            since = opened.memory.opened if opened else None
            arrival = Arrival(device, PROFILES[device.profile], event, now, acknowledged, told, connected_since=since)
            woken, error = self.store.attempt(receive(arrival))
            if error is not None:
                raise error
        flight.shown(event, told)
        return woken or frozenset()

    # Delivery

    def wake(self, devices: frozenset[str] | list[str] | set[str] | dict[str, object]) -> None:
        """Look at once what these must be told."""
        for device_id in sorted(devices):
            self._look(device_id)

    def _look(self, device_id: str) -> None:
        opened = self._open.get(device_id)
        if opened is None:
            return
        now, memory, device = self._world.now, opened.memory, opened.memory.device
        plan = self.store.read_own(memory.plan, now)
        said = list(memory.say(plan, now))
        for once in memory.once(plan, now):
            said.append(once.message)
            memory.was_said(once, now)
            if once.seq is not None:
                self.store.run(remove_commands, device.account_id, device_id, once.seq)
        for message in said:
            identifier = f"{self._world.chance.getrandbits(64):016x}"
            json = CODECS[device.profile].encode_directive(Directive(message=message, message_id=identifier))
            opened.line.carry(lambda json=json: opened.hear(json), up=False)  # type: ignore[misc]
        if opened.look is not None:
            opened.look.call_off()
        again = plan.verdict.look_again
        opened.look = None if again is None else self._world.at(again, lambda: self._look_again(device_id, opened))

    def _look_again(self, device_id: str, opened: Open) -> None:
        if self._open.get(device_id) is opened:
            self._look(device_id)

    def _closed(self, device_id: str, opened: Open) -> None:
        if self._open.get(device_id) is opened:
            del self._open[device_id]

    def _sweep_again(self) -> None:
        self._world.after(_SWEEP, self._sweep_again)
        if self.is_up:
            self.sweep()

    def sweep(self) -> None:
        """Look for occurrences that nobody reported over."""
        now = self._world.now
        for account_id, token, occurrence in self.store.read(overdue, now, PAST_DUE):
            self.wake(self.write(end_unreported, account_id, token, occurrence, now))

    # Death

    def dies(self) -> None:
        """It is killed: what was not committed, and all that is in memory, is gone."""
        self.is_up = False
        self._lives += 1
        self._arrived.clear()
        if self._commit is not None:
            self._commit.call_off()
            self._commit = None
        for opened in list(self._open.values()):
            opened.line.cut()
        self._open.clear()
        self.store.restarts()

    def starts(self) -> None:
        """It is back, with what was committed."""
        self.is_up = True
