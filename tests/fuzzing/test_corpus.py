"""What was kept, what chance brings, and what guided fuzzing finds: nothing crashes, hangs or takes all memory.

Every run is the same one: as many inputs, from the same seeds. `make fuzz` looks further.
"""

import asyncio
import importlib.util
import os
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellwire.device.engine import step
from bellwire.device.inputs import Input
from bellwire.protocol.errors import ProtocolError
from tests.conftest import found
from tests.fuzzing.bounds import TooMuchError, bounded, peak
from tests.fuzzing.seeds import CORPUS
from tests.fuzzing.targets import TARGETS

every_target = pytest.mark.parametrize("name", TARGETS)
HAS_ATHERIS = importlib.util.find_spec("atheris") is not None
SEED = 20_261_125
RUNS = {"multipart": 5_000, "events": 25_000, "directives": 25_000, "engine": 4_000, "handlers": 1_300}
"""Of guided fuzzing: with all else here about a minute of one core."""
LONGEST_INPUT = 2_048
LONGEST_WAIT = 300
"""Seconds until a run counts as hanging: some hundred times of what it takes."""


def kept(name: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]


@every_target
def test_what_was_kept_costs_what_it_may(name: str) -> None:
    inputs = kept(name)
    assert len(inputs) > 5
    for data in inputs:
        assert len(data) <= LONGEST_INPUT
        assert bounded(TARGETS[name], data) > 0


@every_target
def test_what_was_kept_takes_no_memory_to_speak_of(name: str) -> None:
    for data in kept(name)[::7]:
        assert peak(TARGETS[name], data) > 0


@every_target
def test_what_chance_brings_is_borne(name: str) -> None:
    inputs = kept(name)

    @settings(max_examples=100, deadline=None, derandomize=True, database=None)
    @given(st.data())
    def chance(data: st.DataObject) -> None:
        TARGETS[name](data.draw(changed(inputs)))

    chance()


def changed(inputs: list[bytes]) -> st.SearchStrategy[bytes]:
    """Bytes, or something that was kept with a piece of it in another's place."""

    def spliced(whole: bytes, piece: bytes, at: int, length: int) -> bytes:
        at %= len(whole) + 1
        return whole[:at] + piece + whole[at + length :]

    pieces = st.binary(max_size=20) | st.sampled_from(inputs)
    spliced_ones = st.builds(spliced, st.sampled_from(inputs), pieces, st.integers(0, 5_000), st.integers(0, 50))
    return st.binary(max_size=200) | spliced_ones


async def side_by_side(folders: pytest.TempPathFactory) -> dict[str, tuple[int, str]]:
    """Of guided fuzzing of each target, its exit status and what it said. Whoever waits goes first."""
    if not HAS_ATHERIS:
        return {}
    turn = asyncio.Semaphore(os.cpu_count() or 1)

    async def one(name: str, folder: Path) -> tuple[int, str]:
        async with turn:
            fuzzing = await asyncio.create_subprocess_exec(
                "nice", sys.executable, "-m", "tests.fuzzing.guided", name, str(folder), str(CORPUS / name),
                f"-runs={RUNS[name]}", f"-seed={SEED}", f"-max_len={LONGEST_INPUT}", "-rss_limit_mb=1024",
                f"-timeout={LONGEST_WAIT}", f"-artifact_prefix={folder}/",
                cwd=Path(__file__).parents[2], env={**os.environ, "PYTHONHASHSEED": "0"},
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
            async with asyncio.timeout(2 * LONGEST_WAIT):
                said, _ = await fuzzing.communicate()
            return fuzzing.returncode or 0, said.decode(errors="replace")

    ended = await asyncio.gather(*(one(name, folders.mktemp(name)) for name in TARGETS))
    return dict(zip(TARGETS, ended, strict=True))


@pytest.mark.skipif(not HAS_ATHERIS, reason="there is no atheris for this Python on this machine: nothing is guided")
@every_target
def test_guided_fuzzing_finds_nothing(side_by_side: dict[str, Any], name: str) -> None:
    status, said = found(side_by_side, __name__)[name]
    assert status == 0, said[-8_000:]
    assert f"Done {RUNS[name]} runs" in said


def test_what_never_ends_is_found() -> None:
    def turns_for_ever(_: bytes) -> None:
        while True:
            len(b"")

    with pytest.raises(TooMuchError, match="calls for 1 bytes"):
        bounded(turns_for_ever, b"x")


def test_what_takes_all_memory_is_found() -> None:
    def hoards(_: bytes) -> None:
        bytearray(65 * 1024 * 1024)

    with pytest.raises(TooMuchError, match="bytes of memory"):
        peak(hoards, b"x")


@every_target
def test_what_is_wrong_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A target that cannot fail would prove nothing."""
    monkeypatch.setattr(*BUGS[name])
    with pytest.raises((AssertionError, RuntimeError, ProtocolError)):
        for data in kept(name):
            TARGETS[name](data)


def test_whatever_can_happen_to_an_engine_is_among_the_choices() -> None:
    """A kind of input that nobody thought of is not fuzzed."""
    happened: set[type] = set()

    def notes(state: Any, each: Any, *rest: Any) -> Any:
        happened.add(type(each))
        return step(state, each, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.fuzzing.targets.step", notes)
        for first in range(18):
            for second in range(10):
                TARGETS["engine"](bytes([0, 0, first, second]))
    assert happened == set(get_args(Input))


def fails(*_: object, **__: object) -> None:
    raise RuntimeError("a bug")


BUGS = {
    "multipart": ("bellwire.protocol.multipart._parse_part", fails),
    "events": ("bellwire.protocol.codec.Codec.encode_event", lambda *_: b"{}"),
    "directives": ("bellwire.protocol.codec.Codec.left_of", fails),
    "engine": ("bellwire.device.engine.fall_due", lambda _: None),
    "handlers": ("bellwire.cloud.handlers.alerts.believe_context", fails),
}
