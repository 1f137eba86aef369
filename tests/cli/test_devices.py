import ssl
from pathlib import Path

import httpx
import pytest

from bellwire.cli import records
from bellwire.cli.processes import Process, free_port
from bellwire.cloud.auth import hash_of
from bellwire.cloud.config import Config
from bellwire.cloud.store.devices import device_by_token
from bellwire.cloud.store.opening import open_now
from bellwire.protocol.profiles import DEFAULT_PROFILE
from tests.cli.running import Bellwire, RunningCloud


@pytest.fixture
def data(bellwire: Bellwire, tmp_path: Path) -> Path:
    """A folder with the account `home`, on which no cloud runs."""
    assert bellwire("account", "add", "home", "--data", tmp_path).status == 0
    return tmp_path


def test_add_gives_the_id_and_a_token_that_works(bellwire: Bellwire, data: Path) -> None:
    args = ("--account", "home", "--profile", "cic-ko-2022", "--data", data, "--json")
    added = bellwire("device", "add", *args).answer
    assert added.keys() == {"device_id", "access_token"}
    with open_now(Config(data=data).database) as store:
        identity = store.read(device_by_token, hash_of(added["access_token"]))
    assert identity is not None
    assert (identity.device_id, identity.profile, identity.expires) == (added["device_id"], "cic-ko-2022", None)


def test_list_and_remove_without_a_cloud(bellwire: Bellwire, data: Path) -> None:
    device_id = bellwire("device", "add", "--name", "kitchen", "--data", data, "--json").answer["device_id"]
    listed = bellwire("device", "list", "--data", data, "--json").answer
    speaks = DEFAULT_PROFILE.name
    assert listed == [{"device_id": device_id, "name": "kitchen", "profile": speaks, "model": None, "connected": None}]
    assert device_id in bellwire("device", "list", "--data", data).text
    assert bellwire("device", "remove", device_id, "--data", data, "--json").answer["removed"] is True
    assert "bellwire device add" in bellwire("device", "list", "--data", data).text
    assert f"no device {device_id}" in bellwire("device", "remove", device_id, "--data", data).complaint


def test_add_list_and_remove_beside_a_cloud(bellwire: Bellwire, cloud: RunningCloud) -> None:
    of_account = ("--account", "devices", "--data", cloud.data)
    assert bellwire("account", "add", "devices", "--data", cloud.data).status == 0
    device_id = bellwire("device", "add", *of_account, "--json").answer["device_id"]
    [listed] = bellwire("device", "list", *of_account, "--json").answer
    assert (listed["device_id"], listed["connected"]) == (device_id, False)
    assert bellwire("device", "remove", device_id, *of_account).status == 0
    assert f"no device {device_id}" in bellwire("device", "remove", device_id, *of_account).complaint
    assert bellwire("device", "list", *of_account, "--json").answer == []


def test_the_first_speaker_of_a_new_cloud_is_let_in_at_once(bellwire: Bellwire, tmp_path: Path) -> None:
    options = ("--port", str(free_port()), "--data", tmp_path / "cloud")
    with Process("cloud", *options, log=tmp_path / "log") as process:
        process.line(30.0)
        approved = ("device", "approve", "BCDF-GHJK", "--data", tmp_path / "cloud")
        assert "code" in bellwire(*approved).complaint
    assert [each["name"] for each in bellwire("account", "list", "--data", tmp_path / "cloud", "--json").answer] == [
        "home"
    ]
    assert "no cloud runs on" in bellwire(*approved).complaint


def test_whose_it_is_must_be_clear(bellwire: Bellwire, data: Path) -> None:
    assert "there is no account 'office'; there are: home" in (
        bellwire("device", "add", "--account", "office", "--data", data).complaint
    )
    assert bellwire("account", "add", "office", "--data", data).status == 0
    assert "say which with --account: home, office" in bellwire("device", "add", "--data", data).complaint


def test_what_is_no_profile_or_name_is_refused(bellwire: Bellwire, data: Path) -> None:
    assert "there is no profile 'morse'" in bellwire("device", "add", "--profile", "morse", "--data", data).complaint
    for name in ("", " ", "\n"):
        assert "the name is empty" in bellwire("device", "add", "--name", name, "--data", data).complaint
    assert "U+001B" in bellwire("device", "add", "--name", "a\x1b[31mb", "--data", data).complaint
    assert "200 are taken" in bellwire("device", "add", "--name", "x" * 201, "--data", data).complaint


