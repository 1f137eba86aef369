from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bellwire.cli.failure import Failure
from bellwire.cli.pairing import Pairing, at, pairing_by_code, pairing_on_this_machine
from bellwire.cloud.address import announce, holding
from bellwire.cloud.config import Config
from bellwire.cloud.store.opening import open_now
from bellwire.device.token_file import TokenFile, Tokens
from tests.cli.running import Bellwire


@contextmanager
def running_on(folder: Path, url: str) -> Iterator[None]:
    """What a cloud that runs has in its folder."""
    with open_now(Config(data=folder).database), holding(folder):
        announce(folder, url)
        yield


def test_paired_once_and_found_again_wherever_the_cloud_is(bellwire: Bellwire, tmp_path: Path) -> None:
    folders = speaker, cloud = tmp_path / "speaker", tmp_path / "cloud"
    with running_on(cloud, "https://localhost:8443"):
        first = pairing_on_this_machine(*folders)
        assert (first.url, first.ca) == ("https://localhost:8443", str(cloud / "ca.pem"))
        assert pairing_on_this_machine(*folders) == first
    assert pairing_on_this_machine(*folders) == first
    with running_on(cloud, "https://localhost:8444"):
        second = pairing_on_this_machine(*folders)
        assert (second.url, second.access_token) == ("https://localhost:8444", first.access_token)
    [device] = bellwire("device", "list", "--account", "home", "--data", cloud, "--json").answer
    assert device["name"] == "speaker"
    [file] = speaker.iterdir()
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("accounts", "taken"), [((), "home"), (("office",), "office"), (("office", "home"), "home"), (("a", "b"), "home")]
)
def test_which_account_is_taken(bellwire: Bellwire, tmp_path: Path, accounts: tuple[str, ...], taken: str) -> None:
    for name in accounts:
        assert bellwire("account", "add", name, "--data", tmp_path / "cloud").status == 0
    with running_on(tmp_path / "cloud", "https://localhost:8443"):
        pairing_on_this_machine(tmp_path / "speaker", tmp_path / "cloud")
    assert len(bellwire("device", "list", "--account", taken, "--data", tmp_path / "cloud", "--json").answer) == 1


def test_a_cloud_that_has_forgotten_the_speaker_is_paired_with_anew(bellwire: Bellwire, tmp_path: Path) -> None:
    folders = _, cloud = tmp_path / "speaker", tmp_path / "cloud"
    with running_on(cloud, "https://localhost:8443"):
        first = pairing_on_this_machine(*folders)
    [device] = bellwire("device", "list", "--data", cloud, "--json").answer
    assert bellwire("device", "remove", device["device_id"], "--data", cloud).status == 0
    assert pairing_on_this_machine(*folders) == first
    with running_on(cloud, "https://localhost:8443"):
        second = pairing_on_this_machine(*folders)
        assert second.access_token != first.access_token
        assert pairing_on_this_machine(*folders) == second


def test_a_damaged_cloud_does_not_keep_the_speaker_from_starting(tmp_path: Path) -> None:
    folders = _, cloud = tmp_path / "speaker", tmp_path / "cloud"
    with running_on(cloud, "https://localhost:8443"):
        first = pairing_on_this_machine(*folders)
    Config(data=cloud).database.write_bytes(b"no database any more" * 1000)
    with holding(cloud):
        announce(cloud, "https://localhost:8443")
        assert pairing_on_this_machine(*folders) == first


def test_never_paired_and_no_cloud_runs(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="start one with: bellwire cloud"):
        pairing_on_this_machine(tmp_path / "speaker", tmp_path / "cloud")
    assert not (tmp_path / "speaker").exists()


@pytest.mark.parametrize(
    "content", [b'{"url": ', b'{"url": "\xff"}', b'{"more": ' + b"[" * 60_000], ids=lambda content: content[:20]
)
def test_a_damaged_pairing_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pairing.json").write_bytes(content)
    with pytest.raises(Failure, match=r"pairing\.json is damaged .* delete it"):
        pairing_on_this_machine(tmp_path, tmp_path / "cloud")


def test_the_version_of_the_protocol_is_the_one_that_is_wanted(bellwire: Bellwire, tmp_path: Path) -> None:
    folders = _, cloud = tmp_path / "speaker", tmp_path / "cloud"
    with running_on(cloud, "https://localhost:8443"):
        first = pairing_on_this_machine(*folders, "tvs-2020")
        assert first.profile == "tvs-2020"
        assert pairing_on_this_machine(*folders) == first
        assert pairing_on_this_machine(*folders, "tvs-2020") == first
        second = pairing_on_this_machine(*folders, "cic-en-2018")
        assert (second.profile, pairing_on_this_machine(*folders)) == ("cic-en-2018", second)
    devices = bellwire("device", "list", "--data", cloud, "--json").answer
    assert sorted(device["profile"] for device in devices) == ["cic-en-2018", "tvs-2020"]


TOKENS = Tokens(
    url="https://cloud.home",
    profile="tvs-2020",
    access_token="a",
    refresh_token="r",
    issued_at=datetime(2026, 11, 21, tzinfo=UTC),
    lifetime=86_400,
    ca="/ca.pem",
)


@pytest.mark.parametrize("kept", ["https://cloud.home", "https://Cloud.Home:443/"])
@pytest.mark.parametrize("said", ["https://cloud.home", "https://cloud.home:443", "HTTPS://Cloud.home/"])
def test_one_cloud_however_it_is_spelt(tmp_path: Path, kept: str, said: str) -> None:
    TokenFile(tmp_path).write(replace(TOKENS, url=kept))
    remembered = pairing_by_code(tmp_path)
    assert remembered == Pairing("https://cloud.home", None, "/ca.pem", profile="tvs-2020")
    assert at(said, None, remembered) == remembered
    assert at(said, "/other.pem", remembered).ca == "/other.pem"


def test_another_cloud_and_what_is_no_address() -> None:
    remembered = Pairing("https://cloud.home", None, "/ca.pem", profile="tvs-2020")
    assert at("https://Cloud.home:8443", None, remembered) == Pairing("https://cloud.home:8443")
    for no_address in ("cloud.home", "https://cloud.home/v1"):
        assert at(no_address, None, remembered).url == no_address, "refused where it is used"
