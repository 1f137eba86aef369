import ssl
from pathlib import Path
from urllib.parse import urlencode

import httpx

from bellwire.cloud.auth import hash_of
from bellwire.cloud.config import Config
from bellwire.cloud.store.clients import SPEAKER, find_client
from bellwire.cloud.store.opening import open_now
from tests.cli.running import Bellwire, RunningCloud

PROFILE = ("--profile", "cic-ko-2022")


def test_add_gives_an_id_and_a_secret_that_is_not_in_the_files(bellwire: Bellwire, tmp_path: Path) -> None:
    added = bellwire("client", "add", "bench", *PROFILE, "--data", tmp_path, "--json").answer
    assert added.keys() == {"client_id", "client_secret"}
    with open_now(Config(data=tmp_path).database) as store:
        client = store.read(find_client, added["client_id"])
    assert client is not None
    assert (client.name, client.profile, client.secret_hash) == (
        "bench",
        "cic-ko-2022",
        hash_of(added["client_secret"]),
    )
    assert not any(added["client_secret"].encode() in file.read_bytes() for file in tmp_path.iterdir())


def test_a_client_that_can_keep_no_secret_has_none(bellwire: Bellwire, tmp_path: Path) -> None:
    uris = ("--redirect-uri", "https://app.home/done", "--redirect-uri", "app:/done")
    added = bellwire("client", "add", "app", "--profile", "tvs-2020", *uris, "--data", tmp_path, "--json").answer
    assert added["client_secret"] is None
    listed = {each["name"]: each for each in bellwire("client", "list", "--data", tmp_path, "--json").answer}
    assert listed["app"] == {
        "client_id": added["client_id"],
        "name": "app",
        "profile": "tvs-2020",
        "redirect_uris": ["https://app.home/done", "app:/done"],
        "has_secret": False,
    }
    assert "--redirect-uri" in bellwire("client", "add", "b", "--profile", "tvs-2020", "--data", tmp_path).complaint


def test_every_cloud_has_our_own_speaker_and_keeps_it(bellwire: Bellwire, tmp_path: Path) -> None:
    assert bellwire("account", "add", "home", "--data", tmp_path).status == 0
    assert SPEAKER in bellwire("client", "list", "--data", tmp_path).text
    assert "it stays" in bellwire("client", "remove", SPEAKER, "--data", tmp_path).complaint


def test_what_is_no_client_is_refused(bellwire: Bellwire, tmp_path: Path) -> None:
    def refused(*args: str) -> str:
        return bellwire("client", "add", *args, "--data", tmp_path).complaint

    assert "there is no profile 'morse'" in refused("a", "--profile", "morse")
    assert "the name is empty" in refused(" ", *PROFILE)
    for uri in ("done", "/done", "https://app.home/#done", "https://app.home/a b", "https://app.home/é", ""):
        assert "redirect URI" in refused("a", *PROFILE, "--redirect-uri", uri)
    assert "2000 are taken" in refused("a", *PROFILE, "--redirect-uri", "https://app.home/" + "x" * 2000)
    assert bellwire("client", "add", "a", *PROFILE, "--data", tmp_path).status == 0
    assert "a client 'a' already" in refused("a", *PROFILE)
    assert "no client 'nobody'" in bellwire("client", "remove", "nobody", "--data", tmp_path).complaint


def test_a_client_that_is_removed_beside_a_cloud_leaves_no_token_that_works(
    bellwire: Bellwire, cloud: RunningCloud
) -> None:
    of_cloud = ("--data", cloud.data)
    account = bellwire("account", "add", "clients", *of_cloud, "--json").answer
    client = bellwire("client", "add", "to remove", *PROFILE, *of_cloud, "--json").answer
    asked = {"client_id": client["client_id"], "device_id": "d1"}
    trusted = ssl.create_default_context(cafile=cloud.data / "ca.pem")
    with httpx.Client(base_url=cloud.url, verify=trusted, trust_env=False) as http:
        code = http.get(
            f"/authorize?{urlencode({**asked, 'response_type': 'code', 'state': 's'})}",
            headers={"Authorization": f"Bearer {account['token']}"},
        ).json()["code"]
        secret = {"client_secret": client["client_secret"], "grant_type": "authorization_code", "code": code}
        tokens = http.get("/token", params={**asked, **secret}).json()

        removed = bellwire("client", "remove", client["client_id"], *of_cloud, "--json").answer

        assert removed == {"client_id": client["client_id"], "removed": True, "devices_logged_out": 1}
        again = {**asked, "client_secret": "x", "grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        assert http.get("/token", params=again).json()["error"] == "invalid_client"
    [device] = bellwire("device", "list", "--account", "clients", *of_cloud, "--json").answer
    assert device["name"] == "speaker"
