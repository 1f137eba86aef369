"""A conversation with the device engine, as a test reads it.

    device << alarm("a", "07:00:00") >> SetAlertSucceeded(token="a", type="ALARM")
    device.at("07:00:00") >> AlertStarted(token="a", type="ALARM") >> rings("a")

``<<`` is what happens to the device: a directive's message, or an input. ``>>`` is the next thing that it says or
lets be heard. What nobody expected fails the test when the talk goes on, and at its end (`over`).
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from bellwire.device import outputs
from bellwire.device.agenda import Agenda
from bellwire.device.difference import to_keep
from bellwire.device.do_not_disturb import DoNotDisturb
from bellwire.device.engine import step
from bellwire.device.held import LOUDEST, Held, Remembered, Setup, State, System
from bellwire.device.inputs import ClockStepped, Input, Started, Told, Woke
from bellwire.device.outputs import Output, Send
from bellwire.protocol.messages import Message
from bellwire.protocol.messages.alerts import SetAlert
from bellwire.protocol.messages.envelope import Directive
from bellwire.protocol.profiles.clova import CIC_KO_2022
from bellwire.protocol.profiles.profile import Profile

MIDNIGHT = datetime(2030, 6, 1, tzinfo=UTC)


def moment(time: str) -> datetime:
    """``07:00:00`` of the first day, ``+1 07:00:00`` of the next one; fractions of a second may follow."""
    day, _, clock = time.rpartition(" ")
    of_day = datetime.fromisoformat(f"1900-01-01T{clock}") - datetime(1900, 1, 1)  # noqa: DTZ001
    return MIDNIGHT + timedelta(days=int(day or 0)) + of_day


def alarm(token: str, time: str, kind: str = "ALARM", label: str | None = None) -> SetAlert:
    return SetAlert(token=token, type=kind, scheduled_time=moment(time), label=label)


@dataclass(frozen=True)
class Sound:
    """What becomes of the bell."""

    what: str
    token: str = ""


BEHIND = Sound("behind")
IN_FRONT = Sound("in front")


def at_volume(volume: int) -> Sound:
    return Sound(f"at volume {volume}")


def rings(token: str) -> Sound:
    return Sound("rings", token)


def muted(token: str) -> Sound:
    return Sound("muted", token)


def silent(token: str) -> Sound:
    return Sound("silent", token)


@dataclass(frozen=True)
class Loose:
    """An event that may be lost on its way."""

    message: Message


@dataclass(frozen=True)
class Assets:
    """Urls that are fetched, or given up."""

    what: str
    urls: tuple[str, ...]


def fetches(*urls: str) -> Assets:
    return Assets("fetches", urls)


def gives_up(*urls: str) -> Assets:
    return Assets("gives up", urls)


@dataclass(frozen=True)
class Reconnects:
    """It leaves its cloud, for the one where it belongs now."""


@dataclass(frozen=True)
class Warns:
    """Its owner is told what to mend."""

    text: str


@dataclass(frozen=True)
class Corrects:
    """It takes the time to be another one than its clock shows."""

    by: timedelta


Said = Corrects | Message | Loose | Sound | Assets | Reconnects | Warns


def _told(happened: Input | Message) -> Input:
    if isinstance(happened, Message):
        return Told(Directive(message=happened, message_id="m"), raw(happened))
    return happened


def raw(message: Message) -> str:
    """A directive as it came to a device that was told this message."""
    return f"as it came: {message}"


_SAID: dict[type[Output], Callable[[Any], Said]] = {
    outputs.Send: lambda send: send.message if send.certified else Loose(send.message),
    outputs.Ring: lambda ring: rings(ring.token),
    outputs.Mute: lambda mute: muted(mute.token),
    outputs.Stop: lambda stop: silent(stop.token),
    outputs.SetVolume: lambda volume: at_volume(volume.volume),
    outputs.PutBehind: lambda put: Sound("behind" if put.is_behind else "in front"),
    outputs.Fetch: lambda fetch: fetches(*fetch.urls),
    outputs.ForgetAssets: lambda forget: gives_up(*forget.urls),
    outputs.Reconnect: lambda _: Reconnects(),
    outputs.Warn: lambda warn: Warns(warn.text),
    outputs.CorrectClock: lambda correct: Corrects(correct.by),
}


def saved_over(kept: State, state: State) -> State:
    """What is on the disk when what this state needs was saved over what was kept."""
    unkept = to_keep(kept, state)
    alerts = {**kept.alerts, **{held.token: held for held in unkept.save}}
    for token in unkept.forget:
        del alerts[token]
    volume = kept.volume if unkept.volume is None else unkept.volume
    quiet = unkept.do_not_disturb or kept.do_not_disturb
    return State(
        Agenda(alerts.values()),
        volume=volume,
        do_not_disturb=quiet,
        system=System(remembered=unkept.remembered or kept.system.remembered),
    )


class Device:
    """The engine with a disk, a clock and a memory of what was said."""

    def __init__(self, profile: Profile = CIC_KO_2022, now: str = "00:00:00", setup: Setup | None = None) -> None:
        self.profile = profile
        self.now = moment(now)
        self.setup = setup or Setup()
        self.remembered = Remembered()
        self.state = State()
        self.disk: dict[str, Held] = {}
        self.volume = LOUDEST
        """On the disk."""
        self.do_not_disturb = DoNotDisturb()
        """The same."""
        self.outbox: list[Message] = []
        """Certified events that nobody has taken yet."""
        self.wake_at: datetime | None = None
        self.outputs: tuple[Output, ...] = ()
        """Of the last step."""
        self._unheard: deque[Said] = deque()
        self._told: list[str] = []

    def __lshift__(self, happened: Input | Message) -> Self:
        self._nothing_unexpected()
        self._step(happened)
        return self

    def __rshift__(self, expected: Said) -> Self:
        if not self._unheard:
            raise AssertionError(self._tale(f"expected: {expected}\nbut nothing more is said"))
        said = self._unheard.popleft()
        if said != expected:
            raise AssertionError(self._tale(f"expected: {expected}\nsaid:     {said}"))
        return self

    def at(self, time: str) -> Self:
        """Let the time go by, waking the device whenever it asked for it."""
        self._nothing_unexpected()
        until = moment(time)
        assert until >= self.now, "time does not go back; use clock_set"
        while self.wake_at is not None and self.wake_at <= until:
            self.now = max(self.now, self.wake_at)
            self._step(Woke())
            until += sum((did.by for did in self.outputs if isinstance(did, outputs.CorrectClock)), timedelta())
            if self.wake_at == self.now:
                raise AssertionError(self._tale("it would wake for ever"))
        self.now = until
        return self

    def asleep_until(self, time: str) -> Self:
        """Let the time go by without power."""
        self._nothing_unexpected()
        self.now = moment(time)
        return self

    def powered(self, latest: str | None = None, *, is_same_boot: bool = False) -> Self:
        """Cut the power, and boot from what is on the disk; `latest` is the last time that was noted there."""
        self._nothing_unexpected()
        self.state, self.wake_at = State(), None
        noted = moment(latest) if latest else None
        held = tuple(self.disk.values())
        booted = Started(held, self.volume, self.remembered, self.setup, noted, is_same_boot, self.do_not_disturb)
        self._step(booted)
        return self

    def clock_set(self, time: str) -> Self:
        """Somebody sets the wall clock."""
        self._nothing_unexpected()
        by, self.now = moment(time) - self.now, moment(time)
        self._step(ClockStepped(by))
        return self

    def over(self) -> None:
        """The end of the talk."""
        self._nothing_unexpected()

    def silently(self) -> Self:
        """Whatever was said does not matter here."""
        self._unheard.clear()
        return self

    def _step(self, happened: Input | Message) -> None:
        self.state, self.outputs = step(self.state, _told(happened), self.now, self.profile)
        self._keep()
        self._told.append(f"{self.now:%H:%M:%S} << {happened}")
        for output in self.outputs:
            self._perform(output)

    def _keep(self) -> None:
        kept = State(
            Agenda(self.disk.values()),
            volume=self.volume,
            do_not_disturb=self.do_not_disturb,
            system=System(remembered=self.remembered),
        )
        after = saved_over(kept, self.state)
        self.do_not_disturb = after.do_not_disturb
        self.disk, self.volume, self.remembered = dict(after.alerts), after.volume, after.system.remembered

    def _perform(self, output: Output) -> None:
        match output:
            case outputs.DropEvents():
                self.outbox.clear()
            case outputs.WakeAt(time):
                self.wake_at = time
            case outputs.CorrectClock(by):
                self.now += by
            case Send(message, True):
                self.outbox.append(message)
            case _:
                pass
        if type(output) in _SAID:
            said = _SAID[type(output)](output)
            self._unheard.append(said)
            self._told.append(f"         >> {said}")

    def _nothing_unexpected(self) -> None:
        if self._unheard:
            raise AssertionError(self._tale("not expected: " + "\n              ".join(map(str, self._unheard))))

    def _tale(self, problem: str) -> str:
        return "\n".join(["", *self._told, "", problem])
