"""The writer thread: takes what is queued, makes it durable with one commit, and answers only then.

It knows the queue, the batch and the thread; it must not know what the transactions are about.
"""

import asyncio
import threading
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import Any, TypeAlias, TypeVar

import structlog

from bellwire.cloud.store.connection import Connection
from bellwire.cloud.store.errors import StoreBusy, StoreError, StoreFailed
from bellwire.cloud.store.trace import Direction, TraceBuffer, append_messages
from bellwire.cloud.store.transaction import Args, Transaction

log = structlog.get_logger()

T = TypeVar("T")

_MOST_IN_BATCH = 256
_TRACE_WAITS_S = 0.1
"""So long the trace may wait for a transaction whose commit it can share."""

_Request: TypeAlias = tuple[asyncio.Future[Any], Transaction[Any]]
_Answer: TypeAlias = tuple[asyncio.Future[Any], Any, BaseException | None]


class GroupCommit:
    """Writes, on one thread, what the tasks of the event loop ask for; made and used on the loop's thread.

    Transactions are performed in the order in which they came, each as if it were alone.
    """

    def __init__(self, connection: Connection, queue_limit: int) -> None:
        self._connection = connection
        self._queue_limit = queue_limit
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[_Request | None] = SimpleQueue()  # None: look at the trace, or at _closing
        self._unanswered = 0
        self._trace = TraceBuffer()
        self._trace_announced = False
        self._trace_dropped = 0
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, transaction: Transaction[T]) -> asyncio.Future[T]:
        """Queue a transaction; the future is done after its commit. StoreBusy."""
        if self._unanswered >= self._queue_limit:
            raise StoreBusy(f"{self._unanswered} transactions are waiting already; try again in a moment")
        self._unanswered += 1
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put((future, transaction))
        return future

    def record(self, device_id: str, at: datetime, direction: Direction, body: bytes) -> None:
        """Append a message to the trace with one of the next commits."""
        self._trace.add(device_id, at, direction, body)
        if not self._trace_announced:
            self._trace_announced = True
            self._queue.put(None)

    async def close(self) -> None:
        """Write all that is queued, close the connection and end the thread; nothing may be submitted any more."""
        self._closing = True
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _answer(self, answers: list[_Answer]) -> None:
        self._unanswered -= len(answers)
        for future, result, error in answers:
            if future.done():  # its caller was cancelled
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

    # From here on, what runs on the writer's thread.

    def _work(self) -> None:
        while not (self._closing and self._queue.empty()):
            requests = self._next_batch()
            self._trace_announced = False  # before it is taken: what is recorded later is announced anew
            messages = self._trace.take()
            self._tell_what_was_dropped()
            if requests or messages:
                answers = self._write(requests, messages)
                self._loop.call_soon_threadsafe(self._answer, answers)
        self._connection.close()

    def _tell_what_was_dropped(self) -> None:
        dropped = self._trace.dropped
        if dropped > self._trace_dropped:
            log.warning("trace too long for the disk: its oldest messages were dropped", so_far=dropped)
            self._trace_dropped = dropped

    def _next_batch(self) -> list[_Request]:
        request = self._queue.get()
        batch = []
        try:
            if request is None and not self._closing:
                request = self._queue.get(timeout=_TRACE_WAITS_S)
            while True:
                if request is not None:
                    batch.append(request)
                if len(batch) == _MOST_IN_BATCH:
                    break
                request = self._queue.get_nowait()
        except Empty:
            pass
        return batch

    def _write(self, requests: list[_Request], messages: list[Args]) -> list[_Answer]:
        attempt = self._connection.attempt
        try:
            with self._connection.transaction():
                answers = [(future, *attempt(transaction)) for future, transaction in requests]
                self._append(messages)
        except Exception as error:
            log.exception("batch failed", transactions=len(requests), messages=len(messages))
            return [(future, None, _own(error)) for future, _ in requests]
        return answers

    def _append(self, messages: list[Args]) -> None:
        if messages:
            _, error = self._connection.attempt(append_messages(messages))
            if error is not None:
                log.error("trace lost", messages=len(messages), error=str(error))


def _own(error: Exception) -> StoreError:
    """Give an exception for one caller: a shared one would collect the tracebacks of all."""
    own = StoreBusy(str(error)) if isinstance(error, StoreBusy) else StoreFailed(f"the commit failed: {error}")
    own.__cause__ = error
    return own
