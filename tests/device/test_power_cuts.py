"""Wherever a speaker is killed, no alert and no event that must arrive is lost, and nothing rings twice."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from bellwire.device import outputs
from bellwire.device.inputs import StopPressed
from bellwire.device.ringer.sounds import Source
from bellwire.device.storage import Storage
from bellwire.protocol.messages.alerts import tokens_of
from tests.conversation import moment
from tests.device.house import FakeBell, House
from tests.device.power_cuts import DAYS, JOURNAL, Day, Note
from tests.virtual_time import virtually

MEMORY = Path("/dev/shm")
"""A kill spares what the kernel has; a folder in memory has nothing to wait for."""


class StoppedBell(FakeBell):
    """Somebody presses stop, a second after it rings."""

    def ring(self, token: str, kind: str, sources: tuple[Source, ...], **how: object) -> None:
        super().ring(token, kind, sources, **how)
        self._house.clock._loop.call_later(1, self._house.runner.happens, StopPressed())


@dataclass(frozen=True)
class Life:
    """What the world has seen before the cut, or after it."""

    rang: list[str]
    over: set[str]
    """Tokens of what was silenced for good."""
    took: list[tuple[str, str, tuple[str, ...]]]
    """messageId, event and tokens, in order."""

    def tokens_of(self, event: str) -> set[str]:
        return {token for _, name, tokens in self.took if name == event for token in tokens}


def read(folder: Path) -> list[Note]:
    return [msgspec.json.decode(line, type=Note) for line in (folder / JOURNAL).read_bytes().splitlines()]


def life_of(notes: list[Note]) -> Life:
    return Life(
        rang=[note.of for note in notes if note.what == "rings"],
        over={note.of for note in notes if note.what in {"muted", "silent"}},
        took=[(note.of, note.event, note.about) for note in notes if note.what == "took"],
    )


async def after_the_cut(folder: Path, day: Day, notes: list[Note]) -> Life:
    house = House(folder, profile=day.profile)
    house.setup = replace(house.setup, firmware="8701")
    house.bell = StoppedBell(house)
    house.clock.step(timedelta(seconds=notes[-1].at if notes else 0.0))
    async with house:
        house.runner.connected()
        await house.clock.until(max(house.clock.wall(), moment("00:05:00")))
    took = [(came.event.message_id, came.name, tokens_of(came.event.message)) for came in house.cloud.came]
    return Life([token for _, token in house.bell.rang], set(), took)


def judge(folder: Path, day: Day) -> str:
    """Gives what was about to be done when the power went."""
    notes = read(folder)
    before = life_of(notes)
    with_power = Storage(folder / "speaker.db")
    on_disk, letters = {held.token for held in with_power.alerts()}, [each.message_id for each in with_power.letters()]
    with_power.close()
    after = virtually(after_the_cut(folder, day, notes))

    arrived = [message_id for message_id, *_ in after.took if message_id in letters]
    assert arrived == letters, "what waits on the disk arrives once, in its order"
    settled = {note.of for note in notes if note.what == "settled"}
    assert not settled & {message_id for message_id, *_ in after.took}, "what has arrived is not said again"
    assert not before.over & set(after.rang), "what is over rings no more"
    assert len(after.rang) == len(set(after.rang))
    if day.forgets and not on_disk:
        assert not after.rang
        return notes[-1].of
    both = Life([*before.rang, *after.rang], before.over, [*before.took, *after.took])
    assert on_disk <= both.tokens_of("SetAlertSucceeded"), "what is on the disk is acknowledged"
    gone = both.tokens_of("DeleteAlertSucceeded") | both.tokens_of("DeleteAlertsSucceeded")
    assert both.tokens_of("SetAlertSucceeded") <= set(both.rang) | gone, "what was acknowledged rings"
    assert set(both.rang) <= both.tokens_of("AlertStarted")
    assert before.over <= both.tokens_of("AlertStopped")
    return notes[-1].of


@pytest.fixture(scope="module")
def runs() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        subprocess.run([sys.executable, "-m", "tests.device.power_cuts", folder], check=True, timeout=300)
        yield Path(folder)


def test_it_was_cut_before_everything_that_a_runner_does(runs: Path) -> None:
    cut_before = {note.of for run in runs.iterdir() for note in read(run)[-1:] if note.what == "cut"}
    names = {output.__name__ for output in get_args(outputs.Output)}
    assert cut_before == names | {"save", "forget what has arrived", "hear what the cloud says to it"}


@pytest.mark.parametrize("name", DAYS)
def test_whenever_it_is_killed_nothing_is_lost_and_nothing_rings_twice(runs: Path, name: str) -> None:
    cuts = sorted(run for run in runs.iterdir() if run.name.startswith(f"{name}-"))
    assert len(cuts) > 20
    for run in cuts:
        try:
            judge(run, DAYS[name])
        except AssertionError as error:
            with suppress(IndexError):
                error.add_note(f"{run.name}, killed before: {read(run)[-1].of}")
            raise
