"""Cases, one after another, and how each ended.

It knows outcomes; it must not know what a case does, nor how a result is shown.
"""

import asyncio
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from bellwire.conformance.case import Case, Level, OutOfReach, Unmet
from bellwire.conformance.record import Entry, Record

LONGEST = 90.0
"""Seconds of one case: longer than any takes."""


class Outcome(StrEnum):
    """How a case ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Result:
    """What came of one case."""

    case: Case
    outcome: Outcome
    seconds: float
    expected: str = ""
    """Of one that failed."""
    came: str = ""
    """Of one that failed; of one that was skipped, why."""
    exchange: tuple[Entry, ...] = ()
    """What was said from its beginning to its end."""

    def is_fault(self, *, strict: bool) -> bool:
        """Whether what was checked is not as the documents have it; with `strict` what SHOULD be counts as well."""
        return self.outcome is Outcome.FAILED and (strict or self.case.level is Level.MUST)


class Stand(Protocol):
    """What cases are given."""

    async def is_there(self) -> None:
        """Wait for what is checked, where it is away. Raises Unmet when it does not come back."""

    async def clear(self) -> None:
        """Clear away what a case has left."""


async def run(cases: Iterable[Case], stand: Stand, record: Record) -> AsyncIterator[Result]:
    """Run the cases in their order, and give each result when it is there.

    What does not come back is not waited for again and again: the rest is skipped.
    """
    gone = ""
    for case in cases:
        if gone:
            yield Result(case, Outcome.SKIPPED, 0.0, came=gone)
            continue
        record.begin()
        began = time.monotonic()
        try:
            await stand.is_there()
        except Unmet as unmet:
            gone = f"it is gone since {case.id}"
            seconds = time.monotonic() - began
            yield Result(case, Outcome.FAILED, seconds, unmet.expected, unmet.came, record.entries)
            continue
        outcome, expected, came = await _ended(case.run, stand)
        seconds = time.monotonic() - began
        exchange = record.entries
        if problem := await _cleared(stand):
            outcome, expected, came = (outcome, expected, came) if outcome is Outcome.FAILED else problem
        yield Result(case, outcome, seconds, expected, came, exchange)


async def _ended(case: Callable[[Any], Awaitable[None]], stand: Stand) -> tuple[Outcome, str, str]:
    try:
        async with asyncio.timeout(LONGEST):
            await case(stand)
    except Unmet as unmet:
        return Outcome.FAILED, unmet.expected, unmet.came
    except OutOfReach as reason:
        return Outcome.SKIPPED, "", str(reason)
    except TimeoutError:
        return Outcome.FAILED, f"an end within {LONGEST:g} s", "none came"
    except Exception as error:  # noqa: BLE001 -- what is checked may say anything, and what comes next is checked too
        return Outcome.FAILED, "something that this case can read", _stumbled(error)
    return Outcome.PASSED, "", ""


def _stumbled(error: Exception) -> str:
    """Over what a case has stumbled, and where: a message that nobody thought of, or a bug of the kit."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} (at {Path(where.filename).name}, line {where.lineno}: {where.line})"


async def _cleared(stand: Stand) -> tuple[Outcome, str, str] | None:
    """What went wrong while it was cleared away; None: nothing."""
    try:
        async with asyncio.timeout(LONGEST):
            await stand.clear()
    except Unmet as unmet:
        return Outcome.FAILED, f"{unmet.expected}, when the case was over", unmet.came
    except OutOfReach:
        return None
    except Exception as error:  # noqa: BLE001 -- as above
        return Outcome.FAILED, "that what is left of a case can be cleared away", _stumbled(error)
    return None
