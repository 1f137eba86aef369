"""Who listens to the changes of an account, and what each of them has still to be told.

It knows numbers of changes and listeners; it must not know how a change is written, nor what it means.

While somebody listens it looks at the rows some times a second: so what another process has written is told of as well,
and those who write do nothing for it.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from bellwire.cloud.refusal import Fault, Refusal
from bellwire.cloud.store.changes import PORTION, Change, Kept, changes_after, kept_changes
from bellwire.cloud.store.errors import StoreError
from bellwire.cloud.store.protocol import Store

log = structlog.get_logger()

LOOK_EVERY = 0.05
"""Seconds."""
_REST = 1.0
"""Seconds until the next look after one that failed as none should: the log is to be read."""
MOST_WAITING = 1_000
"""Changes that wait for one listener; one that is further behind is cut off, and comes again from where it was."""
_ROUNDS_TO_END = 20
"""Looks, a tenth of a second apart, that a shutdown gives to listeners to take their last words."""


class Listener:
    """One that is told what happens in an account."""

    def __init__(self, account_id: str, begins: int) -> None:
        self.account_id = account_id
        self.begins = begins
        """It is told of what comes after the change of this number."""
        self.stirred = asyncio.Event()
        """There is something to tell, or it ends."""
        self.ending = False
        self._waiting: deque[Change] = deque()

    @property
    def is_behind(self) -> bool:
        """Whether so much waits that it cannot be kept."""
        return len(self._waiting) > MOST_WAITING

    def hear(self, change: Change) -> None:
        """Tell it of a change, as soon as it can take it."""
        if not self.is_behind:
            self._waiting.append(change)
            self.stirred.set()

    def heard(self) -> list[Change]:
        """What there is to tell now, in order; it waits no longer."""
        heard = list(self._waiting)
        self._waiting.clear()
        return heard

    def end(self) -> None:
        """Tell it no more."""
        self.ending = True
        self.stirred.set()


class ChangeFeed:
    """Tells listeners of the changes of their accounts, in order, and of each once."""

    def __init__(self, store: Store, most: int) -> None:
        """`most`: listeners of one account."""
        self._store = store
        self._most = most
        self._listeners: defaultdict[str, set[Listener]] = defaultdict(set)
        self._seen = 0
        self._looking: asyncio.Task[None] | None = None
        self._closing = False

    @asynccontextmanager
    async def listening(self, account_id: str) -> AsyncIterator[Listener]:
        """A listener for the length of a block. Raises Refusal."""
        if self._closing:
            raise Refusal(Fault.TEMPORARILY_UNAVAILABLE, "this cloud is shutting down; connect again in a moment")
        if len(self._listeners.get(account_id, ())) >= self._most:
            raise Refusal(
                Fault.TOO_MANY_REQUESTS,
                f"{self._most} listen to this account already, as many as may; end one first, or "
                f"have whoever runs the cloud raise it: bellwire cloud --limit listeners={self._most * 2}",
            )
        newest = (await self.kept()).newest
        if self._looking is None:
            self._seen = newest
            self._looking = asyncio.create_task(self._look())
        listener = Listener(account_id, self._seen)
        self._listeners[account_id].add(listener)
        try:
            yield listener
        finally:
            self._leave(listener)

    async def kept(self) -> Kept:
        """Which changes are still there."""
        return await self._store.read(kept_changes)

    async def between(self, account_id: str, after: int, until: int) -> AsyncIterator[Change]:
        """What happened in an account, and in all, between two changes, the first one excepted."""
        while after < until:
            found = await self._store.read(changes_after, after)
            for change in found:
                if change.account_id in {None, account_id} and change.seq <= until:
                    yield change
            after = found[-1].seq if len(found) == PORTION else until
            await asyncio.sleep(0)  # others wait to be told something

    async def close(self) -> None:
        """End all listeners cleanly, and wait (2 s at most) until they have taken it."""
        self._closing = True
        for listener in [each for listeners in self._listeners.values() for each in listeners]:
            listener.end()
        for _ in range(_ROUNDS_TO_END):
            if not self._listeners:
                return
            await asyncio.sleep(0.1)

    def _leave(self, listener: Listener) -> None:
        of_account = self._listeners[listener.account_id]
        of_account.discard(listener)
        if not of_account:
            del self._listeners[listener.account_id]
        if not self._listeners and self._looking is not None:
            self._looking.cancel()
            self._looking = None

    async def _look(self) -> None:
        while True:
            try:
                changes = await self._store.read(changes_after, self._seen)
            except StoreError as error:
                log.warning("changes could not be looked up", error=str(error))
                changes = []
            except Exception:  # or all who listen would wait for ever
                log.exception("changes could not be looked up")
                await asyncio.sleep(_REST)
                continue
            for change in changes:
                self._tell(change)
            if changes:
                self._seen = changes[-1].seq
            await asyncio.sleep(0 if len(changes) == PORTION else LOOK_EVERY)

    def _tell(self, change: Change) -> None:
        whom = self._listeners.values() if change.account_id is None else [self._listeners.get(change.account_id, ())]
        for listeners in whom:
            for listener in listeners:
                listener.hear(change)
