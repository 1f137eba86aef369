"""The writer: takes what is queued, makes it durable with one commit, and answers only then.

It knows the queue, the batch and the commit's thread; it must not know what the transactions are about.

Statements run on the event loop's own thread: the engine answers each in microseconds, and to hand over between threads
costs more than the statement. What waits for the disk (COMMIT) or for another process (a BEGIN that finds it writing)
waits on a thread, while the loop goes on.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any, ParamSpec, TypeAlias, TypeVar

import structlog

from bellwire.cloud.store.connection import Connection
from bellwire.cloud.store.errors import StoreBusy, StoreClosed, StoreError, StoreFailed
from bellwire.cloud.store.trace import Direction, TraceBuffer, append_messages
from bellwire.cloud.store.transaction import Args, Transaction
from bellwire.cloud.store.waiting_room import WaitingRoom

log = structlog.get_logger()

P = ParamSpec("P")
T = TypeVar("T")

_MOST_IN_BATCH = 128
"""So few that the loop is away for some milliseconds at most."""
_TRACE_WAITS_S = 0.1
"""So long the trace waits: what a device says meanwhile is written at once."""

_ENDED = "the store is being closed; nothing was written"

_Request: TypeAlias = tuple[asyncio.Future[Any], Callable[[], Transaction[Any]]]
_Answer: TypeAlias = tuple[asyncio.Future[Any], Any, BaseException | None]


class GroupCommit:
    """Writes what the tasks of the event loop ask for; made and used on the loop's thread.

    Transactions are performed in the order in which they came, each as if it were alone. Whatever goes wrong, with the
    disk, the log or a transaction, each caller is answered: what goes wrong with a batch is told to those in it.
    """

    def __init__(self, connection: Connection, queue_limit: int, committed: Callable[[], None]) -> None:
        """`committed` is called on the loop's thread after each commit, before anybody is answered."""
        self._connection = connection
        self._committed = committed
        self._queue_limit = queue_limit
        self._loop = asyncio.get_running_loop()
        self._queue: deque[_Request] = deque()
        self._taken: list[_Request] = []
        """Of the queue: what is being written."""
        self._wanted = asyncio.Event()
        self._unanswered = 0
        self._trace = TraceBuffer()
        self._trace_announced = False
        self._trace_due = False
        self._trace_dropped = 0
        self._closing = False
        self._has_ended = False
        self._waiting_room = WaitingRoom(self._loop)
        self._writing = self._loop.create_task(self._write_what_comes())

    def submit(self, function: Callable[P, Transaction[T]], *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[T]:
        """Queue a transaction; the future is done after its commit. StoreBusy, StoreClosed."""
        if self._has_ended:
            raise StoreClosed(_ENDED)
        if self._unanswered >= self._queue_limit:
            raise StoreBusy(f"{self._unanswered} transactions are waiting already; try again in a moment")
        self._unanswered += 1
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.append((future, partial(function, *args, **kwargs)))
        self._wanted.set()
        return future

    def record(self, device_id: str, at: datetime, direction: Direction, body: bytes) -> None:
        """Append a message to the trace with one of the next commits."""
        self._trace.add(device_id, at, direction, body)
        self._announce_trace()

    def _announce_trace(self) -> None:
        if self._trace and not self._trace_announced:
            self._trace_announced = True
            self._loop.call_later(_TRACE_WAITS_S, self._want_trace)

    def _want_trace(self) -> None:
        self._trace_due = True
        self._wanted.set()

    async def close(self) -> None:
        """Write all that is queued, close the connection and end the thread; nothing may be submitted any more."""
        self._closing = True
        self._wanted.set()
        await self._writing

    async def _write_what_comes(self) -> None:
        try:
            while not self._closing or self._queue:
                await self._wanted.wait()
                self._wanted.clear()
                await self._write_batch()
                if self._queue:
                    self._wanted.set()
            if self._trace:  # what was said while the last batch was committed
                await self._write_batch()
        finally:
            self._turn_away()
            # By its own thread: where somebody cancelled this task, that may be at the disk still.
            closed = self._waiting_room.wait_for(self._connection.close)
            self._waiting_room.close()
            await closed

    async def _write_batch(self) -> None:
        try:
            await self._begin()
            answers = await self._perform(self._next_requests())
            self._append_trace()
            await self._waiting_room.wait_for(self._connection.commit)
            self._committed()
        except Exception as error:  # noqa: BLE001 - of a batch, whatever it is; the next one is tried
            answers = [(future, None, _own(error)) for future, _ in self._taken or self._next_requests()]
            self._undo(len(answers))
        self._taken = []
        self._answer(answers)

    async def _begin(self) -> None:
        if not self._connection.begin_at_once():
            await self._waiting_room.wait_for(self._connection.begin)

    async def _perform(self, requests: list[_Request]) -> list[_Answer]:
        """All at once; where one fails, all are undone and performed again, each by itself."""
        results = self._connection.perform_all([begin for _, begin in requests])
        if results is not None:
            return [(future, result, None) for (future, _), result in zip(requests, results, strict=True)]
        await self._begin()
        return [(future, *self._connection.attempt(_begun(begin))) for future, begin in requests]

    def _undo(self, transactions: int) -> None:
        _note(log.exception, "batch failed", transactions=transactions)
        with suppress(Exception):  # when even that fails, the next BEGIN does too, and its callers are told
            self._connection.roll_back()
        self._trace_announced = False
        self._announce_trace()

    def _turn_away(self) -> None:
        """Answer all who wait and all who come: nobody, but where the writer's task was cancelled."""
        self._has_ended = True
        waiting, self._taken = [*self._taken, *self._queue], []
        self._queue.clear()
        self._answer([(future, None, StoreClosed(_ENDED)) for future, _ in waiting])

    def _next_requests(self) -> list[_Request]:
        self._taken = [self._queue.popleft() for _ in range(min(len(self._queue), _MOST_IN_BATCH))]
        return self._taken

    def _append_trace(self) -> None:
        if self._trace_due or self._closing:
            self._trace_due = self._trace_announced = False
            self._append(self._trace.take())

    def _append(self, messages: list[Args]) -> None:
        dropped = self._trace.dropped
        if dropped > self._trace_dropped:
            _note(log.warning, "trace too long for the disk: its oldest messages were dropped", so_far=dropped)
            self._trace_dropped = dropped
        if messages:
            _, error = self._connection.attempt(append_messages(messages))
            if error is not None:
                _note(log.error, "trace lost", messages=len(messages), error=str(error))

    def _answer(self, answers: list[_Answer]) -> None:
        self._unanswered -= len(answers)
        for future, result, error in answers:
            if future.done():  # its caller was cancelled
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)


def _begun(begin: Callable[[], Transaction[T]]) -> Transaction[T]:
    """A transaction that is begun when it is performed: one that cannot be begun fails by itself."""
    return (yield from begin())


def _note(write: Callable[..., object], event: str, **values: object) -> None:
    """Write a line of the log, if that can be: where the disk is full its file may be, too, and callers wait."""
    with suppress(Exception):
        write(event, **values)


def _own(error: Exception) -> StoreError:
    """Give an exception for one caller: a shared one would collect the tracebacks of all."""
    own = StoreBusy(str(error)) if isinstance(error, StoreBusy) else StoreFailed(f"the commit failed: {error}")
    own.__cause__ = error
    return own
