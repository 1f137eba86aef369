"""Authorization over the wire: the account API's part of it, tokens at work, and downchannels that end with them."""

import json
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from bellwire.cloud.auth import hash_of, new_token
from bellwire.cloud.grants import challenge_of
from bellwire.cloud.store.accounts import lock_account
from bellwire.cloud.store.clients import SPEAKER, Client, add_client
from bellwire.protocol.messages.alerts import SetAlert
from bellwire.protocol.profiles import PROFILES
from bellwire.protocol.profiles.clova import CIC_KO_2022
from tests.cloud.h2_client import Stream
from tests.cloud.running import Account, Cloud, Speaker

VERIFIER = "v" * 43
REDIRECT = "https://app.home/done"
FORM = {"content-type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json"}
TVS_2020 = PROFILES["tvs-2020"]


@pytest.fixture
def home(cloud: Cloud) -> Account:
    return cloud.account()


class Maker:
    """A client of a kind, and its requests on a connection of its own."""

    def __init__(self, cloud: Cloud, profile: str) -> None:
        self.cloud = cloud
        self.secret = new_token()
        self.client_id = str(uuid.uuid4())
        client = Client(self.client_id, self.client_id, profile, (REDIRECT,), hash_of(self.secret))
        if profile == TVS_2020.name:
            client = client._replace(secret_hash=None)
        cloud.rows.run(add_client, client, datetime.now(UTC))

    def gets(self, path: str, token: str | None = None, **parameters: str) -> tuple[int, dict[str, Any]]:
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        return asks(self.cloud, "GET", f"{path}?{urlencode(parameters)}", headers)

    def tokens(self, home: Account) -> dict[str, Any]:
        asked = {"client_id": self.client_id, "device_id": "d1"}
        status, given = self.gets("/authorize", home.token, response_type="code", state="s", **asked)
        assert status == 200, given
        secret = {"client_secret": self.secret, "grant_type": "authorization_code"}
        status, tokens = self.gets("/token", code=given["code"], **secret, **asked)
        assert status == 200, tokens
        return tokens

    def refreshes(self, refresh_token: str) -> tuple[int, dict[str, Any]]:
        client = {"client_id": self.client_id, "client_secret": self.secret}
        return self.gets("/token", grant_type="refresh_token", refresh_token=refresh_token, **client)


def asks(
    cloud: Cloud, method: str, path: str, headers: dict[str, str], body: bytes | None = None
) -> tuple[int, dict[str, Any]]:
    connection = cloud.connects()
    stream = connection.answer(connection.asks(method, path, headers, body))
    assert stream.status is not None
    assert stream.headers["cache-control"] == "no-store"
    return stream.status, json.loads(stream.body or b"{}")


def posts(cloud: Cloud, path: str, **parameters: str) -> tuple[int, dict[str, Any]]:
    return asks(cloud, "POST", path, FORM, urlencode(parameters).encode())


def speaker_with(home: Account, access_token: str) -> Speaker:
    """A device at the wire, with its downchannel open."""
    return Speaker(home.cloud, "", access_token).opens()


def hears_the_end(speaker: Speaker) -> Stream:
    return speaker.connection.answer(speaker.downchannel)


def is_shut_out(speaker: Speaker) -> bool:
    return speaker.connection.answer(speaker.asks_for_downchannel()).status == 401


# By URL


def test_a_device_that_was_authorized_rings_and_an_old_refresh_token_ends_its_downchannel(home: Account) -> None:
    maker = Maker(home.cloud, CIC_KO_2022.name)
    tokens = maker.tokens(home)
    speaker = speaker_with(home, tokens["access_token"])
    home.adds(at="2027-01-01T07:00:00+09:00")
    speaker.hears(SetAlert)

    _, second = maker.refreshes(tokens["refresh_token"])
    maker.refreshes(second["refresh_token"])
    assert not speaker.downchannel.is_over, "to refresh ends nothing"
    assert maker.refreshes(tokens["refresh_token"])[0] == 400

    assert hears_the_end(speaker).ended
    assert is_shut_out(speaker)


def test_delete_ends_the_downchannel(home: Account) -> None:
    maker = Maker(home.cloud, CIC_KO_2022.name)
    tokens = maker.tokens(home)
    speaker = speaker_with(home, tokens["access_token"])

    asked = {"client_id": maker.client_id, "client_secret": maker.secret, "device_id": "d1"}
    assert maker.gets("/token", grant_type="delete", access_token=tokens["access_token"], **asked)[0] == 200

    assert hears_the_end(speaker).ended
    assert len(home.asks("GET", "/devices")[1]["devices"]) == 1


def test_a_device_that_authorizes_again_ends_its_downchannel_of_before(home: Account) -> None:
    maker = Maker(home.cloud, CIC_KO_2022.name)
    speaker = speaker_with(home, maker.tokens(home)["access_token"])

    again = maker.tokens(home)

    assert hears_the_end(speaker).ended
    assert len(home.asks("GET", "/devices")[1]["devices"]) == 1
    speaker_with(home, again["access_token"])


# By JSON


def authorization(maker: Maker, **changed: object) -> dict[str, object]:
    asked = {"client_id": maker.client_id, "redirect_uri": REDIRECT, "code_challenge": challenge_of(VERIFIER)}
    return {**asked, "code_challenge_method": "S256", "product": "XW-1", "name": "bedroom", **changed}


