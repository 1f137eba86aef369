import json
from pathlib import Path
from typing import Any

import pytest

from bellwire.cli import records
from bellwire.cloud.auth import hash_of
from bellwire.cloud.store.devices import device_by_token
from tests.cli.running import Bellwire, RunningCloud, ran_alone


@pytest.fixture
def data(bellwire: Bellwire, tmp_path: Path) -> Path:
    """A folder with the account `home`, on which no cloud runs."""
    assert bellwire("account", "add", "home", "--data", tmp_path / "here").status == 0
    return tmp_path / "here"


def countries(bellwire: Bellwire, data: Path) -> list[Any]:
    return [each["country"] for each in bellwire("account", "list", "--data", data, "--json").answer]


def test_an_account_can_be_added_with_its_country(bellwire: Bellwire, tmp_path: Path) -> None:
    assert bellwire("account", "add", "home", "--country", "kr", "--data", tmp_path).status == 0
    assert countries(bellwire, tmp_path) == ["KR"]
    assert "KR" in bellwire("account", "list", "--data", tmp_path).text
    assert "'XX' is not a country" in (
        bellwire("account", "add", "office", "--country", "XX", "--data", tmp_path).complaint
    )


def test_the_country_is_said_and_shown_without_a_cloud(bellwire: Bellwire, data: Path) -> None:
    assert "no country that is known" in bellwire("account", "country", "home", "--data", data).text
    assert "is in JP" in bellwire("account", "country", "home", "jp", "--data", data).text
    assert countries(bellwire, data) == ["JP"]
    assert "is in JP" in bellwire("account", "country", "home", "--data", data).text
    assert bellwire("account", "country", "home", "none", "--data", data, "--json").answer["country"] is None
    assert "GB is what you mean" in bellwire("account", "country", "home", "UK", "--data", data).complaint
    assert "no account 'office'" in bellwire("account", "country", "office", "JP", "--data", data).complaint


def test_the_country_is_said_and_shown_beside_a_cloud(bellwire: Bellwire, cloud: RunningCloud) -> None:
    assert bellwire("account", "add", "places", "--data", cloud.data).status == 0
    of_account = ("places", "--data", cloud.data)
    assert bellwire("account", "country", "places", "KR", "--data", cloud.data, "--json").answer["country"] == "KR"
    assert "is in KR" in bellwire("account", "country", *of_account).text
    assert "'XX' is not a country" in bellwire("account", "country", "places", "XX", "--data", cloud.data).complaint


def test_the_language_is_said_and_shown_without_a_cloud(bellwire: Bellwire, data: Path) -> None:
    of_home = ("account", "language", "home")
    assert bellwire("account", "country", "home", "KR", "--data", data).status == 0
    assert "speaks Korean, as its country or time zone does" in bellwire(*of_home, "--data", data).text
    assert "speaks Japanese\n" in bellwire(*of_home, "ja", "--data", data).text
    assert bellwire(*of_home, "--data", data, "--json").answer == {"language": "ja", "speaks": "ja"}
    assert bellwire(*of_home, "auto", "--data", data, "--json").answer == {"language": None, "speaks": "ko"}
    assert "not spoken in 'fr'; there are: en (English)" in bellwire(*of_home, "fr", "--data", data).complaint
    assert "no account 'office'" in bellwire("account", "language", "office", "ja", "--data", data).complaint


def test_the_language_is_said_and_shown_beside_a_cloud(bellwire: Bellwire, cloud: RunningCloud) -> None:
    assert bellwire("account", "add", "spoken", "--language", "zh", "--data", cloud.data).status == 0
    of_account = ("account", "language", "spoken")
    assert "speaks Chinese" in bellwire(*of_account, "--data", cloud.data).text
    assert bellwire(*of_account, "ja", "--data", cloud.data, "--json").answer == {"language": "ja", "speaks": "ja"}
    assert "speaks Japanese" in bellwire(*of_account, "--data", cloud.data).text
    assert "not spoken in 'fr'" in bellwire(*of_account, "fr", "--data", cloud.data).complaint
    assert "not spoken in 'fr'" in (
        bellwire("account", "add", "other", "--language", "fr", "--data", cloud.data).complaint
    )


def test_the_time_zone_is_said_and_shown_without_a_cloud(bellwire: Bellwire, data: Path) -> None:
    assert "is in Asia/Seoul" in bellwire("account", "timezone", "home", "Asia/Seoul", "--data", data).text
    assert bellwire("account", "timezone", "home", "--data", data, "--json").answer == {"timezone": "Asia/Seoul"}
    assert "'Mars/Base' is not a time zone" in (
        bellwire("account", "timezone", "home", "Mars/Base", "--data", data).complaint
    )


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("KR", "is not like KR=https"),
        ("XX=https://x", "is not a country"),
        ("KR=http://x", "not the address of a cloud"),
    ],
)
def test_an_endpoint_that_cannot_be_is_refused(tmp_path: Path, row: str, told: str) -> None:
    assert told in ran_alone("cloud", "--endpoint", row, "--data", tmp_path).complaint


def test_an_account_is_exported_and_imported_into_another_cloud(bellwire: Bellwire, data: Path) -> None:
    args = ("--name", "kitchen", "--profile", "tvs-2020", "--data", data, "--json")
    device = bellwire("device", "add", *args).answer
    document, there = data.parent / "home.json", data.parent / "there"
    said = bellwire("account", "export", "home", document, "--data", data).text
    assert f"account home written to {document}, with 1 device and 0 alerts" in said
    assert document.stat().st_mode & 0o777 == 0o600

    assert (
        "account home added, with 1 device and 0 alerts"
        in bellwire("account", "import", document, "--data", there).text
    )
    assert bellwire("device", "list", "--data", there, "--json").answer[0]["device_id"] == device["device_id"]
    with records.opened(there) as store:
        identity = store.read(device_by_token, hash_of(device["access_token"]))
    assert identity is not None
    assert identity.device_id == device["device_id"]
    assert device["access_token"] not in document.read_text()
    assert "nothing was added" in bellwire("account", "import", document, "--data", there).complaint


def test_a_device_whose_tokens_are_renewed_must_be_paired_anew(bellwire: Bellwire, data: Path) -> None:
    args = ("--name", "kitchen", "--profile", "tvs-2020", "--data", data)
    assert bellwire("device", "add", *args).status == 0
    document = data.parent / "home.json"
    assert bellwire("account", "export", "home", document, "--data", data, "--json").answer["to_pair_anew"] == []
    content = json.loads(document.read_text())
    content["devices"][0]["tokens"] = []
    document.write_text(json.dumps(content))

    said = bellwire("account", "import", document, "--data", data.parent / "there").text

    assert "to be paired anew with the other cloud, since the first one renews their tokens: kitchen" in said


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"form":"another"}', "[" * 10_000, "\xff"])
def test_what_is_no_such_document_is_refused(bellwire: Bellwire, data: Path, content: str) -> None:
    document = data.parent / "home.json"
    document.write_bytes(content.encode("latin-1"))
    assert "is not what `bellwire account export` wrote" in (
        bellwire("account", "import", document, "--data", data).complaint
    )


def test_a_document_that_is_not_there(bellwire: Bellwire, data: Path) -> None:
    assert "No such file" in bellwire("account", "import", data / "none.json", "--data", data).complaint
    assert "no account 'office'" in bellwire("account", "export", "office", "x", "--data", data).complaint
    assert "No such file" in (
        bellwire("account", "export", "home", data / "none" / "home.json", "--data", data).complaint
    )
