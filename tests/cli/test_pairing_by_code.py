"""A real speaker and a real cloud: paired by a code, renewed, revoked, logged out."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bellwire.cli.processes import Process
from bellwire.device.authorization import server_of
from bellwire.device.config import Config
from bellwire.device.grant import DeviceCode, Grant
from bellwire.device.laptop import this_product
from bellwire.device.storage import Storage, StorageError
from bellwire.device.token_file import TokenFile, Tokens
from tests.cli.running import Bellwire, RunningCloud, ran_alone

PATIENCE = 30.0


class Speaker:
    """A speaker's folder, and its process when it runs."""

    def __init__(self, folder: Path, cloud: RunningCloud) -> None:
        self.folder = folder / "speaker"
        self._log = folder / "log"
        self._cloud = cloud
        self.process: Process

    def at(self, *more: str) -> Process:
        cloud = ("--url", self._cloud.url, "--ca", self._cloud.data / "ca.pem")
        return self.run(*cloud, *more)

    def run(self, *options: str | Path) -> Process:
        args = ("speaker", *options, "--data", self.folder, "--output", "null", "--json")
        self.process = Process(*args, log=self._log)
        return self.process

    def until(self, event: str) -> dict[str, Any]:
        while True:
            said: dict[str, Any] = json.loads(self.process.line(within=PATIENCE))
            if said["event"] == event:
                return said

    @property
    def access_token(self) -> str | None:
        tokens = TokenFile(self.folder).read()
        return tokens.access_token if tokens else None


@pytest.fixture(scope="module")
def account(cloud: RunningCloud) -> Iterator[tuple[str | Path, ...]]:
    assert ran_alone("account", "add", "by-code", "--data", cloud.data).status == 0
    yield ("--account", "by-code", "--data", cloud.data)


@pytest.fixture
def speaker(tmp_path: Path, cloud: RunningCloud) -> Speaker:
    return Speaker(tmp_path, cloud)


Account = tuple[str | Path, ...]


def paired(speaker: Speaker, bellwire: Bellwire, account: Account) -> str:
    """Lets it in; gives its id."""
    code = speaker.until("code")
    assert code["user_code"] in code["verification_uri_complete"]
    assert bellwire("device", "approve", code["user_code"], *account, "--json").status == 0
    device_id: str = speaker.until("paired")["device_id"]
    speaker.until("connected")
    return device_id


def paired_before(speaker: Speaker, cloud: RunningCloud, bellwire: Bellwire, account: Account) -> str:
    """The same, of which nothing was shown: where the code is not the point."""
    config = Config(cloud=cloud.url, access_token=None, folder=speaker.folder, ca_file=cloud.data / "ca.pem")
    server = server_of(config, this_product())
    code = asyncio.run(server.code(config.profile, "Lamp"))
    assert isinstance(code, DeviceCode)
    assert bellwire("device", "approve", code.user_code, *account, "--json").status == 0
    grant = asyncio.run(server.granted(code.device_code))
    assert isinstance(grant, Grant)
    TokenFile(speaker.folder).write(
        Tokens(
            url=cloud.url,
            profile=config.profile,
            access_token=grant.access_token,
            refresh_token=grant.refresh_token or "",
            issued_at=datetime.now(UTC),
            lifetime=grant.expires_in,
            device_id=grant.device_id,
            ca=str(config.ca_file),
        )
    )
    return grant.device_id


def test_a_code_lets_it_in_and_it_is_remembered(bellwire: Bellwire, account: Account, speaker: Speaker) -> None:
    with speaker.at():
        device_id = paired(speaker, bellwire, account)
    assert (speaker.folder / "tokens.json").stat().st_mode & 0o077 == 0
    with speaker.run():
        assert speaker.until("connected")
        devices = bellwire("device", "list", *account, "--json").answer
        assert [each["connected"] for each in devices if each["device_id"] == device_id] == [True]


