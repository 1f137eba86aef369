"""The kit passes on our own cloud and our own speaker, in every version of the protocol: real processes, real time."""

import asyncio
from pathlib import Path

import pytest

from bellwire.conformance.case import Side
from bellwire.conformance.cases import chosen
from bellwire.conformance.report.summary import Summary
from bellwire.conformance.runner import Outcome
from bellwire.protocol.profiles import PROFILES
from tests.conformance.subjects import check

Subject = tuple[Side, str]
SUBJECTS: list[Subject] = [(side, name) for side in Side for name in PROFILES]


@pytest.fixture(scope="module")
def summaries(tmp_path_factory: pytest.TempPathFactory) -> dict[Subject, Summary]:
    """All of them at once: most of their time goes by in waiting for an alert's hour."""

    async def one(subject: Subject, folder: Path) -> Summary:
        side, name = subject
        profile = PROFILES[name]
        summary: Summary = await check(side)(folder, profile, chosen(side, profile))
        return summary

    async def all_of_them() -> list[Summary]:
        folders = [tmp_path_factory.mktemp(f"{side}-{name}") for side, name in SUBJECTS]
        return list(await asyncio.gather(*map(one, SUBJECTS, folders)))

    return dict(zip(SUBJECTS, asyncio.run(all_of_them()), strict=True))


@pytest.mark.parametrize("subject", SUBJECTS, ids="-".join)
def test_every_case_passes(summaries: dict[Subject, Summary], subject: Subject) -> None:
    results = summaries[subject].results
    assert len(results) > 70
    not_passed = [
        f"{each.case.id} {each.outcome}: expected {each.expected}; {each.came}"
        for each in results
        if each.outcome is not Outcome.PASSED
    ]
    assert not_passed == []
