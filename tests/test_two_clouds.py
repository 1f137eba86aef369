"""Two clouds of one operator, with real processes: a speaker goes where its account's country is served."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from bellwire.cli import main
from bellwire.cli.processes import Process, free_port

PATIENCE = 15.0
"""Seconds for anything to happen: much more than it takes, so that a busy machine fails no test."""

Cli = Callable[..., Any]


class Cloud:
    """One of the two."""

    def __init__(self, folder: Path, processes: ExitStack, cli: Cli) -> None:
        self.data = folder
        self.port = free_port()
        self.url = f"https://localhost:{self.port}"
        self._processes = processes
        self._cli = cli

    def starts(self, *options: str) -> None:
        address = ("--port", str(self.port), "--data", self.data)
        process = self._processes.enter_context(Process("cloud", *address, *options, log=self.data.with_suffix(".log")))
        assert process.line(PATIENCE) == f"ready {self.url}"

    def asks(self, *args: str | Path) -> Any:
        return self._cli(*args, "--data", self.data)

    def said(self) -> list[str]:
        """The names of all messages to and from the device, as this cloud has them in its trace."""
        lines = self.asks("trace", "--once")
        messages = [line["message"].get("event") or line["message"].get("directive") for line in lines]
        return [said["header"]["name"] for said in messages if said is not None]

    def until_said(self, name: str) -> list[str]:
        deadline = time.monotonic() + PATIENCE
        while name not in (said := self.said()):
            assert time.monotonic() < deadline, said
            time.sleep(0.05)
        return said

    def has_device(self) -> bool:
        (device,) = self.asks("device", "list")
        connected: bool = device["connected"]
        return connected


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    def run(*args: str | Path) -> Any:
        capsys.readouterr()
        assert main([*map(str, args), "--json"]) == 0, capsys.readouterr().err
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        return lines if args[0] == "trace" else lines[0]

    return run


@pytest.fixture
def processes() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def until(speaker: Process, event: str) -> list[dict[str, Any]]:
    """What the speaker says, up to this event."""
    said = [json.loads(speaker.line(PATIENCE))]
    while said[-1]["event"] != event:
        said.append(json.loads(speaker.line(PATIENCE)))
    return said


def test_a_device_moves_with_its_account_and_its_alarm_rings_once(
    tmp_path: Path, cli: Cli, processes: ExitStack
) -> None:
    here, there = Cloud(tmp_path / "here", processes, cli), Cloud(tmp_path / "there", processes, cli)
    here.asks("account", "add", "home")
    device = here.asks("device", "add", "--profile", "tvs-2020")
    here.starts("--endpoint", f"KR={there.url}")
    there.starts()
    authorities = tmp_path / "both.pem"
    authorities.write_text((here.data / "ca.pem").read_text() + (there.data / "ca.pem").read_text())
    options = ("--profile", "tvs-2020", "--token", device["access_token"], "--output", "null", "--json")
    reach = ("--url", here.url, "--ca", authorities, "--data", tmp_path / "speaker")
    speaker = processes.enter_context(Process("speaker", *reach, *options, log=tmp_path / "speaker.log"))
    until(speaker, "connected")
    alarm = here.asks("alert", "add", "Tea", "--kind", "alarm", "--in", "8s")["token"]
    until(speaker, "set")

    document = tmp_path / "home.json"
    here.asks("account", "export", "home", document)
    there.asks("account", "import", document)
    here.asks("account", "country", "home", "KR")

    there.until_said("SynchronizeState")
    assert (here.has_device(), there.has_device()) == (False, True)
    ringing = until(speaker, "ringing")[-1]
    assert ringing["token"] == alarm
    speaker.say("stop")
    until(speaker, "stopped")

    said = there.until_said("AlertStopped")
    assert said.count("AlertStarted") == 1
    assert there.asks("alert", "list") == []
    assert here.said().count("SetEndpoint") == 1
    assert "AlertStarted" not in here.said()
    assert there.asks("device", "show", device["device_id"])["components"]["states"]
