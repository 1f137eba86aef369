"""Events on their way to the cloud, one at a time.

It knows order, statuses and when to try again; it must not know what an event says, nor what led to it.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import datetime
from typing import Protocol
from uuid import uuid4

import structlog

from bellwire.device.connection import Answer
from bellwire.device.lane import Lane, Outgoing
from bellwire.device.observer import Observer
from bellwire.device.storage import Letter, Storage, StorageError
from bellwire.device.stream import Unreachable
from bellwire.device.timer import Clock
from bellwire.protocol.codec import Codec
from bellwire.protocol.errors import ProtocolError
from bellwire.protocol.messages import Message
from bellwire.protocol.messages.context import AlertsState, ContextObject
from bellwire.protocol.messages.envelope import Event
from bellwire.protocol.multipart import MultipartWriter

log = structlog.get_logger()

STALE_SECONDS = 30.0
"""What may be lost, and has waited so long, is not wanted any more."""

KEPT_SECONDS = 7 * 24 * 3600.0
"""What must arrive, and has waited so long, tells the cloud nothing that it still wants to know.

Counted on the monotonic clock, and over restarts by the last time that was noted while the clock was believed: a board
without a battery boots years back and is set right by the network, so that by the present clock what happened a minute
ago may look years old. Time without power does not count.
"""

MAX_WAITING = 10_000
"""Of more than these the oldest go."""

PASSING = frozenset({401, 408, 412, 429})
"""Of 4xx, those that speak of the moment: all others speak of the event itself, which would never be taken."""

NEVER_TAKEN = "the cloud would never take it; its answer says why"

UNAUTHORIZED = (
    "the cloud does not take this speaker's access token: one of a pairing by code is renewed by itself, another one "
    "has to be replaced (--token)"
)

PATIENT = {
    401: UNAUTHORIZED,
    412: "the cloud sees no downchannel on this connection: it is tried again after the next connect",
}
"""Statuses that the same connection hardly changes: the longest wait comes first."""


class Post(Protocol):
    """Takes an event to the cloud (`Connection.post_event`). Raises Unreachable."""

    def __call__(self, body: bytes, content_type: str) -> Awaitable[Answer]:
        """The answer, when its status has come."""


class Outbox:
    """Events that wait and go: those that must arrive in their order, before all others that are ready.

    The next goes when the status of the one before has come, each with the context of the moment at which it goes.
    """

    def __init__(
        self,
        codec: Codec,
        storage: Storage,
        clock: Clock,
        observer: Observer,
        *,
        context: Callable[[], AlertsState],
        components: Callable[[], tuple[ContextObject, ...]],
        is_moot: Callable[[Message], bool],
        on_directive: Callable[[bytes], object],
        on_refusal: Callable[[bytes], object],
        on_answer: Callable[[Message, int | None], object],
    ) -> None:
        """`context` gives the device's alerts now, `components` the rest of its state; `is_moot` says whether an event
        that may be lost has lost its sense.

        `on_directive` takes each message that an answer brings, `on_refusal` what an answer says that refuses;
        `on_answer` hears what came of an event that is tried once: the status, or None where none came.
        """
        self._codec = codec
        self._storage = storage
        self._clock = clock
        self._observer = observer
        self._context = context
        self._is_moot = is_moot
        self._components = components
        self._on_directive = on_directive
        self._on_refusal = on_refusal
        self._on_answer = on_answer
        self._certified = Lane()
        self._loose = Lane()
        self._is_open = False
        self._news = asyncio.Event()
        self._unforgotten: list[str] = []
        """Message ids of what has arrived, and a failing disk has not forgotten."""

    def letter(self, outgoing: Outgoing) -> Letter:
        """The form in which an event that must arrive is kept."""
        event = Event(message=outgoing.message, message_id=outgoing.message_id)
        return Letter(outgoing.message_id, outgoing.happened_at, self._codec.encode_event(event))

    def restore(self, letters: Iterable[Letter], latest: datetime | None) -> None:
        """Takes up what an earlier run left, which ended at `latest`, or after it.

        What this version of the protocol does not have is dropped.
        """
        now = self._clock.monotonic()
        for letter in letters:
            age = max((latest - letter.happened_at).total_seconds(), 0.0) if latest else 0.0
            try:
                event = self._codec.decode_event(letter.event)
            except ProtocolError as error:
                log.warning("kept event dropped: this profile can't say it", reason=str(error))
                self._arrived(letter.message_id)
                continue
            self.put(Outgoing(event.message, letter.message_id, True, letter.happened_at, now - age))

    def put(self, outgoing: Outgoing) -> None:
        """Have an event sent; without a connection, only one that must arrive waits."""
        lane = self._certified if outgoing.certified else self._loose
        if outgoing.certified or self._is_open:
            lane.waiting.append(outgoing)
            self._news.set()
        if len(lane.waiting) > MAX_WAITING:
            log.error("event dropped: too many are waiting", event_name=lane.waiting[0].name)
            self._remove(lane, lane.waiting[0])

    def waiting_of(self, events: list[Outgoing]) -> list[Outgoing]:
        """Those that must arrive and have not yet."""
        waiting = {waiting.message_id for waiting in self._certified.waiting} if events else set()
        return [event for event in events if event.message_id in waiting]

    def clear(self) -> None:
        """Nothing that waits is sent any more."""
        self._certified.waiting.clear()
        self._loose.waiting.clear()

    def opened(self) -> None:
        """There is a connection: what waits goes at once."""
        self._is_open = True
        self.try_now()

    def try_now(self) -> None:
        """Whatever kept events from being taken may be gone: what waits for its next try goes at once."""
        self._certified.try_at_once()
        self._loose.try_at_once()
        self._news.set()

    def closed(self) -> None:
        """There is no connection: what may be lost is lost."""
        self._is_open = False
        lost = list(self._loose.waiting)
        self._loose.waiting.clear()
        self._tell_of(lost)

    async def run(self, post: Post) -> None:
        """Sends, until it is cancelled."""
        while True:
            lane = self._ready_lane()
            if lane is None:
                await self._something_new()
                continue
            try:
                await self._deliver(lane, lane.waiting[0], post)
            except Exception:
                log.exception("sending an event failed")
                lane.failed(self._clock.monotonic())

    def _ready_lane(self) -> Lane | None:
        self._drop_what_nobody_wants()
        now = self._clock.monotonic()
        return next((lane for lane in self._open_lanes() if lane.not_before <= now), None)

    async def _something_new(self) -> None:
        self._news.clear()
        times = [lane.not_before for lane in self._open_lanes()]
        wait = min(times) - self._clock.monotonic() if times else None
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._news.wait()

    def _open_lanes(self) -> list[Lane]:
        return [lane for lane in (self._certified, self._loose) if self._is_open and lane.waiting]

    def _drop_what_nobody_wants(self) -> None:
        now = self._clock.monotonic()
        certified = self._certified
        while certified.waiting and now - certified.waiting[0].came_at > KEPT_SECONDS:
            log.error("event dropped: it has waited too long", event_name=certified.waiting[0].name)
            self._remove(certified, certified.waiting[0])
        loose = list(self._loose.waiting)
        self._loose.waiting = deque(
            waiting
            for waiting in loose
            if now - waiting.came_at <= STALE_SECONDS and not self._is_moot(waiting.message)
        )
        self._tell_of([waiting for waiting in loose if waiting not in self._loose.waiting])

    def _tell_of(self, lost: Iterable[Outgoing]) -> None:
        for outgoing in lost:
            if outgoing.once:
                self._on_answer(outgoing.message, None)

    async def _deliver(self, lane: Lane, outgoing: Outgoing, post: Post) -> None:
        event = Event(
            message=outgoing.message,
            message_id=outgoing.message_id,
            alerts_state=self._context(),
            context=self._components(),
        )
        json = self._codec.encode_event(event)
        self._observer.message_sent(json.decode())
        body = MultipartWriter("----" + uuid4().hex, "form-data")
        try:
            answer = await post(body.whole([json]), body.content_type)
        except Unreachable as error:
            if outgoing.once:
                self._settle(lane, outgoing, None)
                return
            wait = lane.failed(self._clock.monotonic())
            log.info("event not sent", event_name=outgoing.name, reason=str(error), next_try_seconds=wait)
            return
        if outgoing.once:
            self._settle(lane, outgoing, answer.status)
        else:
            self._judge(lane, outgoing, answer.status)
        for message in answer.parts:
            if answer.status < 300:
                self._on_directive(message)
            else:
                self._on_refusal(message)

    def _settle(self, lane: Lane, outgoing: Outgoing, status: int | None) -> None:
        """What is tried once is over; when it was given up while it was under way, that has been said."""
        if outgoing in lane.waiting:
            lane.waiting.remove(outgoing)
            self._on_answer(outgoing.message, status)

    def _judge(self, lane: Lane, outgoing: Outgoing, status: int) -> None:
        never_taken = _is_never_taken(status)
        if 200 <= status < 300 or never_taken:
            if never_taken:
                log.error("event dropped", event_name=outgoing.name, status=status, reason=NEVER_TAKEN)
            lane.try_at_once()
            self._remove(lane, outgoing)
        else:
            wait = lane.failed(self._clock.monotonic(), patient=status in PATIENT)
            reason = PATIENT.get(status, "the cloud can't take it now")
            log.warning("event refused", event_name=outgoing.name, status=status, reason=reason, next_try_seconds=wait)

    def _remove(self, lane: Lane, outgoing: Outgoing) -> None:
        # It may be gone already: the connection broke, or somebody logged out, while it was under way.
        if outgoing in lane.waiting:
            lane.waiting.remove(outgoing)
        if outgoing.certified:
            self._arrived(outgoing.message_id)

    def _arrived(self, message_id: str) -> None:
        """Has the disk forget it, and what it could not forget before."""
        self._unforgotten.append(message_id)
        try:
            self._storage.arrived(self._unforgotten)
        except StorageError as error:
            log.warning("event may be sent again after a restart", reason=str(error))
        else:
            self._unforgotten.clear()


def _is_never_taken(status: int) -> bool:
    """Whether sending the same again is in vain; 505 refuses HTTP/2, and this side speaks nothing else."""
    return status == 505 or (400 <= status < 500 and status not in PASSING)
