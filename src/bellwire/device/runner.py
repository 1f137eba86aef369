"""Performs what the engine decides: the only one that keeps, sounds, sends and waits.

It knows the clock, the disk, the bell and the outbox; it must not know a rule of any alert.
What must survive a power cut is on the disk before anything of the same step is sent, and, but for what the hour
brings, before anything is heard.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import uuid4

import structlog

from bellwire.device import inputs, outputs
from bellwire.device.engine import alerts_state, is_moot, step
from bellwire.device.held import State
from bellwire.device.inputs import Input
from bellwire.device.lane import Outgoing
from bellwire.device.observer import Observer, tell
from bellwire.device.outbox import Outbox, Post
from bellwire.device.outputs import Output
from bellwire.device.ringer.sounds import Source
from bellwire.device.storage import Storage, StorageError
from bellwire.device.timer import Clock, Timer
from bellwire.protocol.codec import Codec
from bellwire.protocol.errors import ProtocolError
from bellwire.protocol.messages.envelope import Directive
from bellwire.protocol.messages.system import Exception as CloudException
from bellwire.protocol.profiles.profile import Profile

log = structlog.get_logger()

REFUSALS = {
    401: "the cloud does not take this speaker's access token: start the speaker with a new one",
    429: "the cloud has this speaker's downchannel already: is another one running with the same token?",
}


class Bell(Protocol):
    """What sounds (`ringer.Ringer`)."""

    def ring(self, token: str, kind: str, sources: tuple[Source, ...], *, rounds: int | None = None) -> None:
        """Begin at once; what rang before ends."""

    def mute(self, token: str) -> None:
        """Silence, while the ring goes on."""

    def stop(self, token: str) -> None:
        """End the ring."""

    def prepare(self, urls: Iterable[str]) -> None:
        """Make assets ready to play."""

    def forget(self, urls: Iterable[str]) -> None:
        """Drop assets."""


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
        self._timer = Timer(
            clock, on_due=lambda: self.happens(inputs.Woke()), on_step=lambda by: self.happens(inputs.ClockStepped(by))
        )
        self._outbox = Outbox(
            self._codec,
            storage,
            clock,
            observer,
            context=lambda: alerts_state(self._state),
            is_moot=lambda message: is_moot(message, self._state),
            on_directive=self.directive,
        )
        self._bell: Bell

    def start(self, bell: Bell) -> None:
        """Goes on where the last run ended. Raises StorageError when what it left can't be read."""
        self._bell = bell
        held, letters = self._storage.alerts(), self._storage.letters()
        self._outbox.restore(letters)
        self._timer.start()
        self.happens(inputs.Started(held))

    def close(self) -> None:
        """Wakes no more."""
        self._timer.close()

    async def send(self, post: Post) -> None:
        """Takes events to the cloud, until it is cancelled."""
        await self._outbox.run(post)

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
        now = self._clock.wall()
        before = self._state
        state, done = step(before, happened, now, self._profile)
        outgoing = [self._outgoing(send, now) for send in done if isinstance(send, outputs.Send)]
        if isinstance(happened, inputs.Woke):
            # On time, where a disk may take its time. What the power cuts off between the two is due at boot again.
            self._perform(done, _ON_THE_BELL)
            self._state = state
            self._keep(done, outgoing)
            self._line_up(done, outgoing)
        elif self._keep(done, outgoing) or not isinstance(happened, Directive):
            # All but a directive goes on without a disk.
            self._state = state
            self._line_up(done, outgoing)
            self._perform(done, _ON_THE_BELL)
        else:
            self._step(inputs.NotKept(happened))
            return
        self._perform(done, _WITH_ASSETS)
        tell(self._observer, before, state)

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
        return Outgoing(send.message, str(uuid4()), send.certified, now, self._clock.monotonic())

    def _keep(self, done: tuple[Output, ...], outgoing: list[Outgoing]) -> bool:
        """Keeps all that must survive, in one transaction. Whether it could."""
        save = [output.held for output in done if isinstance(output, outputs.Save)]
        forget = [output.token for output in done if isinstance(output, outputs.Forget)]
        letters = [self._outbox.letter(event) for event in outgoing if event.certified]
        drop_letters = outputs.DropEvents() in done
        if not (save or forget or letters or drop_letters):
            return True
        try:
            self._storage.keep(save=save, forget=forget, letters=letters, drop_letters=drop_letters)
        except StorageError as error:
            log.critical("not kept", reason=str(error))
            return False
        return True

    # What the connection tells.

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
        if body:
            self.directive(body)
        self.disconnected(f"{status}: {reason}")

    def directive(self, body: bytes) -> None:
        """A message of the cloud. One that can't be understood is logged and passed over."""
        self._observer.message_received(body.decode("utf-8", "replace"))
        try:
            directive = self._codec.decode_directive(body)
        except ProtocolError as error:
            log.warning("message passed over", reason=str(error))
            return
        if isinstance(directive.message, CloudException):
            said = directive.message
            log.warning("the cloud found a mistake", status=said.code, description=said.description[:500])
        self.happens(directive)

    # What the ringer tells.

    def sounding(self, token: str, moment: float) -> None:
        """The first sound of this alert went to the sound card at that monotonic time."""
        held = self._state.alerts.get(token)
        if held is None:
            return
        at = self._clock.wall() - timedelta(seconds=self._clock.monotonic() - moment)
        late = at - held.occurrence.scheduled_time
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


Performances = Mapping[type[Output], Callable[[Runner, Any], None]]

_ON_THE_BELL: Performances = {
    outputs.Mute: lambda runner, mute: runner._bell.mute(mute.token),
    outputs.Ring: lambda runner, ring: runner._bell.ring(ring.token, ring.kind, ring.sources, rounds=ring.rounds),
    outputs.Stop: lambda runner, stop: runner._bell.stop(stop.token),
}

_LATER: Performances = {
    outputs.DropEvents: lambda runner, _: runner._outbox.clear(),
    outputs.WakeAt: lambda runner, wake: runner._timer.set(wake.time),
}

_WITH_ASSETS: Performances = {
    outputs.Fetch: lambda runner, fetch: runner._bell.prepare(fetch.urls),
    outputs.ForgetAssets: lambda runner, forget: runner._bell.forget(forget.urls),
}
