"""A thread on which one thing at a time waits for the disk, while the event loop goes on.

It must not know what waits. An executor does the same for any number of callers, and takes three times as long to hand
over and back: for each batch that is committed.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread

_Wish = tuple[Callable[[], None], "asyncio.Future[None]"]


class WaitingRoom:
    """Made, used and closed on the loop's thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._wishes: SimpleQueue[_Wish | None] = SimpleQueue()
        Thread(target=self._perform, name="store-commit", daemon=True).start()

    def wait_for(self, action: Callable[[], None]) -> asyncio.Future[None]:
        """Perform it there; the future is done when it is, and has what it raises."""
        done: asyncio.Future[None] = self._loop.create_future()
        self._wishes.put((action, done))
        return done

    def close(self) -> None:
        """End the thread, after what waits still."""
        self._wishes.put(None)

    def _perform(self) -> None:
        while (wish := self._wishes.get()) is not None:
            action, done = wish
            problem: Exception | None = None
            try:
                action()
            except Exception as error:  # noqa: BLE001 - whoever waits is told
                problem = error
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(_settle, done, problem)


def _settle(done: asyncio.Future[None], error: Exception | None) -> None:
    if done.done():  # whoever waited was cancelled
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
