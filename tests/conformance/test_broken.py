"""The kit finds each bug, and names the case."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bellwire.conformance.case import Side
from bellwire.conformance.cases import chosen
from bellwire.conformance.runner import Outcome
from bellwire.protocol.profiles import PROFILES
from tests.conformance.broken import BUGS
from tests.conformance.subjects import check
from tests.conftest import found

CLOUDS = {
    "never_deletes": ("cic-ko-2022", "alerts/AlertStopped/7"),
    "skips_a_day": ("cic-ko-2022", "alerts/AlertStopped/8"),
    "forgets_the_type": ("cic-ko-2022", "alerts/RequestAlertStop/7"),
    "empty_list": ("cic-ko-2022", "alerts/SynchronizeAlert/1"),
    "does_not_greet": ("cic-ko-2022", "transport/downchannel/4"),
    "late_delimiter": ("cic-ko-2022", "transport/downchannel/5"),
    "takes_anything": ("cic-ko-2022", "alerts/AlertStarted/2"),
    "one_message_id": ("cic-ko-2022", "transport/downchannel/7"),
    "any_firmware": ("tvs-2020", "system/SoftwareInfo/4"),
    "other_connections": ("cic-ko-2022", "transport/events/2"),
    "wrong_hour": ("tvs-2020", "alerts/SetAlert/1"),
}
SPEAKERS = {
    "seconds_of_a_day": ("cic-ko-2022", "alerts/Introduction/11"),
    "keeps_the_old_time": ("tvs-2020", "alerts/SetAlert/13"),
    "rings_on_when_deleted": ("cic-ko-2022", "alerts/DeleteAlert/5"),
    "ignores_the_offset": ("cic-ko-2022", "alerts/SetAlert/29"),
    "all_are_alarms": ("cic-ko-2022", "alerts/Introduction/8"),
    "trusts_anybody": ("cic-ko-2022", "transport/connection/11"),
    "stops_by_itself": ("cic-ko-2022", "alerts/RequestAlertStop/9"),
    "no_context": ("cic-ja-2019", "alerts/Introduction/5"),
    "gives_up": ("cic-ko-2022", "transport/delivery/1"),
    "ignores_the_unknown": ("tvs-2020", "system/ExceptionEncountered/7"),
    "an_hour_late": ("cic-en-2018", "alerts/Introduction/7"),
    "one_message_id": ("cic-ko-2022", "transport/connection/4"),
}
SUBJECTS = [
    *((Side.CLOUD, bug, *where) for bug, where in CLOUDS.items()),
    *((Side.DEVICE, bug, *where) for bug, where in SPEAKERS.items()),
]
AT_ONCE = 6
"""Processes that start beside one another."""
SHORT = 3.0
"""Seconds of patience: what these never do takes no longer to come."""

Found = dict[tuple[Side, str], tuple[Outcome, str]]


async def side_by_side(folders: pytest.TempPathFactory) -> Found:
    """How each bug's case ended."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(side: Side, bug: str, name: str, case: str, folder: Path) -> tuple[Outcome, str]:
        profile = PROFILES[name]
        async with turn:
            summary = await check(side)(folder, profile, chosen(side, profile, [case]), bug, SHORT)
        [result] = summary.results
        return result.outcome, f"expected {result.expected}; {result.came}"

    ended = await asyncio.gather(*(one(*each, folders.mktemp(each[1])) for each in SUBJECTS))
    return dict(zip([(side, bug) for side, bug, _, _ in SUBJECTS], ended, strict=True))


@pytest.mark.parametrize(("side", "bug"), [(side, bug) for side, bug, _, _ in SUBJECTS])
def test_it_is_found(side_by_side: dict[str, Any], side: Side, bug: str) -> None:
    outcome, why = found(side_by_side, __name__)[side, bug]
    assert outcome is Outcome.FAILED, why


def test_there_is_a_case_for_every_bug() -> None:
    assert {*CLOUDS, *SPEAKERS} == set(BUGS)
