import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import pytest

from bellwire.cli.account_api import api_on_this_machine
from bellwire.cli.processes import free_port
from bellwire.cloud.config import Config
from bellwire.cloud.store.opening import open_now
from tests.cli.running import Bellwire, RunningCloud


class Account(NamedTuple):
    here: tuple[str | Path, ...]
    """The options that name it on the cloud's own machine."""
    elsewhere: tuple[str | Path, ...]
    """… on another one."""
    device_id: str


@pytest.fixture
def account(bellwire: Bellwire, cloud: RunningCloud, request: pytest.FixtureRequest) -> Account:
    """An account of this test alone, with one device."""
    name = request.node.name
    token = bellwire("account", "add", name, "--timezone", "Asia/Seoul", "--data", cloud.data, "--json").answer["token"]
    here = ("--account", name, "--data", cloud.data)
    device_id = bellwire("device", "add", *here, "--json").answer["device_id"]
    return Account(here, ("--url", cloud.url, "--ca", cloud.data / "ca.pem", "--token", token), device_id)


def when(alert: dict[str, str]) -> datetime:
    return datetime.fromisoformat(alert["scheduled_time"])


def test_add_in(bellwire: Bellwire, account: Account) -> None:
    asked = datetime.now(UTC)
    added = bellwire("alert", "add", "Tea", "--kind", "timer", "--in", "5m", *account.here, "--json").answer
    assert added["token"]
    assert added["kind"] == "TIMER"
    assert asked <= when(added) - timedelta(minutes=5) <= datetime.now(UTC) + timedelta(seconds=1)
    assert added["devices"] == {account.device_id: "unknown"}


def test_add_at_is_in_the_time_zone_of_the_account(bellwire: Bellwire, account: Account) -> None:
    args = ("--at", "07:00", "--every", "weekday", "--device", account.device_id)
    added = bellwire("alert", "add", "Up", *args, *account.here, "--json").answer
    assert (when(added).hour, added["every"], added["timezone"]) == (22, "weekday", "Asia/Seoul")
    assert not added["everywhere"]


def test_times_are_told_on_the_clocks_of_the_alert(bellwire: Bellwire, account: Account) -> None:
    added = bellwire("alert", "add", "Up", "--at", "07:00", "--every", "daily", *account.here).text
    assert " 07:00:00 KST, then daily, on 1 device" in added
    bellwire("alert", "add", "Call", "--at", "2035-06-01T07:00:00+02:00", "--timezone", "Europe/Berlin", *account.here)
    _, own, call = bellwire("alert", "list", *account.here).text.splitlines()
    assert " 07:00:00 KST " in own
    assert call.startswith("Fri 2035-06-01 07:00:00 CEST ")


def test_sounds_of_its_own(bellwire: Bellwire, account: Account) -> None:
    rain, birds = "https://sounds.example/rain.mp3", "https://sounds.example/birds.ogg"
    add = ("alert", "add", "Tea", "--in", "1h", *account.here)
    added = bellwire(*add, "--asset", rain, "--asset", birds, "--json").answer
    assert added["assets"] == [rain, birds]
    edit = ("alert", "edit", added["token"], *account.here, "--json")
    assert bellwire(*edit, "--asset", birds).answer["assets"] == [birds]
    assert bellwire(*edit, "--label", "Coffee").answer["assets"] == [birds]
    assert bellwire(*edit, "--asset", "").answer["assets"] == []
    assert "'rain.mp3' is not the address of a sound" in bellwire(*add, "--asset", "rain.mp3").complaint


def test_a_device_goes_by_its_name_too(bellwire: Bellwire, account: Account) -> None:
    for name in ("kitchen", "twin", "twin"):
        bellwire("device", "add", "--name", name, *account.here)
    add = ("alert", "add", "Tea", "--in", "1h", *account.here)
    added = bellwire(*add, "--device", "kitchen", "--device", account.device_id, "--json").answer
    assert len(added["devices"]) == 2
    edited = bellwire("alert", "edit", added["token"], "--device", "kitchen", *account.here, "--json").answer
    assert len(edited["devices"]) == 1
    assert "there is no device 'cellar'" in bellwire(*add, "--device", "cellar").complaint
    assert "2 devices are called 'twin'; give the id of the one" in bellwire(*add, "--device", "twin").complaint


