import json
import os
import signal
import time
from pathlib import Path

import pytest

from bellwire.cli.processes import Ended, Process, free_port
from tests.cli.running import Bellwire, RunningCloud, ran_alone


def test_its_life(tmp_path: Path) -> None:
    port = str(free_port())
    with Process("cloud", "--port", port, "--data", tmp_path / "data", "--json", log=tmp_path / "log") as process:
        ready = json.loads(process.line(within=30))
        assert ready == {"ready": f"https://localhost:{port}", "ca": str(tmp_path / "data" / "ca.pem")}
        assert Path(ready["ca"]).read_text().startswith("-----BEGIN CERTIFICATE-----")
        os.kill(process.pid, signal.SIGINT)
        assert process.code() == 0
        with pytest.raises(Ended):
            process.line(within=0)
    logged = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [(each["event"], each["level"]) for each in logged] == [("shutting down", "info")]


def test_what_comes_next_is_said_on_stderr(cloud: RunningCloud) -> None:
    log = cloud.data.parent / "log"
    while "next: bellwire speaker" not in log.read_text():  # it comes after the line on stdout
        time.sleep(0.05)
    assert str(cloud.data / "ca.pem") in log.read_text()


def test_a_folder_or_port_that_is_taken(cloud: RunningCloud, tmp_path: Path) -> None:
    port = cloud.url.rpartition(":")[2]
    assert "another cloud runs on" in ran_alone("cloud", "--data", cloud.data, "--port", str(free_port())).complaint
    assert f"port {port} (Address already in use)" in ran_alone("cloud", "--data", tmp_path, "--port", port).complaint


def test_a_secret_that_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "asset.secret").touch()
    refused = ran_alone("cloud", "--data", tmp_path, "--port", str(free_port())).complaint
    assert "asset.secret is not 32 bytes long: delete it" in refused


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "data"):
        refused = ran_alone("cloud", "--data", folder, "--port", str(free_port())).complaint
        assert f"{folder} cannot be the cloud's data folder" in refused
        assert "name another with --data" in refused


def test_what_cannot_speak_is_refused(tmp_path: Path) -> None:
    refused = ran_alone("cloud", "--speech", "no-such-program", "--data", tmp_path).complaint
    assert "'no-such-program' is not a program that can be run; give espeak, none, or a command" in refused


def test_labels_are_spoken_by_a_program_or_not_at_all(bellwire: Bellwire, tmp_path: Path) -> None:
    program = tmp_path / "speak"
    program.write_text(f"#!/bin/sh\ncat > {tmp_path}/said; echo $1 > {tmp_path}/language; exit 1\n")
    program.chmod(0o755)
    for speech, spoken in ((str(program), True), ("none", False)):
        data, port = tmp_path / speech.rpartition("/")[2].replace("speak", "by-program"), str(free_port())
        with Process("cloud", "--port", port, "--data", data, "--speech", speech, log=tmp_path / "log") as process:
            process.line(within=30)
            assert bellwire("account", "add", "home", "--language", "ja", "--data", data).status == 0
            assert bellwire("alert", "add", "薬の時間", "--in", "1h", "--data", data).status == 0
            assert process.end() == 0
        said = tmp_path / "said"
        assert said.exists() is spoken
        if spoken:
            assert (said.read_text(), (tmp_path / "language").read_text()) == ("薬の時間", "ja\n")
            said.unlink()


def test_on_one_address_of_its_own_it_is_found_there_and_by_no_proxy(
    bellwire: Bellwire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    data, port = tmp_path / "data", str(free_port())
    args = ("cloud", "--host", "127.0.0.2", "--port", port, "--data", data)
    with Process(*args, log=tmp_path / "log") as process:
        assert process.line(within=30) == f"ready https://127.0.0.2:{port}"
        assert bellwire("account", "add", "home", "--data", data).status == 0
        assert bellwire("alert", "list", "--data", data, "--json").answer == []
        assert process.end() == 0


def test_a_certificate_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate")
    refused = ran_alone("cloud", "--data", tmp_path, "--port", str(free_port()))
    assert "ca.pem is not a certificate" in refused.complaint


def test_what_no_browser_can_open_is_no_terms(tmp_path: Path) -> None:
    for terms in ("foo", "javascript:alert(1)", "https://"):
        complaint = ran_alone("cloud", "--data", tmp_path, "--terms", terms).complaint
        assert f"{terms!r} is not the address of a page" in complaint


def test_limits_are_set_and_their_refusals_say_how(bellwire: Bellwire, tmp_path: Path) -> None:
    data, port = tmp_path / "data", str(free_port())
    limits = {"BELLWIRE_LIMITS": "alerts=1 devices=1"}
    command = ("cloud", "--port", port, "--data", data, "--speech", "none")
    with Process(*command, log=tmp_path / "log", environment=limits) as process:
        process.line(within=30)
        bellwire("account", "add", "home", "--data", data)
        for what in (("alert", "add", "x", "--in", "1h"), ("device", "add")):
            assert bellwire(*what, "--data", data).status == 0
            assert f"bellwire cloud --limit {what[0]}s=2" in bellwire(*what, "--data", data).complaint
        told = bellwire("alert", "add", "x" * 1025, "--in", "1h", "--data", data).complaint
        assert "bellwire cloud --limit label=2048" in told
        assert process.end() == 0


@pytest.mark.parametrize("limit", ["alarms=5", "alerts=0", "alerts"])
def test_what_is_no_limit_is_refused(tmp_path: Path, limit: str) -> None:
    assert limit in ran_alone("cloud", "--limit", limit, "--data", tmp_path).complaint
