"""`bellwire check` on the command line; what it finds is tests/conformance's affair."""

import json
import socket
from pathlib import Path

import pytest

from bellwire.cli.processes import free_port
from tests.cli.running import Bellwire, RunningCloud


def test_the_cases_are_listed_with_their_clauses(bellwire: Bellwire) -> None:
    text = bellwire("check", "cloud", "--list", "--only", "alerts/AlertStopped/7").text
    assert text.startswith("MUST   alerts/AlertStopped/7 ")
    assert "clova-alerts-ko-2022, AlertStopped: 일반 알람이 중지되었을 때" in text


def test_a_dry_run_names_what_would_be_run(bellwire: Bellwire) -> None:
    lines = bellwire("check", "device", "--dry-run", "--profile", "tvs-2020").text.splitlines()
    assert len(lines) > 70
    assert not any("alerts/StopAlert/1" in line for line in lines)


def test_for_programs_it_is_json(bellwire: Bellwire) -> None:
    [case] = bellwire("check", "device", "--list", "--json", "--only", "alerts/SetAlert/15").answer
    assert (case["id"], case["level"], case["must_refuse"]) == ("alerts/SetAlert/15", "MUST", True)
    assert {"document", "section", "quote"} == set(case["clauses"][0])


@pytest.mark.parametrize("side", ["cloud", "device"])
def test_a_case_that_there_is_not_is_an_error(bellwire: Bellwire, side: str) -> None:
    assert "no case of a" in bellwire("check", side, "--only", "alerts/Nothing/1").usage


def test_a_version_that_there_is_not_is_an_error(bellwire: Bellwire) -> None:
    assert "there is no profile 'x'" in bellwire("check", "cloud", "--profile", "x").usage


def test_without_an_address_it_says_what_is_missing(bellwire: Bellwire) -> None:
    assert "--url and --token" in bellwire("check", "cloud").usage


def test_an_address_that_is_none_is_an_error(bellwire: Bellwire) -> None:
    assert "expected https://HOST" in bellwire("check", "cloud", "--url", "cloud", "--token", "t").usage


def test_a_cloud_that_is_not_there_is_an_error(bellwire: Bellwire) -> None:
    url = f"https://localhost:{free_port()}"
    assert "can't connect" in bellwire("check", "cloud", "--url", url, "--token", "t").usage


def test_a_port_that_is_taken_is_an_error(bellwire: Bellwire, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        complaint = bellwire("check", "device", "--port", port, "--data", tmp_path).usage
    assert f"cannot listen on 127.0.0.1 port {port} (Address already in use); take another one" in complaint


def test_a_report_that_can_not_be_written_is_an_error_at_once(bellwire: Bellwire, tmp_path: Path) -> None:
    """Not after all cases have run."""
    for option in ("--html", "--junit"):
        for path in (tmp_path / "nowhere" / "page", tmp_path):
            ran = bellwire("check", "device", "--port", free_port(), "--data", tmp_path / "kit", option, path)
            assert ran.status == 2
            assert f"{path}: a report can't be written there" in ran.usage


def test_what_could_not_be_checked_has_another_status_than_what_is_not_as_it_must_be(
    bellwire: Bellwire, tmp_path: Path
) -> None:
    where = ("--url", f"https://localhost:{free_port()}", "--token", "x")
    assert bellwire("check", "device", "--only", "nothing").status == 2
    assert bellwire("check", "cloud", "--profile", "x", *where).status == 2
    assert bellwire("check", "cloud", *where).status == 2
    assert bellwire("check", "device", "--host", "nowhere.invalid", "--data", tmp_path).status == 2
    assert bellwire("simulate", "--faults", "x").status == 2
    assert bellwire("simulate", "--break", "x").status == 2


def test_reports_are_written(bellwire: Bellwire, tmp_path: Path, cloud: RunningCloud) -> None:

    account = bellwire("account", "add", tmp_path.name, "--data", cloud.data, "--json").answer
    device = bellwire("device", "add", "--account", tmp_path.name, "--data", cloud.data, "--json").answer
    junit, html = tmp_path / "junit.xml", tmp_path / "page.html"
    where = ("--url", cloud.url, "--ca", cloud.data / "ca.pem", "--token", device["access_token"])
    more = ("--account-token", account["token"], "--junit", junit, "--html", html, "--json")
    ran = bellwire("check", "cloud", *where, *more, "--only", "alerts/DeleteAlert/1", "--only", "transport/ping/1")
    *results, last = [json.loads(line) for line in ran.text.splitlines()]
    assert [each["outcome"] for each in results] == ["passed", "passed"]
    assert last["faults"] == 0
    assert b"<testsuite" in junit.read_bytes()
    assert "alerts/DeleteAlert/1" in html.read_text(encoding="utf-8")


def test_without_an_owner_what_needs_one_is_skipped(bellwire: Bellwire, tmp_path: Path, cloud: RunningCloud) -> None:

    bellwire("account", "add", tmp_path.name, "--data", cloud.data)
    device = bellwire("device", "add", "--account", tmp_path.name, "--data", cloud.data, "--json").answer
    where = ("--url", cloud.url, "--ca", cloud.data / "ca.pem", "--token", device["access_token"])
    text = bellwire("check", "cloud", *where, "--only", "alerts/DeleteAlert/1").text
    assert text.startswith("skipped")
    assert "--account-token" in text
    assert text.endswith("0 passed, 0 failed, 1 skipped\n")
