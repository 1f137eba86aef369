"""Our speakers at our cloud, in each version of the protocol and in all of them at once: real processes, files, TLS and
time."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from bellwire.cli import main
from bellwire.cli.processes import Process, free_port
from bellwire.protocol.profiles import PROFILES
from bellwire.protocol.profiles.profile import Offline

PATIENCE = 20.0
"""Seconds for anything to happen: much more than it takes, so that a busy machine fails no test."""

BETWEEN_LOOKS = 0.05


def cli(*args: str | Path) -> Any:
    """What a command gives."""
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
        status = main([*map(str, args), "--json"])
    assert status == 0, err.getvalue()
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    return lines if args[0] == "trace" else lines[0]


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


class Account:
    """An account of the cloud."""

    def __init__(self, cloud: tuple[Path, str], name: str) -> None:
        self.data, self.url = cloud
        self._name = name
        cli("account", "add", name, "--data", self.data)

    def does(self, *args: str) -> Any:
        return cli(*args, "--account", self._name, "--data", self.data)

    def sets_an_alarm(self, written: str, *devices: str) -> str:
        there = [word for device in devices for word in ("--device", device)]
        token: str = self.does("alert", "add", "Tea", "--in", written, *there)["token"]
        return token

    def has_no_alert(self) -> None:
        """Soon."""
        deadline = time.monotonic() + PATIENCE
        while alerts := self.does("alert", "list"):
            assert time.monotonic() < deadline, alerts
            time.sleep(BETWEEN_LOOKS)


class Kitchen:
    """A speaker of a version in an account."""

    def __init__(self, account: Account, folder: Path, profile: str, processes: ExitStack) -> None:
        self.account = account
        self.profile = PROFILES[profile]
        self._folder = folder
        self._processes = processes
        self.device = account.does("device", "add", "--profile", profile)
        self.device_id: str = self.device["device_id"]
        self.token = ""
        """Of its own alarm."""

    def starts(self, *more: str) -> Process:
        where = ("--url", self.account.url, "--ca", self.account.data / "ca.pem", "--profile", self.profile.name)
        options = ("--token", self.device["access_token"], "--data", self._folder / "speaker", "--output", "null")
        log = self._folder / "speaker.log"
        self.speaker = self._processes.enter_context(Process("speaker", *where, *options, "--json", *more, log=log))
        return self.speaker

    def until(self, event: str) -> dict[str, Any]:
        while (said := json.loads(self.speaker.line(PATIENCE)))["event"] != event:
            pass
        return dict(said)

    def ends(self) -> None:
        assert self.speaker.end() == 0
        assert "Traceback" not in self.speaker.log.read_text()

    def said(self, name: str, token: str | None = None) -> list[dict[str, Any]]:
        """All messages of this name, of an alert or of any, once one has passed."""
        deadline = time.monotonic() + PATIENCE
        while True:
            found = [body for body in self._bodies(token) if body["header"]["name"] == name]
            if found:
                return found
            assert time.monotonic() < deadline, self._bodies()
            time.sleep(BETWEEN_LOOKS)

    def told_between(self, first: str, last: str, token: str) -> set[str]:
        """The directives about an alert from one message about it to another."""
        names = [body["header"]["name"] for body in self._bodies(token)]
        said = names[names.index(first) : names.index(last)]
        return {name for name in said if ("Alerts", name) in self.profile.directives}

    def _bodies(self, token: str | None = None) -> list[dict[str, Any]]:
        lines = cli("trace", self.device_id, "--once", "--data", self.account.data)
        bodies = [_body(line["message"]) for line in lines if "message" in line]
        return [body for body in bodies if token in {None, body.get("payload", {}).get("token")}]


def _body(message: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = message.get("event") or message.get("directive") or message
    return body


# All of them in one house


@pytest.fixture(scope="module")
def house(cloud: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Kitchen]]:
    """A speaker of each version, all on one account."""
    account = Account(cloud, "house")
    with ExitStack() as processes:
        kitchens = {name: Kitchen(account, tmp_path_factory.mktemp(name), name, processes) for name in PROFILES}
        for kitchen in kitchens.values():
            kitchen.starts("--tag", "lab", "--tag", "ground floor")
        for kitchen in kitchens.values():
            kitchen.until("connected")
        yield kitchens
        for kitchen in kitchens.values():
            kitchen.ends()


def test_an_alarm_is_set_rings_is_stopped_and_is_gone(house: dict[str, Kitchen]) -> None:
    """Each speaker has its own."""
    for kitchen in house.values():
        kitchen.token = kitchen.account.sets_an_alarm("1s", kitchen.device_id)
    for kitchen in house.values():
        assert kitchen.until("set")["token"] == kitchen.token
    for kitchen in house.values():
        assert kitchen.until("ringing")["token"] == kitchen.token
        kitchen.speaker.say("stop")
        assert kitchen.until("removed")["token"] == kitchen.token
        assert len(kitchen.said("AlertStopped", kitchen.token)) == 1
        assert len(kitchen.said("AlertStarted", kitchen.token)) == 1


@pytest.mark.parametrize("which", ["cic-ko-2022", "tvs-2020"])
def test_all_ring_for_one_alarm_and_a_stop_on_one_silences_the_others(house: dict[str, Kitchen], which: str) -> None:
    """Each in its own words; the one itself is told like the others if it asks first, and nothing if it does not."""
    account = house[which].account
    token = account.sets_an_alarm("1s")
    for kitchen in house.values():
        assert kitchen.until("ringing")["token"] == token
        kitchen.said("AlertStarted", token)
    house[which].speaker.say("stop")
    for name, kitchen in house.items():
        assert kitchen.until("removed")["token"] == token
        assert len(kitchen.said("AlertStopped", token)) == 1
        is_told = name != which or kitchen.profile.stop_asks_first
        silenced = {kitchen.profile.silencing.__name__} if is_told else set()
        assert kitchen.told_between("AlertStarted", "AlertStopped", token) == silenced, name
    account.has_no_alert()


def test_a_snooze_on_one_is_one_on_all_and_a_stop_meanwhile_ends_it(house: dict[str, Kitchen]) -> None:
    """One presses snooze, in its own version; all are silent, and ring again; another presses it, then stop."""
    first, second = house["tvs-2020"], house["cic-ko-2022"]
    token = first.account.does("alert", "add", "Up", "--kind", "alarm", "--in", "1s", "--snooze", "2s")["token"]
    for presses in (first, second):
        for kitchen in house.values():
            assert kitchen.until("ringing")["token"] == token
            kitchen.said("AlertStarted", token)
        if presses is second:
            second.account.does("alert", "edit", token, "--snooze", "1h")
        presses.speaker.say("snooze")
        assert presses.until("snoozed")["token"] == token
        for kitchen in house.values():
            assert kitchen.until("set")["token"] == token
    second.speaker.say("stop")
    for kitchen in house.values():
        assert kitchen.until("removed")["token"] == token
    first.account.has_no_alert()


def test_each_says_what_it_is_in_the_headers_of_its_version(house: dict[str, Kitchen]) -> None:
    for name, kitchen in house.items():
        headers = kitchen.account.does("device", "show", kitchen.device_id)["headers"]
        assert {"Bellwire", "Speaker"} <= set(headers["details"].values()), name
        assert headers["warnings"] == []
        assert headers["tags"] == ([] if name == "tvs-2020" else ["lab", "ground floor"])


# One by itself


@pytest.fixture(params=PROFILES)
def kitchen(request: pytest.FixtureRequest, cloud: tuple[Path, str], tmp_path: Path, processes: ExitStack) -> Kitchen:
    return Kitchen(Account(cloud, tmp_path.name), tmp_path, request.param, processes)


@pytest.mark.parametrize(
    "kitchen", [name for name in PROFILES if PROFILES[name].offline is Offline.DELETE], indirect=True
)
def test_by_the_letter_nothing_is_left_without_a_network_and_all_comes_back_with_it(kitchen: Kitchen) -> None:
    kitchen.starts("--strict")
    kitchen.until("connected")
    token = kitchen.account.sets_an_alarm("1h")
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
        kitchen.account.sets_an_alarm("1h")
        kitchen.until("set")
        assert kitchen.speaker.end() == 0
