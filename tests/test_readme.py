"""The first five minutes of the README: its three commands, as printed there, with what is printed there."""

import re
import shlex
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bellwire.cli.processes import Process, free_port
from tests.cli.running import ran_alone

PATIENCE = 60.0
"""Seconds for anything to be said: much more than it takes."""
README = Path(__file__).parents[1] / "README.md"
ANYTHING = {
    r"[0-9a-f]{8}-[0-9a-f-]{27}": "AN-ID",
    r"(shown this once: )\S{43}": r"\1A-TOKEN",
    r"localhost:\d+": "localhost:A-PORT",
    r"\S+/bellwire/": "A-FOLDER/",
}
"""What is another one each time."""


def steps() -> Iterator[tuple[list[str], list[str]]]:
    """Each command of the first five minutes, and the lines that it prints."""
    section = README.read_text(encoding="utf-8").partition("## Five minutes with your own device")[2]
    block = re.search(r"```\n(.*?)```", section, re.DOTALL)
    assert block
    for step in block[1].split("$ .venv/bin/bellwire ")[1:]:
        command, *said = step.strip().split("\n")
        yield shlex.split(command, comments=True), said


def alike(lines: list[str]) -> list[str]:
    for pattern, name in ANYTHING.items():
        lines = [re.sub(pattern, name, line) for line in lines]
    return lines


def test_start_point_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("BELLWIRE_TOKEN", "any")
    (start, started), (point, pointed), (check, checked) = steps()
    with ExitStack() as processes:

        def begin(command: list[str]) -> Process:
            log = tmp_path / f"{command[0]}.log"
            log.touch()
            return processes.enter_context(Process(*command, log=log))

        cloud = begin([*start, "--port", str(free_port())])
        assert alike([cloud.line(PATIENCE)]) == alike(started[:1])

        assert alike(ran_alone(*point).text.splitlines()) == alike(pointed)

        kit = begin([*check, "--port", str(port := free_port())])
        authority = tmp_path / "bellwire" / "check" / "ca.pem"
        where = ("--url", f"https://localhost:{port}", "--ca", str(authority))
        while not authority.exists() or "point the device at" not in kit.log.read_text():
            time.sleep(0.02)
        begin(["speaker", *where, "--data", str(tmp_path / "speaker"), "--output", "null"])
        assert alike(kit.log.read_text().splitlines()) == alike(checked[:1])
        assert [kit.line(PATIENCE) for _ in checked[1:]] == checked[1:]
        assert kit.code() == 0
        # What only people are told comes last, on stderr.
        said = cloud.log.read_text().splitlines()
        assert set(alike(started[1:])) <= set(alike(said))
