import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from bellwire.cloud.config import Config
from bellwire.cloud.store.opening import open_now
from bellwire.cloud.store.trace import append_messages
from tests.cli.running import Bellwire

TOKEN = "9f3a1c2b-0d0f-4c43-9d57-0c5f8f0c1a11"
SET_ALERT = {
    "directive": {
        "header": {"namespace": "Alerts", "name": "SetAlert", "messageId": "m1"},
        "payload": {"token": TOKEN, "type": "REMINDER", "label": "Take your medicine", "assets": [{}, {}]},
    }
}
SUCCEEDED = {
    "event": {
        "header": {"namespace": "Alerts", "name": "SetAlertSucceeded", "messageId": ""},
        "payload": {"token": TOKEN, "type": "REMINDER"},
    },
    "context": [],
}


class Traced(NamedTuple):
    data: Path
    device_id: str

    def say(self, direction: str, body: bytes) -> None:
        row = {"device_id": self.device_id, "at_ms": 1_795_000_000_123, "direction": direction, "body": body}
        with open_now(Config(data=self.data).database) as store:
            store.run(append_messages, [row])


@pytest.fixture
def device(bellwire: Bellwire, tmp_path: Path) -> Traced:
    assert bellwire("account", "add", "home", "--data", tmp_path).status == 0
    return Traced(tmp_path, bellwire("device", "add", "--data", tmp_path, "--json").answer["device_id"])


def test_lines_for_people(bellwire: Bellwire, device: Traced) -> None:
    device.say("directive", json.dumps(SET_ALERT).encode())
    device.say("event", json.dumps(SUCCEEDED).encode())
    time = f"{datetime.fromtimestamp(1_795_000_000, UTC).astimezone():%H:%M:%S}.123"
    assert bellwire("trace", device.device_id, "--once", "--data", device.data).text.splitlines() == [
        f'{time} << Alerts.SetAlert                token=9f3a1c2b… type=REMINDER label="Take your medicine" assets[2]',
        f"{time} >> Alerts.SetAlertSucceeded       token=9f3a1c2b… type=REMINDER",
    ]


def test_why_something_was_refused_in_each_form(bellwire: Bellwire, device: Traced) -> None:
    """Some versions write the exception as a directive, others by itself."""
    by_itself = {
        "header": {"namespace": "System", "name": "Exception", "messageId": "m"},
        "payload": {"code": "INVALID_REQUEST_EXCEPTION", "description": "event.payload.token: is missing"},
    }
    for said in (by_itself, {"directive": by_itself}):
        device.say("directive", json.dumps(said).encode())

    for line in bellwire("trace", device.device_id, "--once", "--data", device.data).text.splitlines():
        assert "<< System.Exception" in line
        assert "event.payload.token: is missing" in line


def test_json_for_programs(bellwire: Bellwire, device: Traced) -> None:
    device.say("directive", json.dumps(SET_ALERT).encode())
    device.say("event", b"\xffnot JSON")
    lines = bellwire("trace", "--once", "--json", "--data", device.data).text.splitlines()
    at = "2026-11-18T11:06:40.123+00:00"
    assert [json.loads(line) for line in lines] == [
        {"at": at, "direction": "directive", "message": SET_ALERT},
        {"at": at, "direction": "event", "body": "\N{REPLACEMENT CHARACTER}not JSON"},
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"\x1b[2Jnot JSON",
        b'"\\u001b[2J"',
        b"[1]",
        b'{"event": {"header": {"namespace": "\\u001b[2J", "name": 7}, "payload": ["\\u001b[2J"]}}',
        b'{"event": {"header": {"namespace": "A", "name": "B"}, "payload": {"\\u001b": "\\u001b\\n"}}}',
        b"[" * 100_000,
    ],
)
def test_nothing_that_a_device_says_commands_the_terminal(bellwire: Bellwire, device: Traced, body: bytes) -> None:
    device.say("event", body)
    shown = bellwire("trace", "--once", "--data", device.data).text
    assert shown.removesuffix("\n").isprintable()
    assert len(shown) < 200


def test_as_they_pass(device: Traced) -> None:
    for number in range(12):
        device.say("event", json.dumps({"before": number}).encode())
    command = [sys.executable, "-m", "bellwire", "trace", "--json", "--data", str(device.data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert [json.loads(process.stdout.readline())["message"]["before"] for _ in range(10)] == list(range(2, 12))
        device.say("directive", b"{}")
        assert json.loads(process.stdout.readline())["direction"] == "directive"
        process.terminate()


def test_nothing_was_said_yet(bellwire: Bellwire, device: Traced) -> None:
    assert bellwire("trace", "--once", "--json", "--data", device.data).text == ""


def test_which_device_must_be_clear(bellwire: Bellwire, device: Traced) -> None:
    args = ("trace", "--once", "--data", device.data)
    assert "there is no device 'nobody'; bellwire device list shows them" in bellwire(*args, "nobody").complaint
    assert bellwire("device", "add", "--data", device.data).status == 0
    assert "there are 2 devices; say which: " in bellwire(*args).complaint


def test_a_device_goes_by_its_name_too_where_only_one_has_it(bellwire: Bellwire, device: Traced) -> None:
    here = ("--data", device.data)
    kitchen = bellwire("device", "add", "--name", "kitchen", *here, "--json").answer["device_id"]
    Traced(device.data, kitchen).say("event", json.dumps(SUCCEEDED).encode())
    by_name = bellwire("trace", "kitchen", "--once", *here).text
    assert by_name == bellwire("trace", kitchen, "--once", *here).text != ""
    bellwire("device", "add", "--name", "kitchen", *here)
    assert (
        "2 devices are called 'kitchen'; give the id of the one"
        in bellwire("trace", "kitchen", "--once", *here).complaint
    )


def test_no_device_yet(bellwire: Bellwire, tmp_path: Path) -> None:
    assert "holds no cloud's data" in bellwire("trace", "--data", tmp_path).complaint
    assert bellwire("account", "add", "home", "--data", tmp_path).status == 0
    assert "bellwire device add" in bellwire("trace", "--data", tmp_path).complaint
