import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bellwire.cli.processes import Process, free_port
from bellwire.cli.settings import Settings
from bellwire.cli.speaker_process import config_of, hardware_of
from tests.cli.running import Bellwire, RunningCloud, ran_alone


@pytest.fixture
def nowhere() -> str:
    """The address of no cloud."""
    return f"https://localhost:{free_port()}"


@pytest.fixture
def told(bellwire: Bellwire, monkeypatch: pytest.MonkeyPatch) -> Bellwire:
    """A command in this process, which must not become a speaker."""

    def become(*_command: object) -> None:
        raise AssertionError("it has become a speaker")

    monkeypatch.setattr(os, "execv", become)
    return bellwire


def test_what_is_missing_or_wrong_is_said_in_one_line(told: Bellwire, tmp_path: Path, nowhere: str) -> None:
    here = ("--data", tmp_path / "speaker", "--output", "null")
    assert "leave out --token" in told("speaker", "--pair", "--url", nowhere, "--token", "t", *here).usage
    assert "--ca is for --url" in told("speaker", "--ca", "ca.pem", *here).usage
    assert "leave out --url" in told("speaker", "--log-out", "--url", nowhere, *here).usage
    assert "expected https://HOST" in told("speaker", "--url", "localhost", *here).complaint
    assert "no certificate authority" in told("speaker", "--url", nowhere, "--ca", tmp_path, *here).complaint


def test_what_can_not_be_set_is_said_in_one_line(told: Bellwire, tmp_path: Path, nowhere: str) -> None:
    here = ("speaker", "--url", nowhere, "--token", "t", "--data", tmp_path / "speaker", "--output", "null")
    assert "there is no profile 'yodel'; there are: cic-en-2018, " in told(*here, "--profile", "yodel").complaint
    assert "write it like 5s, 10m" in told(*here, "--offline-grace", "soon").complaint
    assert "leave out --offline-grace" in told(*here, "--strict", "--offline-grace", "5m").usage


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"access_token": "two words"}, "printable ASCII"),
        ({"firmware_version": "50.3"}, "from 1 to 4294967295"),
        ({"offline_grace": 9999 * 86_400.0}, "to keep all for ever, leave it out"),
        ({"profile": "yodel"}, "there is no profile 'yodel'"),
    ],
)
def test_a_speaker_that_can_not_be(tmp_path: Path, wrong: dict[str, Any], what: str) -> None:
    settings = Settings(
        cloud="https://cloud",
        access_token="t",
        profile="tvs-2020",
        folder=str(tmp_path),
        ca=None,
        output="null",
        record=None,
        json=True,
    )
    assert config_of(settings).folder == tmp_path
    with pytest.raises(ValueError, match=what):
        can_not_be = msgspec.structs.replace(settings, **wrong)
        _ = config_of(can_not_be), hardware_of(can_not_be)


def test_what_a_speaker_finds_wrong_itself_is_said_in_one_line(tmp_path: Path, nowhere: str) -> None:
    here = ("speaker", "--url", nowhere, "--token", "t", "--data", tmp_path / "speaker", "--output", "null")
    assert "Is a directory" in ran_alone(*here, "--record", tmp_path).complaint


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_good_order(tmp_path: Path, nowhere: str, number: signal.Signals) -> None:
    with Process(*options(tmp_path, nowhere), log=tmp_path / "log") as speaker:
        said = json.loads(speaker.line(within=30))
        assert said["event"] == "disconnected"
        os.kill(speaker.pid, number)
        assert speaker.code() == 0


def test_quit_ends_it_and_the_end_of_the_input_does_not(tmp_path: Path, nowhere: str) -> None:
    with Process(*options(tmp_path, nowhere), log=tmp_path / "log") as speaker:
        speaker.say("quit")
        assert speaker.code() == 0
    with socket.create_server(("127.0.0.1", 0)) as cloud:
        cloud.settimeout(30)
        args = options(tmp_path, f"https://localhost:{cloud.getsockname()[1]}")
        with Process(*args, log=tmp_path / "log") as speaker:
            speaker.close_input()
            for _ in range(2):
                cloud.accept()[0].close()
            assert speaker.end() == 0


