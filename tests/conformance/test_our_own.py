"""The kit passes on our own cloud and our own speaker, in every version of the protocol: real processes, real time."""

import asyncio
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from bellwire.conformance.case import Case, Side
from bellwire.conformance.cases import chosen
from bellwire.conformance.runner import Outcome, Result
from bellwire.protocol.profiles import PROFILES
from tests.conformance.subjects import check
from tests.conftest import found

SUBJECTS = [(side, name) for side in Side for name in PROFILES]
PARTS = 2
"""Each version's cases are shared out among so many: most of the time goes by in waiting for an alert's hour."""

Results = dict[tuple[Side, str], list[Result]]


async def side_by_side(folders: pytest.TempPathFactory) -> Results:
    """All of them at once."""

    async def part(side: Side, name: str, cases: tuple[Case, ...], folder: Path) -> list[Result]:
        return list((await check(side)(folder, PROFILES[name], cases)).results)

    async def one(side: Side, name: str) -> list[Result]:
        cases = chosen(side, PROFILES[name])
        own = [folders.mktemp(f"{side}-{name}") for _ in range(PARTS)]
        parts = (part(side, name, cases[number::PARTS], folder) for number, folder in enumerate(own))
        return list(chain.from_iterable(await asyncio.gather(*parts)))

    return dict(zip(SUBJECTS, await asyncio.gather(*(one(*subject) for subject in SUBJECTS)), strict=True))


@pytest.fixture(scope="module")
def results(side_by_side: dict[str, Any]) -> Results:
    results: Results = found(side_by_side, __name__)
    return results


@pytest.mark.parametrize(("side", "name"), SUBJECTS)
def test_every_case_passes(results: Results, side: Side, name: str) -> None:
    of_it = results[side, name]
    assert len(of_it) == len(chosen(side, PROFILES[name])) > 70
    assert [
        f"{each.case.id} {each.outcome}: expected {each.expected}; {each.came}"
        for each in of_it
        if each.outcome is not Outcome.PASSED
    ] == []