def test_the_life_of_an_alert_in_words(bellwire: Bellwire, account: Account) -> None:
    assert 'bellwire alert add "Take your medicine"' in bellwire("alert", "list", *account.here).text
    assert "rings at" in bellwire("alert", "add", "Tea", "--in", "1h", *account.here).text
    [alert] = bellwire("alert", "list", *account.here, "--json").answer
    edited = bellwire("alert", "edit", alert["token"], "--label", "Coffee", *account.here)
    assert f"alert {alert['token']} changed" in edited.text
    listed = bellwire("alert", "list", *account.here).text
    assert "Coffee" in listed
    assert "1 unknown" in listed
    assert bellwire("alert", "delete", alert["token"], *account.here).text == f"alert {alert['token']} deleted\n"


def test_schedules_in_words(bellwire: Bellwire, account: Account) -> None:
    wish = ("--at", "07:00", "--every", "mon,wed,fri", "--until", "2030-12-31", "--except", "2029-12-24")
    preview = bellwire("alert", "preview", *wish, "-n", "3", *account.here).text.splitlines()
    assert [line[:3] for line in preview if line.endswith("07:00:00 KST")] == [line[:3] for line in preview]
    assert {line[:3] for line in preview} == {"Mon", "Wed", "Fri"}
    added = bellwire("alert", "add", "Up", *wish, *account.here, "--json").answer
    token = added["token"]
    assert (added["every"], added["until"]) == ("mon,wed,fri", "2030-12-31T23:59:59")
    assert added["except"] == ["2029-12-24"]
    assert "mon,wed,fri until 2030-12-31" in bellwire("alert", "list", *account.here).text
    assert bellwire("alert", "preview", token, "-n", "3", *account.here).text.splitlines() == preview
    assert "skips once: rings at" in bellwire("alert", "skip", token, *account.here).text
    left = bellwire("alert", "preview", token, "-n", "2", *account.here).text.splitlines()
    assert left == preview[1:]
    assert "paused" in bellwire("alert", "pause", token, *account.here).text
    assert "paused" in bellwire("alert", "list", *account.here).text
    assert "it is paused" in bellwire("alert", "preview", token, *account.here).text
    assert "resumed: rings at" in bellwire("alert", "resume", token, *account.here).text
    edited = bellwire("alert", "edit", token, "--every", "monthly", "--times", "2", "--except", "", *account.here)
    assert "then monthly until" in edited.text
    shown = bellwire("alert", "preview", token, *account.here, "--json").answer
    assert (len(shown["occurrences"]), shown["except"], shown["timezone"]) == (2, [], "Asia/Seoul")


def test_a_time_zone_of_its_own(bellwire: Bellwire, cloud: RunningCloud, account: Account) -> None:
    args = ("--at", "07:00", "--every", "daily")
    fixed = bellwire("alert", "add", "Call", *args, "--timezone", "Asia/Tokyo", *account.here, "--json").answer
    own = bellwire("alert", "add", "Up", *args, *account.here, "--json").answer
    moved = bellwire("account", "timezone", account.here[1], "UTC", "--data", cloud.data).text
    assert moved == f"account {account.here[1]} is in UTC\n"
    found = {each["token"]: each for each in bellwire("alert", "list", *account.here, "--json").answer}
    assert (when(found[own["token"]]).hour, when(found[fixed["token"]]).hour) == (7, 22)


