"""`bellwire alert add-many`: what is in the file is added, and what is wrong in it is told with its line."""

import hashlib
import json
from pathlib import Path

import pytest

from tests.cli.running import Bellwire, RunningCloud


@pytest.fixture
def account(bellwire: Bellwire, cloud: RunningCloud, request: pytest.FixtureRequest) -> str:
    return account_with_rooms(bellwire, cloud, str(request.node.name))


def account_with_rooms(bellwire: Bellwire, cloud: RunningCloud, about: str) -> str:
    """The name of a new account, with a kitchen and two rooms of the same name."""
    name = f"rooms {hashlib.sha256(about.encode()).hexdigest()[:8]}"
    bellwire("account", "add", name, "--data", cloud.data, "--timezone", "Asia/Seoul")
    for device in ("kitchen", "twin", "twin"):
        assert bellwire("device", "add", "--name", device, "--account", name, "--data", cloud.data).status == 0
    return name


def alerts(bellwire: Bellwire, cloud: RunningCloud, account: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = bellwire(
        "alert", "list", "--account", account, "--data", cloud.data, "--json"
    ).answer
    return sorted(found, key=lambda alert: str(alert["label"]))


def test_a_table_of_rooms(bellwire: Bellwire, cloud: RunningCloud, account: str, tmp_path: Path) -> None:
    devices = bellwire("device", "list", "--account", account, "--data", cloud.data, "--json").answer
    ids = {device["name"]: device["device_id"] for device in devices}
    file = tmp_path / "rooms.csv"
    file.write_text(
        "\ufefflabel, at, in, every, times, except, devices, kind\n"
        f'"Breakfast, now",07:30,,daily,3,2030-12-25;2030-12-26,kitchen; {ids["twin"]},alarm\n'
        "약,2030-01-01T07:00:00+09:00,,,,,,\n"
        "Bus,,2h,,,,kitchen,\n",
        encoding="utf-8",
    )

    told = bellwire("alert", "add-many", file, "--account", account, "--data", cloud.data)

    assert told.text == "3 alerts added\n"
    breakfast, bus, medicine = alerts(bellwire, cloud, account)
    assert (breakfast["label"], breakfast["kind"], breakfast["every"]) == ("Breakfast, now", "ALARM", "daily")
    assert set(breakfast["devices"]) == {ids["kitchen"], ids["twin"]}  # type: ignore[call-overload]
    assert (bus["everywhere"], bus["kind"], medicine["everywhere"]) == (False, "REMINDER", True)
    assert medicine["label"] == "약"


def test_what_cannot_be_added_is_told_with_its_line_and_the_rest_is_added(
    bellwire: Bellwire, cloud: RunningCloud, account: str, tmp_path: Path
) -> None:
    file = tmp_path / "rooms.csv"
    file.write_text("label,at\ngood,07:00\nbad,noon\nalso good,08:00\n")
    where = ("--account", account, "--data", cloud.data)

    ran = bellwire("alert", "add-many", file, *where)

    assert (ran.status, "2 alerts added" in ran.out) == (1, True)
    assert "line 3" in ran.out
    assert "'noon' is not a time" in ran.out
    assert ran.err == "bellwire: 1 of 3 alerts were not added; mend these, and give them alone\n"
    assert [alert["label"] for alert in alerts(bellwire, cloud, account)] == ["also good", "good"]
    assert "nothing was added" in bellwire("alert", "add-many", file, "--all-or-nothing", *where).complaint
    again = bellwire("alert", "add-many", file, "--json", *where)
    assert [row["status"] for row in json.loads(again.out)] == [201, 422, 201]
    assert json.loads(again.out)[1]["where"] == "line 3"


def test_json_has_what_the_api_has(bellwire: Bellwire, cloud: RunningCloud, account: str, tmp_path: Path) -> None:
    file = tmp_path / "rooms.json"
    file.write_text(json.dumps([{"label": "a", "at": "07:00", "devices": ["kitchen"], "until": None}, {"in": "1h"}]))

    result = bellwire("alert", "add-many", file, "--json", "--account", account, "--data", cloud.data).answer

    assert [row["status"] for row in result] == [201, 201]


@pytest.mark.parametrize(
    ("file", "told"),
    [
        (("x.csv", ""), "names no columns"),
        (("x.csv", "label,at\n"), "has no alerts"),
        (("x.csv", "label,colour\nx,red\n"), "'colour'; there are: label, kind, in, at"),
        (("x.csv", "label,at\nx,07:00,more\n"), "line 2 has not as many cells"),
        (("x.csv", "label,at\nx\n"), "line 2 has not as many cells"),
        (("x.csv", 'label,at\n"x,07:00\n'), "it is no CSV"),
        (("x.csv", "label,at,times\nx,07:00,often\n"), "line 2: times is 'often'"),
        (("x.csv", "at,devices\n07:00,attic\n"), "line 2: there is no device 'attic'"),
        (("x.csv", "at,devices\n07:00,twin\n"), "line 2: 2 devices are called 'twin'; give the id"),
        (("x.json", "{"), "is no JSON"),
        (("x.json", "{}"), "must be a list of objects"),
        (("x.json", '[{"at": "07:00", "colour": "red"}]'), "alert 1 of"),
        (("x.json", '[{"at": "07:00", "devices": "kitchen"}]'), "devices must be a list"),
        (("x.json", "[]"), "has no alerts"),
    ],
)
def test_a_file_that_cannot_be_read_adds_nothing(
    bellwire: Bellwire, cloud: RunningCloud, tmp_path: Path, file: tuple[str, str], told: str
) -> None:
    account = account_with_rooms(bellwire, cloud, f"{file}")
    path = tmp_path / file[0]
    path.write_text(file[1])

    assert told in bellwire("alert", "add-many", path, "--account", account, "--data", cloud.data).complaint
    assert alerts(bellwire, cloud, account) == []


def test_a_file_that_is_not_there_or_no_text(bellwire: Bellwire, cloud: RunningCloud, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    assert "No such file" in bellwire("alert", "add-many", file, "--data", cloud.data).complaint
    file.write_bytes(b"label,at\n\xff,07:00\n")
    assert "is not UTF-8" in bellwire("alert", "add-many", file, "--data", cloud.data).complaint
