"""Performs what the engine decides: the only one that keeps, sounds, sends and waits.

It knows the clock, the disk, the bell and the outbox; it must not know a rule of any alert.
What must survive a power cut is on the disk before anything of the same step is sent, and, but for what the hour
brings, before anything is heard.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import structlog

from bellwire.device import inputs, outputs
from bellwire.device.agenda import Agenda
from bellwire.device.belief import Faith
from bellwire.device.bell import Bell
from bellwire.device.clouds import Clouds
from bellwire.device.difference import Unkept, to_keep
from bellwire.device.do_not_disturb import DoNotDisturb
from bellwire.device.engine import alerts_state, is_moot, step
from bellwire.device.held import LOUDEST, Noted, Setup, State, System
from bellwire.device.inputs import Input
from bellwire.device.lane import Outgoing
from bellwire.device.observer import Observer, tell
from bellwire.device.outbox import UNAUTHORIZED, Outbox, Post
from bellwire.device.outputs import Output
from bellwire.device.storage import Storage, StorageError, do_not_disturb_fact, fact_of, noted_fact, volume_fact
from bellwire.device.system import components
from bellwire.device.timer import Clock, Timer
from bellwire.protocol.codec import Codec
from bellwire.protocol.errors import ProtocolError
from bellwire.protocol.messages.system import Exception as CloudException
from bellwire.protocol.profiles.profile import Profile

log = structlog.get_logger()

NOTE_SECONDS = 60.0
"""So often the time goes to the disk: a boot then knows what it is later than."""

REFUSALS = {
    401: UNAUTHORIZED,
    404: "the cloud knows this speaker by another version of the protocol: start it with --profile, as "
    "`bellwire device list` shows it",
    429: "the cloud has this speaker's downchannel already: is another one running with the same token?",
}


class Runner:
    """Everything that happens to the speaker comes here, one after the other, on the event loop.

    It is the connection's `Listener`, and takes the ringer's callbacks.
    """

    def __init__(self, profile: Profile, storage: Storage, observer: Observer, clock: Clock) -> None:
        self._profile = profile
        self._storage = storage
        self._observer = observer
        self._clock = clock
        self._codec = Codec(profile)
        self._state = State()
        self._kept = State()
        """The state that is on the disk, as far as it is kept there: older than the other after the disk has failed."""
        self._drops_letters = False
        """Events on the disk were to be dropped, and the disk has failed."""
        self._unkept: list[Outgoing] = []
        """Events that must arrive, and that a failing disk has not kept; some may have arrived meanwhile."""
        self._timer = Timer(
            clock,
            on_due=lambda: self.happens(inputs.Woke()),
            on_step=self._clock_was_set,
            on_look=self._looked,
        )
        self._boot = clock.boot()
        self._noted_at = clock.monotonic()
        self._outbox = Outbox(
            self._codec,
            storage,
            clock,
            observer,
            context=lambda: alerts_state(self._state),
            components=lambda: components(self._state, profile),
            is_moot=lambda message: is_moot(message, self._state),
            on_directive=self.directive,
            on_refusal=self.refusal,
            on_answer=lambda message, status: self.happens(inputs.Answered(message, status)),
        )
        self._bell: Bell
        self._reconnect: Callable[[], None]

    def start(self, bell: Bell, setup: Setup, *, reconnect: Callable[[], None]) -> None:
        """Goes on where the last run ended. Raises StorageError when what it left can't be read.

        `reconnect` leaves the connection, and connects soon to the cloud that `clouds` then says.
        """
        self._bell, self._reconnect = bell, reconnect
        held, volume, remembered = self._storage.alerts(), self._storage.volume(), self._storage.remembered()
        quiet = self._storage.do_not_disturb()
        self._kept = State(Agenda(held), volume=volume, do_not_disturb=quiet, system=System(remembered=remembered))
        noted = self._storage.noted()
        latest = noted.latest if noted else None
        self._outbox.restore(self._storage.letters(), latest)
        self._timer.start()
        is_same_boot = noted is not None and noted.boot == self._boot != ""
        self.happens(inputs.Started(held, volume, remembered, setup, latest, is_same_boot, quiet))
        self._looked()

    def close(self) -> None:
        """Wakes no more."""
        self._timer.close()
        self._note_time()

    async def send(self, post: Post) -> None:
        """Takes events to the cloud, until it is cancelled."""
        await self._outbox.run(post)

    def send_now(self) -> None:
        """Events that the cloud refused may be taken now."""
        self._outbox.try_now()

    def happens(self, happened: Input) -> None:
        """Has the engine decide what to do about it, and does it.

        A bug must not take the other alarms with it: it is logged, and the speaker goes on.
        """
        try:
            self._timer.notice_step()
            self._step(happened)
        except Exception:
            log.exception("what happened could not be dealt with", happened=type(happened).__name__)

    def _step(self, happened: Input) -> None:
        now = self._timer.now()
        before = self._state
        state, done = step(before, happened, now, self._profile)
        # On time, where a disk may take its time, and so may the system that is asked for the name of an event. What
        # the power cuts off between the two is due at boot again.
        is_on_time = isinstance(happened, inputs.Woke)
        if is_on_time:
            self._perform(done, _ON_THE_BELL)
        outgoing = [self._outgoing(send, now) for send in _to_send(done)]
        # All but a directive goes on without a disk.
        if not self._keep(before, state, done, outgoing) and isinstance(happened, inputs.Told):
            self._step(inputs.NotKept(happened.directive, happened.raw))
            return
        self._state = state
        self._line_up(done, outgoing)
        if not is_on_time:
            self._perform(done, _ON_THE_BELL)
        self._perform(done, _AFTERWARDS)
        tell(self._observer, before, state)
        changed = (state.alerts.get(token) for token in state.alerts.changes_since(before.alerts))
        self._bell.expect({held.occurrence.kind for held in changed if held})
        was, now_at = before.system.remembered.clouds, state.system.remembered.clouds
        if now_at.current != (was.current or now_at.configured):
            self._observer.moved(now_at.current)

    def _clock_was_set(self, by: timedelta) -> None:
        self._move_letters(by)
        self.happens(inputs.ClockStepped(by))

    def _correct_clock(self, by: timedelta) -> None:
        """What is kept of this step already has the time before the correction, as all that was kept earlier."""
        self._move_letters(by)
        self._timer.correct(by)

    def _move_letters(self, by: timedelta) -> None:
        self._unkept = [replace(event, happened_at=event.happened_at + by) for event in self._unkept]
        try:
            self._storage.moved_by(by)
        except StorageError as error:
            log.warning("events on the disk keep the times of the clock before", reason=str(error))

    def _looked(self) -> None:
        if self._state.belief.faith is not Faith.SURE and self._clock.is_kept_by_ntp():
            self.happens(inputs.KeptByNtp())
        if self._clock.monotonic() - self._noted_at >= NOTE_SECONDS:
            self._note_time()

    def _note_time(self) -> None:
        self._noted_at = self._clock.monotonic()
        if self._state.belief.is_doubted or not self._state.alerts:
            return
        try:
            self._storage.note(Noted(self._timer.now(), self._boot))
        except StorageError as error:
            log.warning("the time could not be noted", reason=str(error))

    def _time_of(self, after: State, done: tuple[Output, ...]) -> dict[str, str]:
        """What time it is once this step is done, if that is believed then."""
        by = sum((output.by for output in done if isinstance(output, outputs.CorrectClock)), timedelta())
        return {} if after.belief.is_doubted else noted_fact(Noted(self._timer.now() + by, self._boot))

    def _line_up(self, done: tuple[Output, ...], outgoing: list[Outgoing]) -> None:
        """What is to come of it later, and so waits for nothing that may fail."""
        self._perform(done, _LATER)
        for event in outgoing:
            self._outbox.put(event)

    def _perform(self, done: tuple[Output, ...], table: "Performances") -> None:
        for output in done:
            if type(output) in table:
                table[type(output)](self, output)

    def _outgoing(self, send: outputs.Send, now: datetime) -> Outgoing:
        return Outgoing(send.message, str(uuid4()), send.certified, now, self._clock.monotonic(), send.once)

    def _keep(self, before: State, after: State, done: tuple[Output, ...], outgoing: list[Outgoing]) -> bool:
        """Keeps all that must survive, in one transaction, also what of the state a failing disk has not kept before.

        Whether it could, or nothing of this step was to be kept.
        """
        certified = [event for event in outgoing if event.certified]
        drops = outputs.DropEvents() in done
        unkept = to_keep(self._kept, after)
        events = ([] if drops else self._outbox.waiting_of(self._unkept)) + certified
        if unkept or events or drops or self._drops_letters:
            try:
                self._storage.keep(
                    save=unkept.save,
                    forget=unkept.forget,
                    letters=map(self._outbox.letter, events),
                    drop_letters=drops or self._drops_letters,
                    facts=_facts(unkept) | self._time_of(after, done),
                )
            except StorageError as error:
                log.critical("not kept", reason=str(error))
                self._drops_letters = self._drops_letters or drops
                self._unkept = events
                return not (certified or drops or to_keep(before, after))
        self._kept, self._drops_letters, self._unkept = after, False, []
        return True

    @property
    def volume(self) -> int:
        """How loud alerts ring, 0 to LOUDEST."""
        return self._state.volume

    @property
    def do_not_disturb(self) -> DoNotDisturb:
        """Whether alerts are seen and not heard."""
        return self._state.do_not_disturb

    @property
    def clouds(self) -> Clouds:
        """Where the cloud is, and where it has been."""
        return self._state.system.remembered.clouds

    @property
    def has_wrong_clock(self) -> bool:
        """Whether the machine's clock is not to be used for anything."""
        return self._state.belief.is_wrong

    def meaning_of(self, status: int) -> int:
        """The status for which this one stands in this version of the protocol."""
        return self._codec.meaning_of(status)

    # What the connection tells.

    def told_time(self, time: datetime, of_another: bool) -> None:
        """The cloud's clock shows this. A cloud on this machine has the same clock, and is no witness."""
        if of_another:
            self.happens(inputs.TimeTold(time))

    def connected(self) -> None:
        """The downchannel stands."""
        self._outbox.opened()
        self._observer.connected()
        self.happens(inputs.Connected())

    def disconnected(self, reason: str) -> None:
        """There is no connection any more, or it could not be made."""
        self._outbox.closed()
        self._observer.disconnected(reason)
        self.happens(inputs.Disconnected())

    def refused(self, status: int, body: bytes) -> None:
        """The cloud does not want this downchannel."""
        reason = REFUSALS.get(status, "the cloud refused the downchannel; it is tried again")
        log.error("refused", status=status, reason=reason)
        said = self.refusal(body) if body else ""
        self.disconnected(f"{status}: {reason}" + (f" (the cloud says: {said})" if said else ""))

    def refusal(self, body: bytes) -> str:
        """Why the cloud refused something, in its own words; nothing where they can't be understood."""
        self._observer.message_received(body.decode("utf-8", "replace"))
        try:
            said = self._codec.decode_refusal(body)
        except ProtocolError as error:
            log.warning("refusal not understood", reason=str(error))
            return ""
        return _warned_of(said)

    def directive(self, body: bytes) -> None:
        """A message of the cloud. One that can't be understood is logged; the profile says what else is done."""
        raw = body.decode("utf-8", "replace")
        self._observer.message_received(raw)
        try:
            directive = self._codec.decode_directive(body)
        except ProtocolError as error:
            log.warning("message not understood", reason=str(error))
            self.happens(inputs.NotUnderstood(raw, str(error), self._codec.left_of(body, str(error))))
            return
        if directive.unread:
            first = directive.unread[0].problem
            log.warning("entries of a list not understood", entries=len(directive.unread), reason=first)
        if isinstance(directive.message, CloudException):
            _warned_of(directive.message)
        self.happens(inputs.Told(directive, raw))

    # What the ringer tells.

    def sounding(self, token: str, moment: float) -> None:
        """The first sound of this alert went to the sound card at that monotonic time."""
        held = self._state.alerts.get(token)
        if held is None:
            return
        at = self._timer.now() - timedelta(seconds=self._clock.monotonic() - moment)
        late = at - held.due_at
        log.info("alert rings", token=token, late_ms=round(late / timedelta(milliseconds=1), 1))
        self._observer.alert_ringing(held.occurrence, late)

    def ended(self, token: str) -> None:
        """A ring is over by itself."""
        self.happens(inputs.PlaybackEnded(token))

    def fetched(self, url: str) -> None:
        """An asset is ready."""
        self.happens(inputs.AssetFetched(url))

    def failed(self, url: str, reason: str) -> None:
        """An asset can't be had."""
        self.happens(inputs.AssetFailed(url, reason))


