"""Our speaker at our cloud, once in each version of the protocol: real processes, files, TLS and time."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from bellwire.cli import main
from bellwire.cli.processes import Process, free_port
from bellwire.protocol.profiles import PROFILES
from bellwire.protocol.profiles.profile import Offline

PATIENCE = 20.0
"""Seconds for anything to happen: much more than it takes, so that a busy machine fails no test."""

Cli = Callable[..., Any]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    def run(*args: str | Path) -> Any:
        capsys.readouterr()
        assert main([*map(str, args), "--json"]) == 0, capsys.readouterr().err
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        return lines if args[0] == "trace" else lines[0]

    return run


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A cloud's data folder and its address."""
    folder = tmp_path_factory.mktemp("cloud")
    options = ("--port", str(free_port()), "--data", folder / "data")
    with Process("cloud", *options, log=folder / "log") as process:
        yield folder / "data", process.line(PATIENCE).removeprefix("ready ")
        assert process.end() == 0


@pytest.fixture
def processes() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


class Kitchen:
    """A speaker of a version, in an account of its own."""

    def __init__(self, cli: Cli, cloud: tuple[Path, str], folder: Path, profile: str, processes: ExitStack) -> None:
        self._cli = cli
        self._data, self._url = cloud
        self._folder = folder
        self._profile = profile
        self._processes = processes
        self.account = f"{profile}-{folder.name}"
        cli("account", "add", self.account, "--data", self._data)
        of_account = ("--account", self.account, "--data", self._data)
        self.device = cli("device", "add", "--profile", profile, *of_account)

    def starts(self, *more: str) -> Process:
        where = ("--url", self._url, "--ca", self._data / "ca.pem", "--profile", self._profile)
        options = ("--token", self.device["access_token"], "--data", self._folder / "speaker", "--output", "null")
        log = self._folder / "speaker.log"
        self.speaker = self._processes.enter_context(Process("speaker", *where, *options, "--json", *more, log=log))
        return self.speaker

    def sets_an_alarm(self, written: str) -> str:
        of_account = ("--account", self.account, "--data", self._data)
        token: str = self._cli("alert", "add", "Tea", "--in", written, *of_account)["token"]
        return token

    def until(self, event: str) -> dict[str, Any]:
        while (said := json.loads(self.speaker.line(PATIENCE)))["event"] != event:
            pass
        return dict(said)

    def said(self, name: str) -> list[dict[str, Any]]:
        """All messages of this name, once one has passed."""
        deadline = time.monotonic() + PATIENCE
        while True:
            lines = self._cli("trace", self.device["device_id"], "--once", "--data", self._data)
            messages = [line["message"] for line in lines if "message" in line]
            found = [said for said in messages if _body(said)["header"]["name"] == name]
            if found:
                return found
            assert time.monotonic() < deadline, messages
            time.sleep(0.05)


def _body(message: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = message.get("event") or message.get("directive") or message
    return body


@pytest.fixture(params=PROFILES)
def kitchen(
    request: pytest.FixtureRequest, cli: Cli, cloud: tuple[Path, str], tmp_path: Path, processes: ExitStack
) -> Kitchen:
    return Kitchen(cli, cloud, tmp_path, request.param, processes)


def test_an_alarm_is_set_rings_is_stopped_and_is_gone(kitchen: Kitchen) -> None:
    kitchen.starts()
    kitchen.until("connected")
    token = kitchen.sets_an_alarm("2s")
    assert kitchen.until("set")["token"] == token
    assert kitchen.until("ringing")["token"] == token
    kitchen.speaker.say("stop")
    assert kitchen.until("removed")["token"] == token
    [stopped] = kitchen.said("AlertStopped")
    assert _body(stopped)["payload"]["token"] == token
    assert len(kitchen.said("AlertStarted")) == 1
    assert kitchen.speaker.end() == 0
    assert "Traceback" not in kitchen.speaker.log.read_text()


@pytest.mark.parametrize(
    "kitchen", [name for name in PROFILES if PROFILES[name].offline is Offline.DELETE], indirect=True
)
def test_by_the_letter_nothing_is_left_without_a_network_and_all_comes_back_with_it(kitchen: Kitchen) -> None:
    kitchen.starts("--strict")
    kitchen.until("connected")
    token = kitchen.sets_an_alarm("1h")
    kitchen.until("set")
    kitchen.said("SetAlertSucceeded")
    kitchen.speaker.kill()
    kitchen.starts("--strict")
    kitchen.until("connected")
    assert kitchen.until("set")["token"] == token


@pytest.mark.parametrize("kitchen", ["tvs-2020"], indirect=True)
def test_the_software_is_told_once(kitchen: Kitchen) -> None:
    for _ in range(2):
        kitchen.starts("--firmware-version", "8701")
        kitchen.until("connected")
        kitchen.said("SynchronizeState")
        [told] = kitchen.said("SoftwareInfo")
        assert _body(told)["payload"] == {"firmwareVersion": "8701"}
        kitchen.sets_an_alarm("1h")
        kitchen.until("set")
        assert kitchen.speaker.end() == 0
