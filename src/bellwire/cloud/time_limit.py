"""Ends what takes too long, at a fraction of what `asyncio.timeout` costs.

It knows tasks and seconds; it must not know what they wait for.

A timer of its own for each wait, armed and disarmed for every event, is a twentieth of what an event costs; nearly none
ever goes off. Here one timer looks at all that wait under the same limit.
"""

import asyncio
from datetime import timedelta
from types import TracebackType
from typing import cast

_LOOKS = 20
"""Looks while a limit goes by: what is ended has taken at most so much of it longer."""


class TimeLimit:
    """So long may a block take, in any number of tasks of one loop at once; not twice in one task.

    >>> with time_limit:
    ...     await receive()

    Raises TimeoutError in a block that takes longer, at most by a twentieth.
    """

    def __init__(self, limit: timedelta) -> None:
        self._limit = limit.total_seconds()
        self._begun: dict[asyncio.Task[object], float] = {}  # the oldest first
        self._ended: set[asyncio.Task[object]] = set()
        self._looking = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def __enter__(self) -> None:
        # Found once: to ask for the running loop is to ask the system for this process's id, each time.
        loop = self._loop = self._loop or asyncio.get_running_loop()
        task = _task_of(loop)
        self._begun[task] = loop.time()
        if not self._looking:
            self._look_later(loop)

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        task = _task_of(self._loop)
        self._begun.pop(task, None)
        if self._ended and task in self._ended:
            self._ended.discard(task)
            # Somebody else may have cancelled it as well: then it is cancelled.
            if not task.uncancel() and kind is asyncio.CancelledError:
                raise TimeoutError

    def _look_later(self, loop: asyncio.AbstractEventLoop) -> None:
        self._looking = True
        loop.call_later(self._limit / _LOOKS, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._looking = False
        too_old = loop.time() - self._limit
        for task, begun in list(self._begun.items()):
            if begun > too_old:
                break
            del self._begun[task]
            self._ended.add(task)
            task.cancel()
        if self._begun:
            self._look_later(loop)


def _task_of(loop: asyncio.AbstractEventLoop | None) -> asyncio.Task[object]:
    return cast("asyncio.Task[object]", asyncio.current_task(loop))
