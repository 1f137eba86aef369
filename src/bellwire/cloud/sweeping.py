"""What is put away from time to time: occurrences that nobody reported over, what has expired, and old history.

It knows when to look and how much to do at once, so that events beside it are not delayed; it must not know what
follows from any of it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from bellwire.cloud.authority import Authority
from bellwire.cloud.bus import Bus
from bellwire.cloud.overdue import AT_ONCE, end_unreported, overdue
from bellwire.cloud.store.accounts import purge_expired_tokens
from bellwire.cloud.store.answers import purge_answers
from bellwire.cloud.store.changes import purge_changes
from bellwire.cloud.store.commands import purge_commands
from bellwire.cloud.store.errors import StoreError
from bellwire.cloud.store.portions import PORTION
from bellwire.cloud.store.rings import purge_rings
from bellwire.cloud.store.sqlite import SqliteStore

log = structlog.get_logger()

SWEEP_EVERY = 30.0
"""Seconds between two sweeps, while nobody sets the clock."""
Clock = Callable[[], datetime]
Pause = Callable[[], Awaitable[None]]


async def sweep(
    store: SqliteStore, bus: Bus, authority: Authority, past_due: timedelta, clock: Clock, *, pause: Pause
) -> None:
    """Put away what is over, again and again with a pause between, until this is cancelled.

    Whatever goes wrong, the next sweep is tried: without any, a dead speaker would hold up its series for ever.
    """
    while True:
        try:
            while await end_overdue(store, bus, past_due, clock) == AT_ONCE:
                pass
            for purge in (purge_expired_tokens, purge_commands, purge_changes, purge_answers, purge_rings):
                while await store.write(purge, clock()) >= PORTION:
                    pass
            await authority.sweep()
        except StoreError as error:
            log.warning("what is over could not be put away", error=str(error))
        except Exception:
            log.exception("what is over could not be put away")
        await pause()


async def end_overdue(store: SqliteStore, bus: Bus, past_due: timedelta, clock: Clock) -> int:
    """End a portion of what nobody reported over, with one commit; how many were ended.

    One that cannot be is no reason not to go on. Raises StoreError.
    """
    found = await store.read(overdue, clock(), past_due)
    ends = [store.write(end_unreported, account_id, token, due, clock()) for account_id, token, due in found]
    results = await asyncio.gather(*ends, return_exceptions=True)
    ended = 0
    for (account_id, token, _), result in zip(found, results, strict=True):
        if isinstance(result, StoreError):
            raise result
        if isinstance(result, BaseException):
            log.error("a missed occurrence could not be ended", account=account_id, token=token, exc_info=result)
        else:
            bus.wake(result)
            ended += 1
    return ended