def test_a_token_that_is_over_is_renewed_and_what_was_set_stays(
    bellwire: Bellwire, cloud: RunningCloud, account: Account, speaker: Speaker
) -> None:
    paired_before(speaker, cloud, bellwire, account)
    with speaker.run():
        speaker.until("connected")
        alert = bellwire("alert", "add", "Tea", "--in", "1h", *account, "--json").answer["token"]
        assert speaker.until("set")["token"] == alert
    file = TokenFile(speaker.folder)
    tokens = file.read()
    assert tokens is not None
    yesterday = datetime.now(UTC) - timedelta(days=2)
    stale = msgspec.json.decode(msgspec.json.encode(tokens))
    stale.update(access_token="of-yesterday", issued_at=yesterday.isoformat())
    file.path.write_bytes(msgspec.json.encode(stale))
    with speaker.run():
        assert speaker.until("set")["token"] == alert
        speaker.until("connected")
        assert speaker.access_token not in {None, "of-yesterday", tokens.access_token}
    assert bellwire("alert", "delete", alert, *account).status == 0


def test_a_pairing_that_the_cloud_ends_leaves_nothing_and_begins_anew(
    bellwire: Bellwire, cloud: RunningCloud, account: Account, speaker: Speaker
) -> None:
    device_id = paired_before(speaker, cloud, bellwire, account)
    with speaker.run():
        speaker.until("connected")
        alert = bellwire("alert", "add", "Tea", "--in", "1h", *account, "--json").answer["token"]
        speaker.until("set")
        pid = speaker.process.pid
        assert bellwire("device", "revoke", device_id, *account).status == 0
        assert speaker.until("removed")["token"] == alert
        speaker.until("logged_out")
        assert paired(speaker, bellwire, account) != device_id
        assert speaker.process.pid == pid
        assert speaker.until("set")["token"] == alert
        assert speaker.process.end() == 0
    assert bellwire("alert", "delete", alert, *account).status == 0


def test_a_refusal_ends_it(bellwire: Bellwire, account: Account, speaker: Speaker) -> None:
    with speaker.at():
        code = speaker.until("code")["user_code"]
        assert bellwire("device", "refuse", code, *account).status == 0
        assert speaker.process.code() == 1
        assert "somebody refused this speaker" in speaker.process.last_words
    assert speaker.access_token is None


def test_while_it_waits_no_other_takes_its_folder_and_it_can_be_ended(speaker: Speaker) -> None:
    with speaker.at():
        speaker.until("code")
        with pytest.raises(StorageError, match="another speaker runs"):
            Storage(speaker.folder / "speaker.db")
        speaker.process.say("quit")
        assert speaker.process.code() == 0
    with speaker.at():
        speaker.until("code")
        assert speaker.process.end() == 0


def test_pairing_anew_replaces_the_old_pairing(
    bellwire: Bellwire, cloud: RunningCloud, account: Account, speaker: Speaker
) -> None:
    before = paired_before(speaker, cloud, bellwire, account)
    token = speaker.access_token
    with speaker.run("--pair"):
        code = speaker.until("code")["user_code"]
        assert speaker.access_token == token, "good until the new one is there"
        assert bellwire("device", "approve", code, *account).status == 0
        assert speaker.until("paired")["device_id"] != before
        speaker.until("connected")
    assert speaker.access_token != token


def test_logging_out_leaves_nothing_and_tells_the_cloud(
    bellwire: Bellwire, cloud: RunningCloud, account: Account, speaker: Speaker
) -> None:
    here = ("--data", speaker.folder)
    paired_before(speaker, cloud, bellwire, account)
    with speaker.run():
        speaker.until("connected")
        assert "another speaker runs" in ran_alone("speaker", "--log-out", *here).complaint
    token = speaker.access_token or ""
    assert ran_alone("speaker", "--log-out", *here, "--json").answer == {"logged_out": True, "cloud_told": True}
    assert speaker.access_token is None
    assert not (speaker.folder / "assets").exists()
    with Process(
        *("speaker", "--url", cloud.url, "--ca", cloud.data / "ca.pem", "--token", token, *here),
        *("--output", "null", "--json"),
        log=speaker.folder / "log",
    ) as with_the_old_token:
        said = json.loads(with_the_old_token.line(within=PATIENCE))
        assert said["event"] == "disconnected"
        assert said["reason"].startswith("401")


def test_logging_out_without_a_cloud_or_a_pairing(tmp_path: Path) -> None:
    told = ran_alone("speaker", "--log-out", "--data", tmp_path, "--json").answer
    assert told == {"logged_out": True, "cloud_told": False}