def test_the_command_that_comes_next_keeps_the_token_from_other_users(bellwire: Bellwire, data: Path) -> None:
    said = bellwire("device", "add", "--data", data).text
    assert "BELLWIRE_TOKEN=TOKEN bellwire speaker --url" in said
    assert "--token" not in said


def test_an_account_has_so_many_devices_at_most(bellwire: Bellwire, data: Path) -> None:
    with records.opened(data) as store:
        account_id = records.account_of(store, "home").account_id
        for _ in range(Config.limits.devices):
            records.make_device(store, account_id, "speaker", DEFAULT_PROFILE.name)
    assert "as many as it may have" in bellwire("device", "add", "--data", data).complaint


def test_a_locked_account_gets_no_device(bellwire: Bellwire, data: Path, cloud: RunningCloud) -> None:
    assert bellwire("account", "add", "locked", "--data", cloud.data).status == 0
    for name, folder in (("home", data), ("locked", cloud.data)):
        assert bellwire("account", "lock", name, "--data", folder).status == 0
        assert "is locked" in bellwire("device", "add", "--account", name, "--data", folder).complaint
        assert bellwire("device", "list", "--account", name, "--data", folder, "--json").answer == []


def test_a_speaker_is_let_in_or_refused(bellwire: Bellwire, cloud: RunningCloud) -> None:
    of_account = ("--account", "approving", "--data", cloud.data)
    assert bellwire("account", "add", "approving", "--data", cloud.data).status == 0
    trusted = ssl.create_default_context(cafile=cloud.data / "ca.pem")

    def shown() -> str:
        asked = {"client_id": "bellwire-speaker", "profile": "cic-ko-2022", "product": "shelf"}
        answer = httpx.post(f"{cloud.url}/oauth/device_authorization", data=asked, verify=trusted, trust_env=False)
        user_code: str = answer.json()["user_code"]
        return user_code

    device = bellwire("device", "approve", shown(), "--name", "kitchen", *of_account, "--json").answer
    assert device.keys() == {"device_id", "name", "profile", "product"}
    [listed] = bellwire("device", "list", *of_account, "--json").answer
    assert (listed["device_id"], listed["name"], listed["model"]) == (device["device_id"], "kitchen", "shelf")
    assert "shelf" in bellwire("device", "approve", shown(), *of_account).text

    code = shown()
    assert code in bellwire("device", "refuse", code, *of_account).text
    assert "no speaker shows this code" in bellwire("device", "approve", code, *of_account).complaint
    assert "8 letters" in bellwire("device", "refuse", "hello", *of_account).complaint
    assert len(bellwire("device", "list", *of_account, "--json").answer) == 2


def test_revoke_ends_the_tokens_and_leaves_the_device(bellwire: Bellwire, cloud: RunningCloud, data: Path) -> None:
    assert bellwire("account", "add", "revoking", "--data", cloud.data).status == 0
    for where in (("--data", data), ("--account", "revoking", "--data", cloud.data)):
        added = bellwire("device", "add", *where, "--json").answer
        revoked = bellwire("device", "revoke", added["device_id"], *where, "--json").answer
        assert revoked == {"device_id": added["device_id"], "revoked": True}
        with open_now(Config(data=Path(where[-1])).database) as store:
            assert store.read(device_by_token, hash_of(added["access_token"])) is None
        assert len(bellwire("device", "list", *where, "--json").answer) == 1
        assert "no device nobody" in bellwire("device", "revoke", "nobody", *where).complaint


def test_the_first_device_of_all_has_an_account_made_for_it(bellwire: Bellwire, tmp_path: Path) -> None:
    with open_now(tmp_path / "bellwire.db"):
        pass  # a cloud was started here
    assert "added to account home: " in bellwire("device", "add", "--data", tmp_path).text
    assert "added to account home: " in bellwire("device", "add", "--data", tmp_path).text
    assert [each["name"] for each in bellwire("account", "list", "--data", tmp_path, "--json").answer] == ["home"]