def _warned_of(said: CloudException) -> str:
    description = said.description[:500]
    log.warning("the cloud found a mistake", status=said.code, description=description)
    return description


def _to_send(done: tuple[Output, ...]) -> list[outputs.Send]:
    """What is to be sent, but for what is dropped after it in the same turn."""
    dropped = max((number for number, output in enumerate(done) if isinstance(output, outputs.DropEvents)), default=0)
    return [output for output in done[dropped:] if isinstance(output, outputs.Send)]


def _facts(unkept: Unkept) -> dict[str, str]:
    """What is to be kept beside alerts and events."""
    volume = volume_fact(unkept.volume) if unkept.volume is not None else {}
    quiet = do_not_disturb_fact(unkept.do_not_disturb) if unkept.do_not_disturb is not None else {}
    return volume | quiet | (fact_of(unkept.remembered) if unkept.remembered is not None else {})


Performances = Mapping[type[Output], Callable[[Runner, Any], None]]

_ON_THE_BELL: Performances = {
    outputs.Mute: lambda runner, mute: runner._bell.mute(mute.token),
    outputs.PutBehind: lambda runner, put: setattr(runner._bell, "behind", put.is_behind),
    outputs.Ring: lambda runner, ring: runner._bell.ring(
        ring.token,
        ring.kind,
        ring.sources,
        rounds=ring.rounds,
        pause=ring.pause,
        behind=ring.behind,
        ramp=ring.ramp,
    ),
    outputs.SetVolume: lambda runner, volume: setattr(runner._bell, "volume", volume.volume / LOUDEST),
    outputs.Stop: lambda runner, stop: runner._bell.stop(stop.token),
}

_LATER: Performances = {
    outputs.CorrectClock: lambda runner, correct: runner._correct_clock(correct.by),
    outputs.DropEvents: lambda runner, _: runner._outbox.clear(),
    outputs.WakeAt: lambda runner, wake: runner._timer.set(wake.time),
}

_AFTERWARDS: Performances = {
    outputs.DropAssets: lambda runner, _: runner._bell.forget_all(),
    outputs.Fetch: lambda runner, fetch: runner._bell.prepare(fetch.urls),
    outputs.ForgetAssets: lambda runner, forget: runner._bell.forget(forget.urls),
    outputs.Reconnect: lambda runner, _: runner._reconnect(),
    outputs.Warn: lambda _, warn: log.error("something is to be mended", what=warn.text),
}
