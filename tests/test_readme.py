"""The first five minutes of the README: its three commands, as printed there, with what is printed there."""

import asyncio
import re
import shlex
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bellwire.cli.processes import Ended, Process, free_port
from bellwire.cloud.certificates import ensure_certificates
from tests.conftest import found

PATIENCE = 120.0
"""Seconds for anything to be said: much more than it takes."""
README = Path(__file__).parents[1] / "README.md"
LEFT_OUT = "…"
ANYTHING = {
    r"[0-9a-f]{8}-[0-9a-f-]{27}": "AN-ID",
    r"(shown this once: )\S{43}": r"\1A-TOKEN",
    r"localhost:\d+": "localhost:A-PORT",
    r"\S+/bellwire/": "A-FOLDER/",
}
"""What is another one each time."""

Said = list[list[str]]
"""Of each command: first what only people are told, then the rest."""


def steps() -> Iterator[tuple[list[str], list[str]]]:
    """Each command of the first five minutes, and the lines that it prints."""
    section = README.read_text(encoding="utf-8").partition("## Five minutes with your own device")[2]
    block = re.search(r"```\n(.*?)```", section, re.DOTALL)
    assert block
    for step in block[1].split("$ .venv/bin/bellwire ")[1:]:
        command, *said = step.strip().split("\n")
        yield shlex.split(command, comments=True), said


async def side_by_side(folders: pytest.TempPathFactory) -> Said:
    return await asyncio.to_thread(start_point_check, folders.mktemp("readme"))


def start_point_check(folder: Path) -> Said:
    """The three commands, and our own speaker for the device."""
    (start, _), (point, _), (check, _) = steps()
    environment = {"XDG_DATA_HOME": str(folder), "BELLWIRE_TOKEN": "any"}
    authority = ensure_certificates(folder / "bellwire" / "check", ["127.0.0.1"], datetime.now(UTC)).ca
    with ExitStack() as processes:

        def begin(*command: str) -> Process:
            log = folder / f"{command[0]}.log"
            return processes.enter_context(Process(*command, log=log, environment=environment))

        cloud = begin(*start, "--port", str(free_port()))
        ready = cloud.line(PATIENCE)
        pointed = all_of(begin(*point))
        kit = begin(*check, "--port", str(port := free_port()))
        where = ("--url", f"https://localhost:{port}", "--ca", str(authority), "--profile", "cic-ko-2022")
        begin("speaker", *where, "--data", str(folder / "speaker"), "--output", "null")
        checked = all_of(kit)
        assert kit.code() == 1
        return [[ready, *cloud.log.read_text().splitlines()], pointed, checked]


def all_of(process: Process) -> list[str]:
    lines = []
    try:
        while True:
            lines.append(process.line(PATIENCE))
    except Ended:
        return [*process.log.read_text().splitlines(), *lines]


def alike(line: str) -> str:
    for pattern, name in ANYTHING.items():
        line = re.sub(pattern, name, line)
    return line.rstrip()


def is_in_order(shown: list[str], said: list[str]) -> bool:
    """Whether all that is shown was said, in this order; between lines that follow one another nothing is left out."""
    text = "".join(f"{alike(line)}\n" for line in said)
    at = 0
    for piece in "".join(f"{alike(line)}\n" for line in shown).split(f"{LEFT_OUT}\n"):
        found_at = text.find(piece, at)
        if found_at < 0 or (at == 0 and found_at > 0):
            return False
        at = found_at + len(piece)
    return True


@pytest.mark.parametrize("number", range(3), ids=["start", "point", "check"])
def test_it_prints_what_the_readme_says(side_by_side: dict[str, Any], number: int) -> None:
    _, shown = list(steps())[number]
    said: list[str] = found(side_by_side, __name__)[number]
    assert is_in_order(shown, said), "\n".join(said)


def test_all_that_is_said_at_the_end_is_shown(side_by_side: dict[str, Any]) -> None:
    _, shown = list(steps())[2]
    assert found(side_by_side, __name__)[2][-1] == shown[-1]
