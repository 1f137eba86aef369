"""A speaker of a simulation: the real engine and codec, with a disk, a clock, a bell and an outbox that can fail.

It knows what the runner does around the engine, in the same order; it must not know a rule of any alert.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from bellwire.cloud.identity import DeviceIdentity
from bellwire.device import inputs, outputs
from bellwire.device.agenda import Agenda
from bellwire.device.backoff import Backoff
from bellwire.device.difference import to_keep
from bellwire.device.engine import alerts_state, is_moot
from bellwire.device.held import Noted, Setup, State, System
from bellwire.device.lane import Lane, Outgoing
from bellwire.device.outbox import STALE_SECONDS
from bellwire.device.storage import Letter
from bellwire.device.system import components
from bellwire.protocol.errors import ProtocolError
from bellwire.protocol.messages.envelope import Event
from bellwire.protocol.profiles.profile import Profile
from bellwire.simulation.breakage import Breakage, nothing_broken
from bellwire.simulation.clients import upserts_only
from bellwire.simulation.clock import RIGHT, WallClock
from bellwire.simulation.cloud import CODECS, ORIGIN, SimulatedCloud
from bellwire.simulation.disk import DiskFullError
from bellwire.simulation.facts import Back, Emptied, Fact, Gone, Rang, Said, Silent, Told
from bellwire.simulation.faults import Faults
from bellwire.simulation.network import Line
from bellwire.simulation.world import Planned, World

_NO_ANSWER = 30.0
"""Seconds until an event whose answer does not come counts as not sent."""
_ASSET = 2.0
_ASSET_LATE = 120.0
"""Seconds until a sound is there; and until one that can't be had is given up."""
_NOTICED = 1.0
"""Seconds at most until a speaker sees that its clock was set."""