def test_with_an_address_and_a_token(bellwire: Bellwire, account: Account) -> None:
    token = bellwire("alert", "add", "Tea", "--in", "1h", *account.elsewhere, "--json").answer["token"]
    moved = bellwire("alert", "edit", token, "--at", "2030-01-01T00:00:00Z", *account.elsewhere, "--json").answer
    assert when(moved) == datetime(2030, 1, 1, tzinfo=UTC)
    assert [each["token"] for each in bellwire("alert", "list", *account.elsewhere, "--json").answer] == [token]
    assert bellwire("alert", "delete", token, *account.elsewhere, "--json").answer == {"token": token, "deleted": True}
    assert bellwire("alert", "list", *account.elsewhere, "--json").answer == []


def test_the_token_may_come_by_the_environment(
    bellwire: Bellwire, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    *address, _, token = account.elsewhere
    monkeypatch.setenv("BELLWIRE_TOKEN", str(token))
    assert bellwire("alert", "list", *address, "--json").answer == []


def test_no_proxy_is_asked_for_this_machine(
    bellwire: Bellwire, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://localhost:1")
    assert bellwire("alert", "list", *account.here, "--json").answer == []
    assert bellwire("alert", "list", *account.elsewhere, "--json").answer == []


def test_all_pages_are_listed(bellwire: Bellwire, cloud: RunningCloud, account: Account) -> None:
    with api_on_this_machine(cloud.data, str(account.here[1])) as api:
        tokens = {api.call("POST", "alerts", body={"kind": "ALARM", "in": "1h"})["token"] for _ in range(101)}
    listed = [each["token"] for each in bellwire("alert", "list", *account.here, "--json").answer]
    assert len(listed) == 101
    assert set(listed) == tokens


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (("--in", "soon"), "'soon' is not a length of time"),
        (("--at", "7.30"), "'7.30' is not a time"),
        (("--at", "07:00", "--every", "hourly"), "'hourly' is not a recurrence"),
        (("--at", "07:00", "--every", "FREQ=SECONDLY"), "too often for an alert"),
        (("--at", "07:00", "--every", "workday"), "bellwire account country"),
        (("--at", "07:00", "--until", "2030-01-01"), "what rings once has no end"),
        (("--at", "2001-01-01T00:00:00Z"), "that time is past"),
        (("--in", "5s", "--device", "nobody"), "there is no device 'nobody'; bellwire device list"),
    ],
)
def test_what_the_cloud_refuses(bellwire: Bellwire, account: Account, wish: tuple[str, ...], said: str) -> None:
    assert said in bellwire("alert", "add", "Tea", *wish, *account.here).complaint


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("add", "Tea"), "say when it shall ring"),
        (("add", "Tea", "--in", "5s", "--at", "07:00"), "either --in or --at"),
        (("add", "Tea", "--in", "5s", "--every", "daily"), "--every needs --at"),
        (("add", "Tea", "--in", "5s", "--kind", "gong"), "for '--kind': 'gong' is not one of"),
        (("edit", "some-token"), "--label, --in or --at"),
        (("add", "Tea", "--at", "07:00", "--until", "2030-01-01", "--times", "2"), "either --until or --times"),
        (("preview",), "say when it shall ring"),
        (("preview", "some-token", "--at", "07:00"), "either TOKEN or when"),
        (("list", "--url", "https://localhost:1"), "--token"),
        (("list", "--ca", "ca.pem"), "--ca is for --url"),
        (("list", "--url", "https://localhost:1", "--token", "t", "--account", "home"), "leave out --account"),
    ],
)
def test_what_is_not_even_asked(bellwire: Bellwire, args: tuple[str, ...], said: str) -> None:
    assert said in bellwire("alert", *args).usage


def test_an_edit_keeps_the_recurrence_or_is_told_to_end_it(bellwire: Bellwire, account: Account) -> None:
    added = bellwire("alert", "add", "Up", "--at", "07:00", "--every", "weekday", *account.here, "--json").answer
    edit = ("alert", "edit", added["token"], "--in", "10m", *account.here)
    assert "it comes again" in bellwire(*edit).complaint
    (kept,) = bellwire("alert", "list", *account.here, "--json").answer
    assert (kept["every"], kept["scheduled_time"]) == ("weekday", added["scheduled_time"])
    assert bellwire(*edit, "--every", "once", "--json").answer["every"] is None


