"""`bellwire watch`: what happens is told in sentences, or as JSON, and also what happened while nobody could tell."""

import json
import time
from pathlib import Path

import pytest

from bellwire.cli.processes import Process, free_port
from bellwire.cli.watch import Names
from tests.cli.running import Bellwire, RunningCloud


def test_it_tells_what_happens_until_it_is_ended(bellwire: Bellwire, cloud: RunningCloud, tmp_path: Path) -> None:
    bellwire("account", "add", "watched", "--timezone", "UTC", "--data", cloud.data)
    where = ("--account", "watched", "--data", cloud.data)
    with (
        Process("watch", *map(str, where), log=tmp_path / "told") as sentences,
        Process("watch", "--json", *map(str, where), log=tmp_path / "told json") as objects,
    ):
        until(tmp_path / "told", "watching")
        until(tmp_path / "told json", "watching")
        token = bellwire("alert", "add", "Tea", "--at", "07:00", "--every", "daily", "--json", *where).answer["token"]
        told = [sentences.line(within=15)]  # while it is there: of what is gone again only the token would be told
        bellwire("device", "add", "--name", "kitchen", *where)
        bellwire("alert", "delete", token, *where)

        told += [sentences.line(within=15) for _ in range(2)]
        assert [line[21:] for line in told] == [
            told[0][21:],
            "kitchen was added",
            'reminder "Tea" is gone',
        ]
        assert told[0][21:].startswith('reminder "Tea" was added: rings at ')
        assert told[0].endswith(" 07:00:00 UTC, then daily")
        events = [json.loads(objects.line(within=15)) for _ in range(3)]
        assert [event["event"] for event in events] == ["alert.added", "device.added", "alert.deleted"]
        assert events[0]["token"] == token


def until(log: Path, word: str) -> None:
    while word not in log.read_text():
        time.sleep(0.05)


def test_it_outlives_the_cloud_and_tells_what_it_missed(bellwire: Bellwire, tmp_path: Path) -> None:
    data, port = tmp_path / "data", str(free_port())
    bellwire("account", "add", "home", "--data", data)
    command = ("cloud", "--port", port, "--data", str(data))
    with Process(*command, log=tmp_path / "log") as first:
        first.line(within=30)
        watching = Process("watch", "--data", str(data), log=tmp_path / "told")
        with watching:
            until(tmp_path / "told", "watching")
            assert first.end() == 0
            bellwire("device", "add", "--name", "beside", "--data", data)
            with Process(*command, log=tmp_path / "log") as second:
                second.line(within=30)
                assert watching.line(within=30).endswith("beside was added")
                assert watching.line(within=30).endswith("the cloud has started; devices connect again")
                assert second.end() == 0


def test_where_no_cloud_runs_it_says_so(bellwire: Bellwire, tmp_path: Path) -> None:
    bellwire("account", "add", "home", "--data", tmp_path)

    assert "start one with: bellwire cloud" in bellwire("watch", "--data", tmp_path).complaint


@pytest.mark.parametrize(
    ("kind", "told", "sentence"),
    [
        ("ring.started", {"token": "t", "device_id": "d"}, 'alarm "Tea" rings on kitchen'),
        ("ring.stopped", {"token": "t", "device_id": "d"}, 'alarm "Tea" has stopped on kitchen'),
        ("ring.stopped", {"token": "x", "device_id": "y"}, "alert x has stopped on device y"),
        ("alert.deleted", {"token": "t"}, 'alarm "Tea" is gone'),
        ("device.connected", {"device_id": "d"}, "kitchen is connected"),
        ("device.removed", {"device_id": "d"}, "kitchen was removed"),
        ("something.new", {}, "something.new"),
    ],
)
def test_the_sentences(kind: str, told: dict[str, object], sentence: str) -> None:
    names = Names()
    alert = {"token": "t", "kind": "ALARM", "label": "Tea", "paused": True, "every": None}
    assert names.sentence("alert.added", {"token": "t", "alert": alert}) == 'alarm "Tea" was added: paused'
    names.sentence("device.added", {"device_id": "d", "device": {"device_id": "d", "name": "kitchen"}})

    assert names.sentence(kind, told) == sentence


def test_a_missed_ring_names_the_time_that_was_missed() -> None:
    told = {"token": "t", "device_id": "d", "scheduled_time": "2026-11-21T07:00:00Z"}

    assert " of 2026-11-2" in Names().sentence("ring.missed", told)