def test_a_speaker_to_which_nobody_listens_goes_on(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as cloud:
        cloud.settimeout(30)
        args = options(tmp_path, f"https://localhost:{cloud.getsockname()[1]}")
        command = [sys.executable, "-m", "bellwire", *args]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as speaker:
            assert speaker.stdout is not None
            assert speaker.stderr is not None
            speaker.stdout.close()
            speaker.stderr.close()
            for _ in range(3):
                cloud.accept()[0].close()
            speaker.terminate()
            assert speaker.wait(timeout=30) == 0


def test_one_speaker_on_a_folder(tmp_path: Path, nowhere: str) -> None:
    args = options(tmp_path, nowhere)
    with Process(*args, log=tmp_path / "log") as speaker:
        speaker.line(within=30)
        assert "another speaker runs on this data folder" in ran_alone(*args).complaint


def test_words_for_how_alerts_ring_and_one_that_a_version_does_not_have(tmp_path: Path, nowhere: str) -> None:
    args = (*options(tmp_path, nowhere), "--profile", "tvs-2020")

    def until(speaker: Process, event: str) -> dict[str, object]:
        said: dict[str, object] = {"event": None}
        while said["event"] != event:
            said = json.loads(speaker.line(within=30))
        return said

    with Process(*args, log=tmp_path / "log") as speaker:
        for word, volume in (("softer", 90), ("softer", 80), ("louder", 90)):
            speaker.say(word)
            assert until(speaker, "volume")["volume"] == volume
        events = {"talk": "talk", "hush": "hush", "delete": "not_deleted"}
        switches = [("do-not-disturb", "do_not_disturb"), ("unplug", "unplugged"), ("unplug", "plugged")]
        for word, event in (*events.items(), *switches):
            speaker.say(word)
            until(speaker, event)
        assert speaker.end() == 0
    with Process(*args, log=tmp_path / "log") as speaker:
        assert until(speaker, "volume")["volume"] == 90
        assert speaker.end() == 0


def options(tmp_path: Path, url: str) -> tuple[str, ...]:
    return ("speaker", "--url", url, "--token", "t", "--data", str(tmp_path / "speaker"), "--output", "null", "--json")


def test_delete_on_the_device(bellwire: Bellwire, cloud: RunningCloud, tmp_path: Path) -> None:
    of_account = ("--account", "speaker", "--data", cloud.data)
    assert bellwire("account", "add", "speaker", "--data", cloud.data).status == 0
    token = bellwire("device", "add", *of_account, "--json").answer["access_token"]
    cloud_options = ("--url", cloud.url, "--ca", cloud.data / "ca.pem", "--token", token)
    args = ("speaker", *cloud_options, "--output", "null", "--json")
    with Process(*args, "--data", tmp_path / "speaker", log=tmp_path / "log") as speaker:
        assert json.loads(speaker.line(within=30))["event"] == "connected"
        alert = bellwire("alert", "add", "Tea", "--in", "1h", *of_account, "--json").answer["token"]
        said = json.loads(speaker.line(within=30))
        assert (said["event"], said["token"], said["label"]) == ("set", alert, "Tea")
        speaker.say("delete")
        assert json.loads(speaker.line(within=30))["event"] == "removed"
        deadline = time.monotonic() + 15
        while bellwire("alert", "list", *of_account, "--json").answer:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_it_carries_no_code_of_the_cloud_or_the_command_line() -> None:
    code = "import sys, bellwire.cli.speaker_process; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    unwanted = {"typer", "pydantic", "sqlalchemy", "litestar", "granian", "httpx", "cryptography", "bellwire.cloud"}
    assert set(done.stdout.split()).isdisjoint(unwanted)