@pytest.mark.parametrize("token", ["é", "a\nb", "a b", ""])
def test_a_token_that_can_be_none(bellwire: Bellwire, account: Account, token: str) -> None:
    *address, _, _ = account.elsewhere
    complaint = bellwire("alert", "list", *address, "--token", token).complaint
    assert "the account's token is of printable ASCII characters without blanks" in complaint


def test_an_alert_that_is_not_there(bellwire: Bellwire, account: Account) -> None:
    for args in (("delete", "no such?"), ("edit", "no such?", "--label", "x")):
        assert "no alert no such?" in bellwire("alert", *args, *account.here).complaint


def test_no_cloud_runs(bellwire: Bellwire, tmp_path: Path) -> None:
    assert "holds no cloud's data" in bellwire("alert", "list", "--data", tmp_path).complaint
    assert bellwire("account", "add", "home", "--data", tmp_path).status == 0
    assert f"bellwire cloud --data {tmp_path}" in bellwire("alert", "list", "--data", tmp_path).complaint


def test_no_account_yet(bellwire: Bellwire, tmp_path: Path) -> None:
    with open_now(Config(data=tmp_path).database):
        pass
    assert "bellwire account add home" in bellwire("alert", "list", "--data", tmp_path).complaint


def test_a_cloud_that_cannot_be_reached_or_trusted(bellwire: Bellwire, cloud: RunningCloud, tmp_path: Path) -> None:
    def complaint(url: str, *options: str | Path) -> str:
        return bellwire("alert", "list", "--url", url, "--token", "t", *options).complaint

    authority = ("--ca", cloud.data / "ca.pem")
    assert "this token is not known here" in complaint(cloud.url, *authority)
    assert "is not trusted" in complaint(cloud.url)
    closed = f"https://localhost:{free_port()}"
    assert "cannot be reached (Connection refused)" in complaint(closed, *authority)
    assert "write it like https://HOST:8443" in complaint("http://localhost:1")
    assert "Invalid port" in complaint("https://localhost:port")
    (tmp_path / "ca.pem").write_text(json.dumps("no certificate"))
    assert "it is no PEM file" in complaint(cloud.url, "--ca", tmp_path / "ca.pem")
    assert "No such file" in complaint(cloud.url, "--ca", tmp_path / "missing.pem")