def test_a_code_of_the_account_api_makes_a_device(home: Account) -> None:
    maker = Maker(home.cloud, TVS_2020.name)
    status, given = home.asks("POST", "/authorizations", authorization(maker))
    assert (status, given.keys(), given["expires_in"]) == (201, {"code", "expires_in"}, 60)

    asked = {"grant_type": "authorization_code", "client_id": maker.client_id, "redirect_uri": REDIRECT}
    body = json.dumps({**asked, "code": given["code"], "code_verifier": VERIFIER}).encode()
    status, tokens = asks(home.cloud, "POST", "/auth/o2/token", JSON, body)

    assert status == 200, tokens
    [device] = home.asks("GET", "/devices")[1]["devices"]
    assert (device["name"], device["profile"], device["model"]) == ("bedroom", "tvs-2020", "XW-1")
    Speaker(home.cloud, device["device_id"], tokens["access_token"], profile=TVS_2020).opens()


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"code_challenge_method": "plain"}, "S256"),
        ({"code_challenge": "short"}, "43 characters"),
        ({"redirect_uri": REDIRECT + "/"}, REDIRECT),
        ({"client_id": "nobody"}, "bellwire client add"),
        ({"client_id": SPEAKER}, "no other way"),
        ({"name": ""}, "the name is empty"),
        ({"product": "\x1b"}, "U+001B"),
        ({"device_id": ""}, "device_id"),
        ({"scope": "all"}, "scope"),
    ],
)
def test_what_cannot_have_a_code(home: Account, changed: dict[str, str], word: str) -> None:
    status, problem = home.asks("POST", "/authorizations", authorization(Maker(home.cloud, "tvs-2020"), **changed))
    assert status == 422
    assert word in problem["detail"]


def test_a_client_with_a_secret_has_no_code_from_here(home: Account) -> None:
    maker = Maker(home.cloud, CIC_KO_2022.name)
    assert home.asks("POST", "/authorizations", authorization(maker))[0] == 422


def test_a_locked_account_has_no_code(home: Account) -> None:
    maker = Maker(home.cloud, "tvs-2020")
    home.cloud.rows.run(lock_account, home.account_id, datetime.now(UTC))
    assert home.asks("POST", "/authorizations", authorization(maker))[0] == 423
    assert home.asks("POST", "/devices", {})[0] == 423


# Speakers


def invited(cloud: Cloud) -> dict[str, Any]:
    asked = {"client_id": SPEAKER, "profile": "cic-ko-2022", "product": "shelf"}
    status, shown = posts(cloud, "/oauth/device_authorization", **asked)
    assert status == 200, shown
    return shown


def polls(cloud: Cloud, shown: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    grant_type = "urn:ietf:params:oauth:grant-type:device_code"
    return posts(cloud, "/oauth/token", client_id=SPEAKER, grant_type=grant_type, device_code=shown["device_code"])


def test_a_speaker_that_is_let_in_rings_until_its_tokens_are_ended(home: Account) -> None:
    shown = invited(home.cloud)
    assert shown["verification_uri"] == f"https://localhost:{home.cloud.port}/pair"
    status, answer = polls(home.cloud, shown)
    assert (status, answer["error"]) == (400, "authorization_pending")

    status, device = home.asks("POST", "/device-approvals", {"user_code": shown["user_code"], "name": "kitchen"})

    assert status == 201
    assert device == {"device_id": device["device_id"], "name": "kitchen", "profile": "cic-ko-2022", "product": "shelf"}
    status, tokens = polls(home.cloud, shown)
    assert (status, tokens["device_id"]) == (200, device["device_id"])
    token = home.adds(at="2027-01-01T07:00:00+09:00")
    speaker = speaker_with(home, tokens["access_token"])
    speaker.hears(SetAlert)

    assert home.asks("POST", f"/devices/{device['device_id']}/revocation") == (204, None)

    assert hears_the_end(speaker).ended
    assert is_shut_out(speaker)
    assert len(home.asks("GET", "/devices")[1]["devices"]) == 1
    assert home.asks("GET", f"/alerts/{token}")[1]["devices"] == {device["device_id"]: "unknown"}


def test_a_speaker_that_is_refused(home: Account) -> None:
    shown = invited(home.cloud)
    assert home.asks("POST", "/device-refusals", {"user_code": shown["user_code"]}) == (204, None)
    assert polls(home.cloud, shown)[1]["error"] == "access_denied"
    assert home.asks("GET", "/devices")[1]["devices"] == []


@pytest.mark.parametrize("path", ["/device-approvals", "/device-refusals"])
def test_a_code_that_no_speaker_shows(home: Account, path: str) -> None:
    for code in ("BBBB-BBBB", "", "hello"):
        assert home.asks("POST", path, {"user_code": code})[0] == 404
    assert home.asks("POST", path, {"user_code": "x" * 65})[0] == 422
    assert home.asks("POST", path, {})[0] == 422
    assert home.asks("POST", path, {"user_code": "BBBB-BBBB"}, token="wrong")[0] == 401


def test_a_name_that_is_none_lets_nobody_in(home: Account) -> None:
    shown = invited(home.cloud)
    assert home.asks("POST", "/device-approvals", {"user_code": shown["user_code"], "name": " "})[0] == 422
    assert home.asks("POST", "/device-approvals", {"user_code": shown["user_code"], "name": None})[1]["name"] == "shelf"


def test_an_account_with_all_its_devices_lets_nobody_in(home: Account) -> None:
    for _ in range(5):
        home.device()
    assert home.asks("POST", "/device-approvals", {"user_code": invited(home.cloud)["user_code"]})[0] == 409


def test_only_its_owner_ends_a_devices_tokens(home: Account) -> None:
    speaker = home.speaker().opens()
    other = home.cloud.account()

    assert other.asks("POST", f"/devices/{speaker.device_id}/revocation")[0] == 404
    assert other.asks("POST", "/devices/nobody/revocation")[0] == 404
    speaker.connection.pings()
    assert not speaker.downchannel.is_over


def test_a_cloud_without_terms_has_none_to_agree_to(home: Account) -> None:
    assert home.asks("POST", "/agreement")[0] == 422
