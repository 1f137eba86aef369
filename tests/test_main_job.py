"""The main job, with real processes, files, TLS and time: an alert rings on its hour, whatever is killed meanwhile."""

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
ON_TIME_MS = 2_000
"""An alert that rings later than this did not ring on its hour."""

Cli = Callable[..., Any]


class Home:
    """A cloud and a speaker that can be started, killed and started again on the same folders."""

    def __init__(self, folder: Path, processes: ExitStack, cli: Cli) -> None:
        self._folder = folder
        self._processes = processes
        self._cli = cli
        self._port = str(free_port())
        self._data = folder / "cloud"
        cli("account", "add", "home", "--data", self._data)
        self.device = cli("device", "add", "--account", "home", "--data", self._data)
        self.cloud = self.start_cloud()
        self.speaker = self.start_speaker()

    def start_cloud(self) -> Process:
        options = ("--port", self._port, "--data", self._data)
        self.cloud = self._processes.enter_context(Process("cloud", *options, log=self._folder / "cloud.log"))
        assert self.cloud.line(PATIENCE) == f"ready https://localhost:{self._port}"
        return self.cloud

    def start_speaker(self) -> Process:
        cloud = ("--url", f"https://localhost:{self._port}", "--ca", self._data / "ca.pem")
        options = ("--token", self.device["access_token"], "--data", self._folder / "speaker", "--output", "null")
        log = self._folder / "speaker.log"
        self.speaker = self._processes.enter_context(Process("speaker", *cloud, *options, "--json", log=log))
        return self.speaker

    def add(self, seconds: int) -> str:
        token: str = self._cli("alert", "add", "Tea", "--in", f"{seconds}s", "--data", self._data)["token"]
        return token

    def until(self, event: str) -> list[dict[str, Any]]:
        """What the speaker says, up to this event."""
        said = [json.loads(self.speaker.line(PATIENCE))]
        while said[-1]["event"] != event:
            said.append(json.loads(self.speaker.line(PATIENCE)))
        return said

    def rings(self, token: str) -> None:
        ringing = self.until("ringing")[-1]
        assert ringing["token"] == token
        assert -50 < ringing["late_ms"] < ON_TIME_MS

    def alerts(self) -> list[dict[str, Any]]:
        alerts: list[dict[str, Any]] = self._cli("alert", "list", "--data", self._data)
        return alerts

    def said_of(self, token: str) -> list[str]:
        """The names of the messages about this alert, as the cloud has them in its trace."""
        lines = self._cli("trace", "--once", "--data", self._data)
        messages = [line["message"].get("event") or line["message"]["directive"] for line in lines]
        return [said["header"]["name"] for said in messages if said["payload"].get("token") == token]

    def until_said(self, name: str, token: str) -> list[str]:
        """What was said of this alert, once this message was among it."""
        deadline = time.monotonic() + PATIENCE
        while name not in (said := self.said_of(token)):
            assert time.monotonic() < deadline, said
            time.sleep(0.05)
        return said


@pytest.fixture
def home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Home]:
    def cli(*args: str | Path) -> Any:
        capsys.readouterr()
        assert main([*map(str, args), "--json"]) == 0, capsys.readouterr().err
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        return lines if args[0] == "trace" else lines[0]

    with ExitStack() as processes:
        yield Home(tmp_path, processes, cli)


WHOLE_LIFE = [
    *("SetAlert", "SetAlertSucceeded", "AlertStarted", "RequestAlertStop"),
    *("StopAlert", "AlertStopped", "DeleteAlert", "DeleteAlertSucceeded"),
]


def test_a_reminder_rings_is_stopped_and_deleted(home: Home) -> None:
    home.until("connected")
    token = home.add(seconds=2)
    home.rings(token)
    home.speaker.say("stop")
    home.until("removed")
    assert home.until_said("DeleteAlertSucceeded", token) == WHOLE_LIFE
    assert home.alerts() == []
    assert (home.speaker.end(), home.cloud.end()) == (0, 0)


def test_it_rings_while_the_cloud_is_dead_and_the_cloud_hears_of_it_later(home: Home) -> None:
    home.until("connected")
    token = home.add(seconds=2)
    home.until("set")
    home.until_said("SetAlertSucceeded", token)
    home.cloud.kill()
    home.rings(token)
    home.start_cloud()
    home.until("connected")
    home.speaker.say("stop")
    home.until("removed")
    said = home.until_said("DeleteAlertSucceeded", token)
    assert said[:2] == WHOLE_LIFE[:2]
    assert [name for name in said if name.startswith(("AlertSt", "DeleteAlert"))] == [
        *("AlertStarted", "AlertStopped", "DeleteAlert", "DeleteAlertSucceeded")
    ]
    assert home.alerts() == []


def test_a_speaker_that_loses_its_power_rings_once(home: Home) -> None:
    home.until("connected")
    token = home.add(seconds=3)
    home.until("set")
    home.speaker.kill()
    home.start_speaker()
    home.rings(token)
    home.speaker.say("stop")
    home.until("stopped")
    home.speaker.kill()
    home.start_speaker()
    home.until_said("DeleteAlertSucceeded", token)
    later = home.add(seconds=1)
    home.rings(later)
    assert home.said_of(token).count("AlertStarted") == 1