@contextmanager
def answering(cloud: RunningCloud, said: bytes) -> Iterator[str]:
    """Another server over TLS, which answers everything with 200 and this; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("localhost", 0), Handler) as server:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(cloud.data / "server.pem", cloud.data / "server.key")
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://localhost:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("said", [b"<html>the router", b"[]", b'{"a": 1}', b"\xff", b""])
def test_another_server_is_told_from_a_cloud(bellwire: Bellwire, cloud: RunningCloud, said: bytes) -> None:
    with answering(cloud, said) as url:
        complaint = bellwire("alert", "list", "--url", url, "--token", "t", "--ca", cloud.data / "ca.pem").complaint
    assert "localhost answered, but not as a bellwire cloud does; is the address right?" in complaint


def test_an_empty_token_is_none(bellwire: Bellwire, account: Account) -> None:
    assert "an empty text names no alert" in bellwire("alert", "delete", "", *account.here).complaint


def just_now() -> str:
    return (datetime.now(UTC) - timedelta(seconds=5)).isoformat()


def test_snooze_and_stop_in_words(bellwire: Bellwire, account: Account) -> None:
    token = bellwire("alert", "add", "Up", "--at", just_now(), *account.here, "--json").answer["token"]
    assert f"alert {token} snoozed: rings at" in bellwire("alert", "snooze", token, *account.here).text
    assert " snoozed " in bellwire("alert", "list", *account.here).text
    assert "snoozed already" in bellwire("alert", "snooze", token, *account.here).complaint
    assert bellwire("alert", "stop", token, *account.here).text == f"alert {token} stopped\n"
    assert "no alert" in bellwire("alert", "stop", token, *account.here).complaint


def test_snooze_and_stop_for_programs(bellwire: Bellwire, account: Account) -> None:
    added = bellwire("alert", "add", "Up", "--at", just_now(), *account.elsewhere, "--json").answer
    token = added["token"]
    assert (added["snoozed_from"], added["snoozes"]) == (None, 0)
    asked = datetime.now(UTC)
    snoozed = bellwire("alert", "snooze", token, "--for", "5m", *account.elsewhere, "--json").answer
    assert asked <= when(snoozed) - timedelta(minutes=5) <= datetime.now(UTC) + timedelta(seconds=1)
    assert (snoozed["snoozed_from"], snoozed["snoozes"]) == (added["scheduled_time"], 1)
    stopped = bellwire("alert", "stop", token, *account.elsewhere, "--json").answer
    assert stopped == {"token": token, "stopped": True}


def test_what_does_not_ring_is_not_snoozed(bellwire: Bellwire, account: Account) -> None:
    token = bellwire("alert", "add", "Up", "--in", "1h", *account.here, "--json").answer["token"]
    assert "it does not ring now; it rings at" in bellwire("alert", "snooze", token, *account.here).complaint
    assert (
        "cannot be the length of a snooze"
        in bellwire("alert", "snooze", token, "--for", "25h", *account.here).complaint
    )


def test_where_an_alert_rings(bellwire: Bellwire, account: Account) -> None:
    other = bellwire("device", "add", *account.here, "--json").answer["device_id"]
    added = bellwire("alert", "add", "Up", "--in", "1h", "--device", other, *account.here, "--json").answer
    token = added["token"]
    assert added["devices"].keys() == {other}
    moved = bellwire("alert", "edit", token, "--device", account.device_id, *account.here, "--json").answer
    assert (moved["everywhere"], moved["devices"].keys()) == (False, {account.device_id})
    assert "changed: rings at" in bellwire("alert", "edit", token, "--everywhere", *account.here).text
    both = bellwire("alert", "edit", token, "--everywhere", "--device", other, *account.here)
    assert "either --device or --everywhere" in both.usage


def test_what_rings_on_a_device_that_is_removed_alone_is_told(bellwire: Bellwire, account: Account) -> None:
    args = ("alert", "add", "Up", "--in", "1h", "--device", account.device_id, *account.here, "--json")
    tokens = [bellwire(*args).answer["token"] for _ in range(2)]
    removed = bellwire("device", "remove", account.device_id, *account.here)
    assert all(f"bellwire alert edit {token} --everywhere" in removed.text for token in tokens)
    assert bellwire("alert", "list", *account.here).text.count("no device") == 2


def test_how_alerts_are_snoozed_and_stopped(bellwire: Bellwire, account: Account) -> None:
    name, data = account.here[1], account.here[2:]
    shown = bellwire("account", "conduct", name, *data).text
    assert shown == (
        f"alerts of account {name} may be snoozed 5 times for 10m; stopped on one device they are so on all\n"
    )
    said = bellwire("account", "conduct", name, "--snoozes", "0", "--stop-each", *data).text
    assert said == f"alerts of account {name} are not snoozed; each device is stopped by itself\n"
    args = ("--snooze", "5m", "--stop-everywhere", *account.here, "--json")
    own = bellwire("alert", "add", "Up", "--in", "1h", *args).answer
    assert own["conduct"] == {"snooze": "5m", "snoozes": None, "stop_everywhere": True}
    usual = bellwire("alert", "edit", own["token"], "--as-usual", *account.here, "--json").answer
    assert usual["conduct"] == {"snooze": None, "snoozes": None, "stop_everywhere": None}
    again = bellwire("account", "conduct", name, "--as-usual", *data, "--json").answer
    assert again == {"snooze": "10m", "snoozes": 5, "stop_everywhere": True}
    both = bellwire("account", "conduct", name, "--as-usual", "--snoozes", "1", *data)
    assert "either --as-usual, or how it is to be" in both.usage


def test_timers_in_words(bellwire: Bellwire, account: Account) -> None:
    args = ("alert", "add", "Eggs", "--kind", "timer", "--in", "1h", *account.here, "--json")
    token = bellwire(*args).answer["token"]
    assert ", in " in bellwire("alert", "list", *account.here).text
    assert "extended: rings at" in bellwire("alert", "extend", token, "--by", "1h", *account.here).text
    assert "paused with " in bellwire("alert", "pause", token, *account.here).text
    assert " left" in bellwire("alert", "list", *account.here).text
    assert "resumed: rings at" in bellwire("alert", "resume", token, *account.here).text
    assert "no extension" in bellwire("alert", "extend", token, "--by", "0s", *account.here).complaint


def test_action_timers_from_files_and_from_stdin(
    bellwire: Bellwire, account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play = {"header": {"namespace": "AudioPlayer", "name": "Play"}, "payload": {"url": "비"}}
    one, several = tmp_path / "one.json", tmp_path / "several.json"
    one.write_text(json.dumps(play), "utf-8")
    on_the_wire = {"directive": {**play, "header": {**play["header"], "messageId": "m", "dialogRequestId": "d"}}}
    several.write_text(json.dumps([play, on_the_wire]), "utf-8")
    args = ("alert", "add", "Rain", "--kind", "actiontimer", "--in", "1h", *account.here, "--json")
    added = bellwire(*args, "--action", one, "--action", several).answer
    assert added["actions"] == [play, play, play]
    monkeypatch.setattr("sys.stdin", StringIO(json.dumps(play)))
    edited = bellwire("alert", "edit", added["token"], "--action", "-", *account.here, "--json").answer
    assert edited["actions"] == [play]
    one.write_text("{", "utf-8")
    assert "one.json is not JSON" in bellwire(*args, "--action", one).complaint
    assert "cannot be read (No such file" in bellwire(*args, "--action", tmp_path / "none").complaint
    assert (
        "only an ACTIONTIMER"
        in bellwire(*(arg if arg != "actiontimer" else "timer" for arg in args), "--action", several).complaint
    )


def test_why_before_it_was_due(bellwire: Bellwire, account: Account) -> None:
    token = bellwire("alert", "add", "Up", "--at", "2030-01-01T07:00:00+09:00", *account.here, "--json").answer["token"]

    told = bellwire("alert", "why", token, *account.here).text.splitlines()

    assert told[0] == f"Up {token}: due at Tue 2030-01-01 07:00:00 Asia/Seoul"
    assert "not yet: it has not acknowledged Tue 2030-01-01 07:00:00; offline since" in told[2]
    assert told[3] == "it has not been due yet"
    answer = bellwire("alert", "why", token, *account.elsewhere, "--json").answer
    assert (answer["rings"], answer["now"][0]["device_id"]) == ([], account.device_id)
    bellwire("alert", "pause", token, *account.here)
    assert ": paused;" in bellwire("alert", "why", token, *account.here).text


def test_why_it_did_not_ring(bellwire: Bellwire, account: Account) -> None:
    due = datetime.now(UTC) - timedelta(minutes=20)
    token = bellwire("alert", "add", "", "--at", due.isoformat(), *account.here, "--json").answer["token"]
    bellwire("alert", "delete", token, *account.here)

    told = bellwire("alert", "why", token, *account.here).text

    assert told.startswith(f"alert {token}: over or deleted; times of Asia/Seoul\n")
    assert "missed: it was offline since" in told


def test_why_of_an_alert_that_nobody_knows(bellwire: Bellwire, account: Account) -> None:
    failed = bellwire("alert", "why", "nothing", *account.here)
    assert failed.status == 1
    assert "this account has no alert nothing" in failed.complaint