class SimulatedSpeaker:
    """One speaker, whoever's it is."""

    def __init__(
        self,
        world: World,
        cloud: SimulatedCloud,
        device: DeviceIdentity,
        faults: Faults,
        observe: Callable[[Fact], None],
        *,
        breakage: Breakage = nothing_broken,
        is_upserting: bool = False,
    ) -> None:
        """`is_upserting`: it is a client that never deletes what a list lacks."""
        self.device = device
        self.disk = breakage.disk()
        self.clock = WallClock(world.now)
        self.state = State()
        self.is_on = False
        self.is_asleep = False
        self.sounding: str | None = None
        """The token of what is heard."""
        self._world = world
        self._cloud = cloud
        self._faults = faults
        self._observe = observe
        self._breakage = breakage
        self._engine = upserts_only(breakage.engine) if is_upserting else breakage.engine
        self._fetched: set[str] = set()
        self._codec = CODECS[device.profile]
        self._backoff = Backoff(world.chance.uniform)
        self._boots = 0
        self._forget()

    def _forget(self) -> None:
        """What is in memory only."""
        self.state, self._kept = State(), State()
        self._drops_letters = False
        self._unkept: list[Outgoing] = []
        self._unforgotten: list[str] = []
        self._ahead = timedelta()
        self._line: Line | None = None
        self._certified, self._loose = Lane(), Lane()
        self._under_way: Outgoing | None = None
        self._wake: Planned | None = None
        self._armed: tuple[datetime | None, timedelta, float] | None = None
        self._pump_at: Planned | None = None
        self._connect_at: Planned | None = None
        self.sounding = None

    @property
    def name(self) -> str:
        """As facts call it."""
        return self.device.device_id

    @property
    def profile(self) -> Profile:
        """The version that it speaks."""
        return self._codec.profile

    @property
    def waiting(self) -> int:
        """Events that wait to be sent."""
        return len(self._certified.waiting) + len(self._loose.waiting)

    @property
    def is_right(self) -> bool:
        """What it takes for the time is the time."""
        return abs(self._now() - self._world.now) <= RIGHT

    def _now(self) -> datetime:
        """What it takes for the time."""
        return self.clock.reads(self._world.now) + self._ahead

    def _monotonic(self) -> float:
        return (self._world.now - self._world.start).total_seconds()

    # Power

    def boots(self, without_network: float = 0.0) -> None:
        """Switched on; a house's network may need some more seconds than the speaker."""
        self._boots += 1
        self.is_on = True
        disk = self.disk
        held = tuple(disk.alerts.values())
        self._kept = State(
            Agenda(held),
            volume=disk.volume,
            do_not_disturb=disk.do_not_disturb,
            system=System(remembered=disk.remembered),
        )
        for letter in disk.letters.values():
            message = self._codec.decode_event(letter.event).message
            at = self._monotonic()
            self._certified.waiting.append(Outgoing(message, letter.message_id, True, letter.happened_at, at))
        setup = Setup(cloud=ORIGIN, owner=self.device.device_id)
        latest = disk.noted.latest if disk.noted else None
        started = inputs.Started(held, disk.volume, disk.remembered, setup, latest, do_not_disturb=disk.do_not_disturb)
        self.happens(started)
        self._observe(Back(self._world.now, self.name, "power"))
        self._connect_at = self._world.after(1.0 + without_network, self._connect)

    def loses_power(self) -> None:
        """All that is not on the disk is gone."""
        self._observe(Gone(self._world.now, self.name, "power"))
        self.is_on = self.is_asleep = False
        for planned in (self._wake, self._pump_at, self._connect_at):
            if planned is not None:
                planned.call_off()
        line = self._line
        self._forget()
        if line is not None:
            line.cut(half_open=True)

    def falls_asleep(self) -> None:
        """The machine is suspended: nothing goes on but its clock."""
        self.is_asleep = True
        self._observe(Gone(self._world.now, self.name, "sleep"))
        if self._line is not None:
            self._line.cut(half_open=True)

    def wakes_up(self, slept: timedelta) -> None:
        """The machine goes on; that the clock has gone on by more than it has counted is seen soon."""
        self.is_asleep = False
        self._world.after(
            self._world.chance.uniform(0, _NOTICED), self._boot_only(lambda: self._saw_step(slept, "sleep"))
        )

    def clock_set(self, by: timedelta) -> None:
        """Somebody sets its clock; it sees so soon."""
        self._observe(Gone(self._world.now, self.name, "clock"))
        self.clock.step(self._world.now, by)
        if self.is_on:
            self._arm()
        self._world.after(self._world.chance.uniform(0, _NOTICED), self._boot_only(lambda: self._saw_step(by, "clock")))

    def _boot_only(self, do: Callable[[], None]) -> Callable[[], None]:
        """Of this boot alone."""
        boot = self._boots

        def then() -> None:
            if self.is_on and self._boots == boot:
                do()

        return then

    def _saw_step(self, by: timedelta, why: str) -> None:
        self._ahead = timedelta()
        self.happens(inputs.ClockStepped(by))
        if why == "sleep" or self.is_right:
            self._observe(Back(self._world.now, self.name, why))

    @property
    def line(self) -> Line | None:
        """Its connection."""
        return self._line

    @property
    def boot(self) -> int:
        """Counts how often it was switched on."""
        return self._boots

    def fills_disk(self, *, is_full: bool) -> None:
        """Nothing can be written any more, or again."""
        self.disk.is_full = is_full

    # People

    def press(self, happened: inputs.Input) -> None:
        """Somebody does something at the speaker."""
        if self.is_on and not self.is_asleep:
            self.happens(happened)

    def is_emptied(self, device: DeviceIdentity, renamed: Callable[[], None]) -> None:
        """It is logged out, reset, or given away; from now on it is this device, of which `renamed` is told."""
        self.press(inputs.LoggedOut())
        self._observe(Emptied(self._world.now, self.name))
        was_on = self.is_on
        if was_on:
            self.loses_power()
        self.disk = self._breakage.disk()
        self.device = device
        self._codec = CODECS[device.profile]
        renamed()
        if was_on:
            self.boots()

    def loses_queue(self) -> None:
        """What waits to be sent is lost, as one client in the field loses it."""
        self.disk.letters.clear()
        for lane in (self._certified, self._loose):
            lane.waiting.clear()
        self._under_way = None

    # The runner

    def happens(self, happened: inputs.Input) -> None:
        """One turn of the engine, and what follows from it, in the runner's order."""
        now = self._now()
        before = self.state
        state, done = self._engine(before, happened, now, self.profile)
        for output in done:
            if isinstance(output, outputs.CorrectClock):
                self._ahead += output.by
        outgoing = [self._outgoing(send) for send in _to_send(done)]
        if isinstance(happened, inputs.Woke):
            self._sound(done, state)
            self.state = state
            self._keep(before, state, done, outgoing)
        elif self._keep(before, state, done, outgoing) or not isinstance(happened, inputs.Told):
            self.state = state
            self._sound(done, state)
        else:
            self.happens(inputs.NotKept(happened.directive, happened.raw))
            return
        self._line_up(done, outgoing)
        self._fetch(done)

    def _outgoing(self, send: outputs.Send) -> Outgoing:
        identifier = f"{self._world.chance.getrandbits(64):016x}"
        return Outgoing(send.message, identifier, send.certified, self._now(), self._monotonic(), send.once)

    def _keep(self, before: State, after: State, done: tuple[outputs.Output, ...], outgoing: list[Outgoing]) -> bool:
        certified = [each for each in outgoing if each.certified]
        drops = outputs.DropEvents() in done
        unkept = to_keep(self._kept, after)
        events = [each for each in self._unkept if not drops and each in self._certified.waiting] + certified
        if unkept or events or drops or self._drops_letters:
            noted = None if after.belief.is_doubted else Noted(self._now(), str(self._boots))
            try:
                letters = map(self._letter, events)
                self.disk.keep(unkept, letters, noted, drop_letters=drops or self._drops_letters)
            except DiskFullError:
                self._drops_letters = self._drops_letters or drops
                self._unkept = events
                return not (certified or drops or to_keep(before, after))
        self._kept, self._drops_letters, self._unkept = after, False, []
        for each in certified:
            self._observe(Said(self._world.now, self.name, each.message, each.message_id, certified=True))
        return True

    def _letter(self, outgoing: Outgoing) -> Letter:
        event = Event(message=outgoing.message, message_id=outgoing.message_id)
        return Letter(outgoing.message_id, outgoing.happened_at, self._codec.encode_event(event))

    def _sound(self, done: tuple[outputs.Output, ...], state: State) -> None:
        for output in done:
            if isinstance(output, outputs.Ring):
                self.sounding = output.token
                held = state.alerts[output.token]
                time = held.occurrence.scheduled_time
                rang = Rang(self._world.now, self.name, output.token, time, held.due_at)
                if self._breakage.gap and held.occurrence.assets and not self._fetched:
                    self._world.after(self._breakage.gap, self._boot_only(partial(self._observe, rang)))
                else:
                    self._observe(rang)
            elif isinstance(output, outputs.Stop | outputs.Mute) and self.sounding == output.token:
                self.sounding = None
                self._observe(Silent(self._world.now, self.name, output.token))

    def _line_up(self, done: tuple[outputs.Output, ...], outgoing: list[Outgoing]) -> None:
        for output in done:
            if isinstance(output, outputs.DropEvents):
                self._certified.waiting.clear()
                self._loose.waiting.clear()
            elif isinstance(output, outputs.WakeAt):
                self._wake_at = output.time
                if self._armed != self._alarm():
                    self._arm()
        for each in outgoing:
            lane = self._certified if each.certified else self._loose
            if each.certified or self._line is not None:
                lane.waiting.append(each)
        self._pump()

    _wake_at: datetime | None = None

    def _alarm(self) -> tuple[datetime | None, timedelta, float]:
        """What the timer's hour follows from, as long as nobody sets the clock."""
        return self._wake_at, self._ahead, self.clock.rate

    def _arm(self) -> None:
        self._armed = self._alarm()
        if self._wake is not None:
            self._wake.call_off()
        if self._wake_at is not None:
            time = self.clock.when(self._wake_at - self._ahead, self._world.now)
            self._wake = self._world.at(time, self._boot_only(self._woke))

    def _woke(self) -> None:
        self._wake = self._armed = None
        if not self.is_asleep:
            self.happens(inputs.Woke())

    def _fetch(self, done: tuple[outputs.Output, ...]) -> None:
        for output in done:
            if isinstance(output, outputs.Fetch):
                for url in output.urls:
                    self._fetch_one(url)

    def _fetch_one(self, url: str) -> None:
        is_missing = self._world.happens(self._faults["asset_missing"])
        happened = inputs.AssetFailed(url, "it can't be had") if is_missing else inputs.AssetFetched(url)
        if not is_missing:
            self._fetched.add(url)
        self._world.after(_ASSET_LATE if is_missing else _ASSET, self._boot_only(lambda: self.press(happened)))

    # The connection

    def _connect(self) -> None:
        self._connect_at = None
        if not self.is_on or self._line is not None:
            return
        if self.is_asleep or not (self._cloud.is_up and self._cloud.is_reachable):
            self.happens(inputs.Disconnected())
            self._connect_later()
            return
        line = self._line = Line(self._world, self._faults)
        opened_at = self._monotonic()
        line.on_end(self._boot_only(lambda: self._over(line, opened_at)))
        device = self.device
        self._cloud.opens(device, line, self._boot_only_with(self._told))
        for lane in (self._certified, self._loose):
            lane.try_at_once()
        self.happens(inputs.Connected())
        self.happens(inputs.TimeTold(self._world.now.replace(microsecond=0)))
        if self.is_right:
            self._observe(Back(self._world.now, self.name, "clock"))

    def finds_network(self) -> None:
        """The house's network is there, if it was not."""
        if self.is_on and self._line is None:
            if self._connect_at is not None:
                self._connect_at.call_off()
            self._connect_later()

    def _connect_later(self) -> None:
        self._connect_at = self._world.after(self._backoff.wait(), self._boot_only(self._connect))

    def _over(self, line: Line, opened_at: float) -> None:
        if self._line is not line:
            return
        self._line, self._under_way = None, None
        self._backoff.stood(self._monotonic() - opened_at, delivered=True)
        lost, self._loose.waiting = list(self._loose.waiting), type(self._loose.waiting)()
        self.happens(inputs.Disconnected())
        for each in lost:
            if each.once:
                self.happens(inputs.Answered(each.message, None))
        self._connect_later()

    def _boot_only_with(self, do: Callable[[bytes], None]) -> Callable[[bytes], None]:
        boot = self._boots

        def then(json: bytes) -> None:
            if self.is_on and self._boots == boot and not self.is_asleep:
                do(json)

        return then

    def _told(self, json: bytes) -> None:
        try:
            directive = self._codec.decode_directive(json)
        except ProtocolError as error:
            self.happens(inputs.NotUnderstood(json.decode(), str(error)))
            return
        self._observe(Told(self._world.now, self.name, directive.message))
        self.happens(inputs.Told(directive, json.decode()))

    # The outbox

    def _pump(self) -> None:
        """Send what comes next, if nothing is under way."""
        line = self._line
        if line is None or self._under_way is not None or self.is_asleep:
            return
        self._drop_stale()
        now = self._monotonic()
        lanes = [lane for lane in (self._certified, self._loose) if lane.waiting]
        ready = next((lane for lane in lanes if lane.not_before <= now), None)
        if ready is not None:
            self._post(line, ready, ready.waiting[0])
        elif lanes:
            if self._pump_at is not None:
                self._pump_at.call_off()
            wait = min(lane.not_before for lane in lanes) - now
            self._pump_at = self._world.after(wait, self._boot_only(self._pump))

    def _drop_stale(self) -> None:
        now = self._monotonic()
        self._loose.waiting = type(self._loose.waiting)(
            each
            for each in self._loose.waiting
            if now - each.came_at <= STALE_SECONDS and not is_moot(each.message, self.state)
        )

    def _post(self, line: Line, lane: Lane, outgoing: Outgoing) -> None:
        self._under_way = outgoing
        event = Event(
            message=outgoing.message,
            message_id=outgoing.message_id,
            alerts_state=alerts_state(self.state),
            context=components(self.state, self.profile),
        )
        json, device = self._codec.encode_event(event), self.device
        answered = self._boot_only_status(lane, outgoing)
        line.carry(
            lambda: self._cloud.hears(
                line, device, json, lambda status: line.carry(lambda: answered(status), up=False)
            ),
            up=True,
            may_double=True,
        )
        self._world.after(_NO_ANSWER, lambda: answered(None))

    def _boot_only_status(self, lane: Lane, outgoing: Outgoing) -> Callable[[int | None], None]:
        boot = self._boots

        def answered(status: int | None) -> None:
            if self.is_on and self._boots == boot and self._under_way is outgoing:
                self._under_way = None
                self._judge(lane, outgoing, status)
                self._pump()

        return answered

    def _judge(self, lane: Lane, outgoing: Outgoing, status: int | None) -> None:
        if outgoing.once:
            if outgoing in lane.waiting:
                lane.waiting.remove(outgoing)
            self.happens(inputs.Answered(outgoing.message, status))
        elif status is not None and (status < 300 or status == 400):
            lane.try_at_once()
            if outgoing in lane.waiting:
                lane.waiting.remove(outgoing)
            if outgoing.certified:
                self._unforgotten.append(outgoing.message_id)
                try:
                    self.disk.arrived(self._unforgotten)
                except DiskFullError:
                    return  # it is sent again after a restart, unless another arrives before
                self._unforgotten.clear()
        else:
            lane.failed(self._monotonic())


def _to_send(done: tuple[outputs.Output, ...]) -> list[outputs.Send]:
    dropped = max((number for number, output in enumerate(done) if isinstance(output, outputs.DropEvents)), default=0)
    return [output for output in done[dropped:] if isinstance(output, outputs.Send)]
