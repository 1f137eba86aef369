"""The three ways to codes and tokens, request by request; over a real connection in `test_oauth_wire`."""

import asyncio
import io
import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from bellwire.cli import logs
from bellwire.cloud.authority import AskedCode
from bellwire.cloud.config import Limits
from bellwire.cloud.granting import CODES_AT_ONCE, GUEST_LEFT, GUEST_NEVER_CAME
from bellwire.cloud.grants import LETTERS, OVERLAP, REFRESH_LASTS, Bound
from bellwire.cloud.oauth import DEVICE_AUTHORIZATION_PATH, REVOKE_PATH, TOKEN_PATH
from bellwire.cloud.rates import Rate
from bellwire.cloud.refusal import Fault, Refusal
from bellwire.cloud.store.accounts import agree_to, list_accounts, lock_account
from bellwire.cloud.store.clients import SPEAKER, remove_client
from bellwire.cloud.store.devices import Device, add_device, list_devices, remove_device
from bellwire.cloud.store.grants import count_codes
from tests.cloud.call import Call
from tests.cloud.desk import FORM, REDIRECT, SECRET, START, VERIFIER, Answer, Desk, challenge, desk

O2 = "/auth/o2/token"
Scene = Callable[[Desk], Awaitable[None]]


def at_desk(folder: Path, scene: Scene, **settings: Any) -> None:
    async def play() -> None:
        async with desk(folder, **settings) as place:
            await scene(place)

    asyncio.run(play())


def refused(answer: Answer, status: int, error: str, *words: str) -> None:
    assert (answer[0], answer[1].get("error")) == (status, error), answer
    for word in words:
        assert word in answer[1]["error_description"], answer


# By URL


def test_a_code_gives_the_four_fields_once(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        status, given = await place.authorizes(state="{a&b}")
        assert status == 200
        assert given == {"code": given["code"], "state": "{a&b}"}

        status, tokens = await place.redeems(given["code"])

        assert status == 200
        assert tokens.keys() == {"access_token", "expires_in", "refresh_token", "token_type"}
        assert (tokens["expires_in"], tokens["token_type"]) == (86_400, "Bearer")
        device = await place.whose(tokens["access_token"])
        assert device is not None
        assert (device.account_id, device.profile) == ("home", "cic-ko-2022")
        assert await place.store.read(list_devices, "home") == [Device(device.device_id, "M", "cic-ko-2022", "M")]

    at_desk(tmp_path, scene)


@pytest.mark.parametrize("name", ["client_id", "device_id", "response_type", "state"])
def test_a_parameter_that_is_missing_is_named(tmp_path: Path, name: str) -> None:
    async def scene(place: Desk) -> None:
        refused(await place.authorizes(**{name: ""}), 400, "invalid_request", f"{name} is missing")

    at_desk(tmp_path, scene)


@pytest.mark.parametrize(
    ("changed", "status", "error", "word"),
    [
        ({"response_type": "token"}, 400, "unsupported_response_type", "must be code"),
        ({"request_vu": "N"}, 400, "invalid_request", "request_vu is N; it must be Y"),
        ({"device_id": "d" * 201}, 400, "invalid_request", "device_id has 201 characters; 200"),
        ({"state": "s" * 2001}, 400, "invalid_request", "state has 2001"),
        ({"model_id": "\x1b"}, 400, "invalid_request", "U+001B"),
        ({"client_id": "nobody"}, 403, "invalid_client", "bellwire client add"),
        ({"client_id": "app"}, 403, "unauthorized_client", O2),
        ({"client_id": SPEAKER}, 403, "unauthorized_client", TOKEN_PATH),
    ],
)
def test_what_cannot_be_authorized(tmp_path: Path, changed: dict[str, str], status: int, error: str, word: str) -> None:
    async def scene(place: Desk) -> None:
        refused(await place.authorizes(**changed), status, error, word)

    at_desk(tmp_path, scene)


@pytest.mark.parametrize("token", [None, "wrong"])
def test_a_wrong_token_of_the_account(tmp_path: Path, token: str | None) -> None:
    async def scene(place: Desk) -> None:
        refused(await place.authorizes(token), 403, "access_denied", "account")

    at_desk(tmp_path, scene)


def test_a_token_of_a_device_is_none_of_an_account(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        refused(await place.authorizes((await place.tokens())["access_token"]), 403, "access_denied")

    at_desk(tmp_path, scene)


def test_a_locked_account_gets_nothing_new_and_loses_nothing(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        tokens, code = await place.tokens(), await place.code()
        await place.store.write(lock_account, "home", place.now)

        refused(await place.authorizes(), 423, "account_locked", "account unlock")
        refused(await place.redeems(code), 423, "account_locked")
        refused(await place.refreshes(tokens["refresh_token"]), 423, "account_locked")
        assert await place.whose(tokens["access_token"]) is not None
        assert (await place.authorizes("office"))[0] == 200

        await place.store.write(lock_account, "home", None)
        assert (await place.refreshes(tokens["refresh_token"]))[0] == 200
        assert (await place.redeems(code))[0] == 200

    at_desk(tmp_path, scene)


def test_terms_are_to_be_agreed_to_first_and_anew_when_they_are_others(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        answer = await place.authorizes()
        refused(answer, 451, "terms_not_agreed", "account agree")
        assert answer[1]["redirect_uri"] == "https://cloud.home/terms"
        refused(await place.authorizes(None, request_vu="Y"), 451, "terms_not_agreed", "guest")

        await place.store.write(agree_to, "home", "https://cloud.home/terms/of/before")
        refused(await place.authorizes(), 451, "terms_not_agreed")
        assert await place.authority.agree("home") == "https://cloud.home/terms"
        assert (await place.authorizes())[0] == 200
        refused(await place.authorizes("office"), 451, "terms_not_agreed")

    at_desk(tmp_path, scene, terms="https://cloud.home/terms")


def test_a_cloud_without_terms_has_none_to_agree_to(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        with pytest.raises(Refusal, match="bellwire cloud --terms"):
            await place.authority.agree("home")

    at_desk(tmp_path, scene)


@pytest.mark.parametrize(
    ("changed", "status", "error", "word"),
    [
        ({"grant_type": ""}, 400, "invalid_request", "grant_type is missing"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", "authorization_code or refresh_token or delete"),
        ({"client_id": ""}, 400, "invalid_request", "client_id"),
        ({"client_secret": ""}, 400, "invalid_request", "client_secret"),
        ({"client_secret": "wrong"}, 403, "invalid_client", "client_secret"),
        ({"client_id": "nobody"}, 403, "invalid_client", "nobody"),
        ({"device_id": ""}, 400, "invalid_request", "device_id"),
        ({"device_id": "d2"}, 400, "invalid_grant", "device_id"),
        ({"code": ""}, 400, "invalid_request", "code is missing"),
        ({"code": "another"}, 400, "invalid_grant", "not known"),
    ],
)
def test_a_code_that_is_shown_wrongly_is_not_spoilt(
    tmp_path: Path, changed: dict[str, str], status: int, error: str, word: str
) -> None:
    async def scene(place: Desk) -> None:
        code = await place.code()
        refused(await place.redeems(**{"code": code, **changed}), status, error, word)
        assert (await place.redeems(code))[0] == 200

    at_desk(tmp_path, scene)


def test_a_code_expires(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        code, other = await place.code(), await place.code(device_id="d2")
        place.waits(59)
        assert (await place.redeems(code))[0] == 200
        place.waits(1)
        refused(await place.redeems(other, device_id="d2"), 400, "invalid_grant", "60 seconds")

    at_desk(tmp_path, scene)


def test_the_second_use_of_a_code_ends_what_the_first_one_gave(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        code = await place.code()
        _, tokens = await place.redeems(code)
        device = await place.whose(tokens["access_token"])
        assert device is not None

        refused(await place.redeems(code, device_id="d2"), 400, "invalid_grant")
        assert await place.whose(tokens["access_token"]) == device, "who cannot use it cannot end it"

        place.waits(3600)
        await place.authority.sweep()
        refused(await place.redeems(code), 400, "invalid_grant", "used before")
        assert await place.whose(tokens["access_token"]) is None
        assert place.hung_up == [device.device_id]
        refused(await place.refreshes(tokens["refresh_token"]), 400, "invalid_grant")

    at_desk(tmp_path, scene)


# Whose device it is


def test_a_device_that_authorizes_again_is_the_device_it_was(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        before = await place.tokens()
        device = await place.whose(before["access_token"])
        assert device is not None

        after = await place.tokens(model_id="M2")

        assert await place.whose(after["access_token"]) is not None
        assert [each.model for each in await place.store.read(list_devices, "home")] == ["M2"]
        assert await place.whose(before["access_token"]) is None
        assert place.hung_up == [device.device_id], "what it had before has ended"
        refused(await place.refreshes(before["refresh_token"]), 400, "invalid_grant")
        assert (await place.refreshes(after["refresh_token"]))[0] == 200

    at_desk(tmp_path, scene)


def test_nobody_takes_a_device_over_by_naming_its_id(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        mine = await place.tokens()
        device = await place.whose(mine["access_token"])
        assert device is not None
        for name in ("d1", device.device_id):
            for token, guest in (("office", {}), (None, {"request_vu": "Y"})):
                theirs = await place.whose((await place.tokens(token, device_id=name, **guest))["access_token"])
                assert theirs is not None
                assert (theirs.account_id, theirs.device_id) != (device.account_id, device.device_id)
                assert theirs.account_id != "home"

        # Nor within the account: the cloud's own id is none of the client's.
        other = await place.whose((await place.tokens(device_id=device.device_id))["access_token"])
        assert other is not None
        assert other.device_id != device.device_id
        assert await place.whose(mine["access_token"]) == device

    at_desk(tmp_path, scene)


def test_an_account_has_so_many_devices_at_most(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        await place.tokens()
        refused(await place.redeems(await place.code(device_id="d2"), device_id="d2"), 403, "too_many_devices")
        assert await place.tokens(), "one that it has may come again"

    at_desk(tmp_path, scene, limits=Limits(devices=1))


def test_a_device_or_client_that_is_removed_has_no_tokens(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        first = await place.tokens()
        device = await place.whose(first["access_token"])
        assert device is not None
        await place.store.write(remove_device, "home", device.device_id)
        assert await place.whose(first["access_token"]) is None
        refused(await place.refreshes(first["refresh_token"]), 400, "invalid_grant")

        second = await place.tokens()
        again = await place.whose(second["access_token"])
        assert again is not None
        assert await place.store.write(remove_client, "bench") == [("home", again.device_id)]
        assert await place.whose(second["access_token"]) is None
        assert [each.device_id for each in await place.store.read(list_devices, "home")] == [again.device_id]

    at_desk(tmp_path, scene)


# Refresh


def test_a_refresh_token_works_once_and_its_successor_too(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        tokens = await place.tokens()
        for _ in range(3):
            place.waits(3600)
            status, tokens = await place.refreshes(tokens["refresh_token"], device_id="d1")
            assert status == 200
            assert await place.whose(tokens["access_token"]) is not None
        assert place.hung_up == [], "a downchannel goes on"

    at_desk(tmp_path, scene)


def test_the_access_token_of_before_works_on_and_older_ones_a_moment(tmp_path: Path) -> None:
    """A downchannel that was opened with it does not end because its device gets another one in time."""

    async def scene(place: Desk) -> None:
        first = await place.tokens()
        place.waits(3600)
        _, second = await place.refreshes(first["refresh_token"])
        place.waits(3600)
        assert await place.whose(first["access_token"]) is not None

        await place.refreshes(second["refresh_token"])

        place.waits(OVERLAP.total_seconds() - 1)
        assert await place.whose(first["access_token"]) is not None
        place.waits(1)
        assert await place.whose(first["access_token"]) is None
        assert await place.whose(second["access_token"]) is not None

    at_desk(tmp_path, scene)


def test_an_old_refresh_token_ends_all_that_came_of_it(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        before = await place.tokens()
        _, after = await place.refreshes(before["refresh_token"])
        device = await place.whose(after["access_token"])
        assert device is not None
        place.waits(11)

        refused(await place.refreshes(before["refresh_token"]), 400, "invalid_grant", "used before")

        assert place.hung_up == [device.device_id]
        assert await place.whose(before["access_token"]) is None
        assert await place.whose(after["access_token"]) is None
        refused(await place.refreshes(after["refresh_token"]), 400, "invalid_grant")
        assert await place.store.read(list_devices, "home"), "the device stays its owner's"

    at_desk(tmp_path, scene)


def test_a_lost_answer_may_be_asked_for_again(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        before = await place.tokens()
        _, lost = await place.refreshes(before["refresh_token"])
        place.waits(10)

        status, after = await place.refreshes(before["refresh_token"])

        assert status == 200
        assert await place.whose(after["access_token"]) is not None
        assert (await place.refreshes(after["refresh_token"]))[0] == 200
        refused(await place.refreshes(lost["refresh_token"]), 400, "invalid_grant")

    at_desk(tmp_path, scene)


def test_what_a_lost_answer_gave_is_good_no_longer(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        before = await place.tokens()
        place.waits(1)
        given = []
        for _ in range(5):
            given.append((await place.refreshes(before["refresh_token"]))[1]["access_token"])
            place.waits(1)

        assert [await place.whose(token) is not None for token in given] == [False] * 4 + [True]
        assert await place.whose(before["access_token"]) is not None, "a downchannel stands with it"
        assert len(place.hung_up) == 4, "one may stand with what was lost"

    at_desk(tmp_path, scene)


def test_a_refresh_token_is_bound_to_its_client_and_device(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        tokens = await place.tokens()
        await place.tokens(device_id="d2")
        refused(await place.refreshes(tokens["refresh_token"], device_id="d2"), 400, "invalid_grant", "another device")
        refused(await place.refreshes(tokens["refresh_token"], device_id="d3"), 400, "invalid_grant", "another device")
        refused(await place.refreshes(tokens["refresh_token"], client_secret="x"), 403, "invalid_client")
        asked = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        refused(await place.posts_json(O2, client_id="app", **asked), 400, "invalid_grant", "another client")
        refused(await place.posts_form(TOKEN_PATH, client_id=SPEAKER, **asked), 400, "invalid_grant", "another client")

        assert (await place.refreshes(tokens["refresh_token"], device_id="d1"))[0] == 200, "none of these spoilt it"

    at_desk(tmp_path, scene)


def test_tokens_expire_and_are_swept(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        tokens = await place.tokens()
        assert tokens["expires_in"] == 60
        place.waits(60)
        assert await place.whose(tokens["access_token"]) is None
        place.waits(REFRESH_LASTS.total_seconds() - 61)
        await place.authority.sweep()
        _, tokens = await place.refreshes(tokens["refresh_token"])
        place.waits(REFRESH_LASTS.total_seconds())
        refused(await place.refreshes(tokens["refresh_token"]), 400, "invalid_grant", "expired")

    at_desk(tmp_path, scene, access_lasts=timedelta(minutes=1))


def test_delete_logs_the_device_out_and_leaves_it_to_its_owner(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        tokens, others = await place.tokens(), await place.tokens(device_id="d2")
        device = await place.whose(tokens["access_token"])
        assert device is not None
        refused(await place.deletes(tokens["access_token"], device_id="d2"), 400, "invalid_grant", "another device")
        refused(await place.deletes(""), 400, "invalid_request", "access_token is missing")

        assert await place.deletes(tokens["access_token"], device_id="d1") == (200, {"result": "success"})

        assert place.hung_up == [device.device_id]
        assert await place.whose(tokens["access_token"]) is None
        refused(await place.refreshes(tokens["refresh_token"]), 400, "invalid_grant")
        refused(await place.deletes(tokens["access_token"]), 400, "invalid_grant", "revoked")
        assert len(await place.store.read(list_devices, "home")) == 2
        assert await place.whose(others["access_token"]) is not None

    at_desk(tmp_path, scene)


# Guests


def test_a_guest_has_an_account_of_its_own(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        one = await place.whose((await place.tokens(None, request_vu="Y"))["access_token"])
        two = await place.whose((await place.tokens("home", request_vu="Y"))["access_token"])
        assert one is not None
        assert two is not None
        guests = {each.account_id: each for each in await place.store.read(list_accounts) if each.guest}
        assert guests.keys() == {one.account_id, two.account_id}
        assert all(guest.name.startswith("guest ") for guest in guests.values())

    at_desk(tmp_path, scene)


def test_guests_are_bounded_in_number_and_rate(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        for _ in range(2):
            await place.code(None, request_vu="Y")
        refused(await place.authorizes(None, request_vu="Y"), 429, "too_many_requests")
        assert place.headers["retry-after"] == "1800"
        place.peer = "192.0.2.2"
        await place.code(None, request_vu="Y")
        refused(await place.authorizes(None, request_vu="Y"), 503, "temporarily_unavailable", "3 guests")
        assert (await place.authorizes())[0] == 200

    at_desk(tmp_path, scene, limits=Limits(guests=3, new_guests=Rate(2, timedelta(hours=1))))


def test_a_guest_that_left_is_removed_and_one_that_lives_is_not(tmp_path: Path) -> None:
    async def guests(place: Desk) -> int:
        return sum(each.guest for each in await place.store.read(list_accounts))

    async def scene(place: Desk) -> None:
        await place.code(None, request_vu="Y")
        left = await place.tokens(None, request_vu="Y")
        lives = await place.tokens(None, request_vu="Y")
        device = await place.whose(left["access_token"])
        assert device is not None
        await place.authority.sweep()
        assert await guests(place) == 3

        place.waits(GUEST_NEVER_CAME.total_seconds())
        await place.authority.sweep()
        assert await guests(place) == 2, "the one that never came is gone"

        await place.deletes(left["access_token"])
        place.hung_up.clear()
        place.waits(GUEST_LEFT.total_seconds() - 1)
        await place.authority.sweep()
        assert await guests(place) == 2
        place.waits(1)
        await place.authority.sweep()
        assert await guests(place) == 1
        assert place.hung_up == [device.device_id]
        assert (await place.refreshes(lives["refresh_token"]))[0] == 200
        assert len(await place.store.read(list_accounts)) == 3, "home and office stay"

    at_desk(tmp_path, scene)


# By JSON, with PKCE


async def app_code(place: Desk, **own: str) -> str:
    bound = Bound("app", REDIRECT, own.get("device_id"), challenge())
    return await place.authority.code("home", AskedCode(bound, "XW", "bedroom"))


async def app_redeems(place: Desk, code: str, /, **changed: object) -> Answer:
    asked = {"grant_type": "authorization_code", "client_id": "app", "redirect_uri": REDIRECT}
    return await place.posts_json(O2, **{**asked, "code": code, "code_verifier": VERIFIER, **changed})


def test_a_code_with_its_verifier_gives_the_four_fields(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        status, tokens = await app_redeems(place, await app_code(place))
        assert status == 200
        assert tokens.keys() == {"access_token", "expires_in", "refresh_token", "token_type"}
        device = await place.whose(tokens["access_token"])
        assert device is not None
        assert device.profile == "tvs-2020"
        assert await place.store.read(list_devices, "home") == [Device(device.device_id, "bedroom", "tvs-2020", "XW")]

        asked = {"grant_type": "refresh_token", "client_id": "app"}
        status, after = await place.posts_json(O2, refresh_token=tokens["refresh_token"], **asked)
        assert status == 200
        assert (await place.posts_form(O2, refresh_token=after["refresh_token"], **asked))[0] == 200

    at_desk(tmp_path, scene)


@pytest.mark.parametrize(
    ("changed", "error", "word"),
    [
        ({"grant_type": None}, "invalid_request", "grant_type is missing"),
        ({"grant_type": "delete"}, "unsupported_grant_type", "refresh_token"),
        ({"client_id": "nobody"}, "invalid_client", "nobody"),
        ({"client_id": "bench"}, "invalid_client", "client_secret"),
        ({"client_id": "bench", "client_secret": SECRET}, "unauthorized_client", "/token"),
        ({"client_id": 1}, "invalid_request", "client_id must be a string"),
        ({"redirect_uri": ""}, "invalid_request", "redirect_uri is missing"),
        ({"redirect_uri": "https://app.home/"}, "invalid_grant", "redirect_uri"),
        ({"code_verifier": None}, "invalid_request", "code_verifier is missing"),
        ({"code_verifier": "short"}, "invalid_request", "43 to 128"),
        ({"code_verifier": "w" * 43}, "invalid_grant", "code_verifier"),
        ({"code": "another"}, "invalid_grant", "not known"),
    ],
)
def test_a_code_that_is_not_proven_is_not_spoilt(
    tmp_path: Path, changed: dict[str, object], error: str, word: str
) -> None:
    async def scene(place: Desk) -> None:
        code = await app_code(place)
        refused(await app_redeems(place, code, **changed), 400, error, word)
        assert (await app_redeems(place, code))[0] == 200
        refused(await app_redeems(place, code), 400, "invalid_grant", "used before")

    at_desk(tmp_path, scene)


def test_a_device_that_its_program_names_again_is_the_device_it_was(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        for serial in ("123", "123", "456"):
            assert (await app_redeems(place, await app_code(place, device_id=serial)))[0] == 200
        assert len(await place.store.read(list_devices, "home")) == 2

    at_desk(tmp_path, scene)


# RFC 8628


def test_a_speaker_gets_its_tokens_when_its_code_is_confirmed(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        shown = await place.invites(profile="tvs-2020")
        assert shown.keys() == {
            *("device_code", "user_code", "verification_uri", "verification_uri_complete", "expires_in", "interval")
        }
        assert (shown["expires_in"], shown["interval"]) == (900, 2)
        assert shown["verification_uri"].endswith("/pair")
        assert shown["verification_uri_complete"] == f"{shown['verification_uri']}?user_code={shown['user_code']}"
        refused(await place.polls(shown["device_code"]), 400, "authorization_pending")

        device = await place.authority.approve("home", place.peer, shown["user_code"].lower(), "kitchen")

        status, tokens = await place.polls(shown["device_code"])
        assert status == 200
        assert tokens.keys() == {"access_token", "expires_in", "refresh_token", "token_type", "device_id"}
        assert tokens["device_id"] == device.device_id
        assert await place.store.read(list_devices, "home") == [device]
        assert device == Device(device.device_id, "kitchen", "tvs-2020", "shelf")
        identity = await place.whose(tokens["access_token"])
        assert identity is not None
        assert (identity.account_id, identity.profile) == ("home", "tvs-2020")

        asked = {"client_id": SPEAKER, "grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        status, after = await place.posts_form(TOKEN_PATH, **asked)
        assert (status, after["device_id"]) == (200, device.device_id)

    at_desk(tmp_path, scene)


def test_a_speaker_that_asks_too_often_is_slowed_down(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        code = (await place.invites())["device_code"]
        refused(await place.polls(code), 400, "authorization_pending")
        place.waits(1)
        refused(await place.polls(code), 400, "slow_down")
        place.waits(5)
        refused(await place.polls(code), 400, "slow_down")
        place.waits(15)
        refused(await place.polls(code), 400, "authorization_pending")

    at_desk(tmp_path, scene)


def test_a_code_that_nobody_confirms_expires(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        shown = await place.invites()
        place.waits(900)
        refused(await place.polls(shown["device_code"]), 400, "expired_token")
        with pytest.raises(Refusal, match="no speaker shows this code"):
            await place.authority.approve("home", place.peer, shown["user_code"], None)
        await place.authority.sweep()
        refused(await place.polls(shown["device_code"]), 400, "invalid_grant")

    at_desk(tmp_path, scene)


def test_a_speaker_that_is_refused_is_told_so(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        shown = await place.invites()
        await place.authority.refuse("home", place.peer, shown["user_code"])
        refused(await place.polls(shown["device_code"]), 400, "access_denied")
        with pytest.raises(Refusal, match="confirmed already"):
            await place.authority.approve("home", place.peer, shown["user_code"], None)

    at_desk(tmp_path, scene)


def test_a_device_code_works_once(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        shown = await place.invites()
        device = await place.authority.approve("home", place.peer, shown["user_code"], None)
        _, tokens = await place.polls(shown["device_code"])

        refused(await place.polls(shown["device_code"]), 400, "invalid_grant", "used before")

        assert await place.whose(tokens["access_token"]) is None
        assert place.hung_up == [device.device_id]

    at_desk(tmp_path, scene)


def test_a_code_is_confirmed_once_and_by_one_account(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        shown = await place.invites()
        await place.authority.approve("home", place.peer, shown["user_code"], None)
        for act in (
            place.authority.approve("office", place.peer, shown["user_code"], None),
            place.authority.refuse("office", place.peer, shown["user_code"]),
        ):
            with pytest.raises(Refusal, match="confirmed already"):
                await act
        assert (await place.polls(shown["device_code"]))[0] == 200
        assert await place.store.read(list_devices, "office") == []

    at_desk(tmp_path, scene)


def test_a_device_that_never_fetched_its_tokens_is_removed(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        fetched, never = await place.invites(), await place.invites()
        for shown in (fetched, never):
            await place.authority.approve("home", place.peer, shown["user_code"], None)
        await place.polls(fetched["device_code"])
        await place.authority.sweep()
        assert len(await place.store.read(list_devices, "home")) == 2

        place.waits(900)
        await place.authority.sweep()

        assert len(await place.store.read(list_devices, "home")) == 1

    at_desk(tmp_path, scene)


def test_terms_and_locks_hold_for_speakers_too(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        shown = await place.invites()
        with pytest.raises(Refusal) as refusal:
            await place.authority.approve("home", place.peer, shown["user_code"], None)
        assert refusal.value.fault is Fault.TERMS_NOT_AGREED
        await place.authority.agree("home")
        await place.authority.approve("home", place.peer, shown["user_code"], None)
        await place.store.write(lock_account, "home", place.now)
        refused(await place.polls(shown["device_code"]), 423, "account_locked")
        await place.store.write(lock_account, "home", None)
        assert (await place.polls(shown["device_code"]))[0] == 200

    at_desk(tmp_path, scene, terms="https://cloud.home/terms")


def test_who_guesses_user_codes_is_stopped_by_account_and_by_address(tmp_path: Path) -> None:
    async def guess(place: Desk, account_id: str, code: str = "BBBB-BBBB") -> Fault:
        with pytest.raises(Refusal) as refusal:
            await place.authority.approve(account_id, place.peer, code, None)
        return refusal.value.fault

    async def scene(place: Desk) -> None:
        shown = await place.invites()
        for _ in range(3):
            assert await guess(place, "home") is Fault.NO_SUCH_CODE
        assert await guess(place, "home", shown["user_code"]) is Fault.TOO_MANY_REQUESTS
        assert await guess(place, "office") is Fault.TOO_MANY_REQUESTS, "the same address"
        place.peer = "192.0.2.2"
        assert await guess(place, "home") is Fault.TOO_MANY_REQUESTS, "the same account"
        assert await guess(place, "office", "not a code") is Fault.NO_SUCH_CODE
        await place.authority.approve("office", place.peer, shown["user_code"], None)

    at_desk(tmp_path, scene, limits=Limits(wrong_user_codes=Rate(3, timedelta(minutes=15))))


def test_who_guesses_many_user_codes_at_once_is_stopped_as_soon(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        codes = [f"BBBB-BBB{letter}" for letter in LETTERS]
        approvals = (place.authority.approve("home", place.peer, code, None) for code in codes)
        found = await asyncio.gather(*approvals, return_exceptions=True)
        faults = [refusal.fault for refusal in found if isinstance(refusal, Refusal)]
        assert faults == [Fault.NO_SUCH_CODE] * 3 + [Fault.TOO_MANY_REQUESTS] * 17

    at_desk(tmp_path, scene, limits=Limits(wrong_user_codes=Rate(3, timedelta(minutes=15))))


def test_codes_that_are_good_or_refused_for_something_else_are_no_guesses(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        await place.store.write(lock_account, "office", START)
        for _ in range(5):
            shown = await place.invites()
            with pytest.raises(Refusal, match="locked"):
                await place.authority.approve("office", place.peer, shown["user_code"], None)
            await place.authority.approve("home", place.peer, shown["user_code"], None)

    at_desk(tmp_path, scene, limits=Limits(wrong_user_codes=Rate(3, timedelta(minutes=15))))


def test_so_many_speakers_wait_at_most(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        await place.invites()
        asked = {"client_id": SPEAKER, "profile": "cic-ko-2022"}
        refused(
            await place.posts_form(DEVICE_AUTHORIZATION_PATH, **asked), 503, "temporarily_unavailable", "1 speakers"
        )
        assert place.headers["retry-after"] == "60"
        place.waits(900)
        assert await place.invites()

    at_desk(tmp_path, scene, limits=Limits(pairings=1))


def test_so_many_codes_are_shown_behind_one_address(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        await place.invites()
        refused(await place.posts_form(DEVICE_AUTHORIZATION_PATH, client_id=SPEAKER), 429, "too_many_requests")
        place.peer = "192.0.2.2"
        assert await place.invites()

    at_desk(tmp_path, scene, limits=Limits(new_pairings=Rate(1, timedelta(minutes=15))))


@pytest.mark.parametrize(
    ("changed", "error", "word"),
    [
        ({"client_id": ""}, "invalid_request", "client_id is missing"),
        ({"client_id": "bench"}, "unauthorized_client", SPEAKER),
        ({"client_id": "nobody"}, "invalid_client", "nobody"),
        ({"profile": "morse"}, "invalid_request", "cic-ko-2022"),
        ({"product": "x" * 201}, "invalid_request", "product has 201"),
        ({"product": "\x1b"}, "invalid_request", "U+001B"),
    ],
)
def test_what_is_no_speaker(tmp_path: Path, changed: dict[str, str], error: str, word: str) -> None:
    async def scene(place: Desk) -> None:
        asked = {"client_id": SPEAKER, "profile": "cic-ko-2022", "product": "shelf", **changed}
        refused(await place.posts_form(DEVICE_AUTHORIZATION_PATH, **asked), 400, error, word)

    at_desk(tmp_path, scene)


def test_a_speaker_can_log_itself_out_by_either_token(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        for kind in ("access_token", "refresh_token"):
            shown = await place.invites()
            device = await place.authority.approve("home", place.peer, shown["user_code"], None)
            _, tokens = await place.polls(shown["device_code"])
            others = await place.tokens()
            for token in ("unknown", others["access_token"], others["refresh_token"]):
                assert (await place.posts_form(REVOKE_PATH, client_id=SPEAKER, token=token))[0] == 200
            assert await place.whose(others["access_token"]) is not None

            place.hung_up.clear()
            assert await place.posts_form(REVOKE_PATH, client_id=SPEAKER, token=tokens[kind]) == (200, {})

            assert place.hung_up == [device.device_id]
            assert await place.whose(tokens["access_token"]) is None
            asked = {"client_id": SPEAKER, "grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
            refused(await place.posts_form(TOKEN_PATH, **asked), 400, "invalid_grant")

    at_desk(tmp_path, scene)


# What its owner ends


def test_a_device_that_is_revoked_has_no_token_and_stays(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        tokens = await place.tokens()
        device = await place.whose(tokens["access_token"])
        assert device is not None
        await place.store.write(add_device, "home", Device("own", "own", "cic-ko-2022"), bytes(32), START)

        await place.authority.revoke_device("home", device.device_id)
        await place.authority.revoke_device("home", "own")

        assert place.hung_up == [device.device_id, "own"]
        assert await place.whose(tokens["access_token"]) is None
        refused(await place.refreshes(tokens["refresh_token"]), 400, "invalid_grant")
        assert len(await place.store.read(list_devices, "home")) == 2

    at_desk(tmp_path, scene)


# Requests


def test_attempts_are_limited_by_account(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        for _ in range(3):
            await place.code()
        refused(await place.authorizes(), 429, "too_many_requests")
        assert place.headers["retry-after"] == "20"
        place.peer = "192.0.2.2"
        refused(await place.authorizes(), 429, "too_many_requests")
        assert (await place.authorizes("office"))[0] == 200
        place.waits(20)
        assert (await place.authorizes())[0] == 200

    at_desk(tmp_path, scene, limits=Limits(authorizations=Rate(3, timedelta(minutes=1))))


def test_codes_that_nobody_uses_are_bounded_and_swept(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        code = await place.code()
        for _ in range(CODES_AT_ONCE - 1):
            await place.code()
        refused(await place.authorizes(), 429, "too_many_requests", "wait to be used")
        assert place.headers["retry-after"] == "60"
        assert (await place.authorizes("office"))[0] == 200
        assert (await place.redeems(code))[0] == 200
        assert (await place.authorizes())[0] == 200

        place.waits(60)
        await place.authority.sweep()
        refused(await place.redeems(await place.code(), device_id="d2"), 400, "invalid_grant")
        assert await place.store.read(count_codes, "home", START) == 1, "the one that is not expired"

    at_desk(tmp_path, scene)


def test_who_asks_for_what_is_not_there_is_limited_by_address(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        tokens = await place.tokens()
        for number in range(3):
            refused(await place.refreshes(f"no.{number}"), 400, "invalid_grant")
        refused(await place.refreshes("no.4"), 429, "too_many_requests")
        refused(await place.refreshes(tokens["refresh_token"]), 429, "too_many_requests")
        place.peer = "192.0.2.2"
        assert (await place.refreshes(tokens["refresh_token"]))[0] == 200

        for wrong in ({"client_id": "x"}, {"grant_type": "x"}, {"client_secret": "x"}):
            assert (await place.redeems("x", **wrong))[0] in {400, 403}
        refused(await place.authorizes(), 429, "too_many_requests")
        place.peer = "192.0.2.3"
        for _ in range(3):
            refused(await place.authorizes("x"), 403, "access_denied")
        refused(await place.authorizes(), 429, "too_many_requests")
        place.waits(20)
        assert (await place.authorizes())[0] == 200

    at_desk(tmp_path, scene, limits=Limits(authorizations=Rate(3, timedelta(minutes=1))))


def test_one_that_goes_on_with_a_wrong_token_uses_up_nothing_of_its_neighbours(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        tokens = await place.tokens()
        statuses = [(await place.refreshes("not.good"))[0] for _ in range(700)]
        assert statuses == [400] * 10 + [429] * 690
        assert (await place.refreshes(tokens["refresh_token"]))[0] == 200
        place.waits(6)
        refused(await place.refreshes("not.good"), 400, "invalid_grant")

    at_desk(tmp_path, scene)


def test_speakers_that_wait_and_ask_in_time_cost_their_address_nothing(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        hotel = [await place.invites() for _ in range(4)]
        for _ in range(20):
            place.waits(2)
            for shown in hotel:
                refused(await place.polls(shown["device_code"]), 400, "authorization_pending")
        for _ in range(3):
            refused(await place.polls(hotel[0]["device_code"]), 400, "slow_down")
        refused(await place.polls(hotel[0]["device_code"]), 429, "too_many_requests")

    at_desk(tmp_path, scene, limits=Limits(authorizations=Rate(3, timedelta(minutes=1))))


@pytest.mark.parametrize("value", [b"1e999", b"9" * 5_000, b"[" * 500 + b"]" * 500, b'{"a":[1]}', b"null"])
def test_members_that_are_not_ours_may_be_anything(tmp_path: Path, value: bytes) -> None:
    async def scene(place: Desk) -> None:
        body = b'{"z":%s,"grant_type":"refresh_token","client_id":"app","refresh_token":"x"}' % value
        refused(await place.asks("POST", O2, {"content-type": "application/json"}, body), 400, "invalid_grant")

    at_desk(tmp_path, scene)


@pytest.mark.parametrize("value", [b"1", b"1e999", b"{}", b"true"])
def test_members_of_ours_are_strings(tmp_path: Path, value: bytes) -> None:
    async def scene(place: Desk) -> None:
        answer = await place.asks("POST", O2, {"content-type": "application/json"}, b'{"client_id":%s}' % value)
        refused(answer, 400, "invalid_request", "client_id must be a string")

    at_desk(tmp_path, scene)


@pytest.mark.parametrize(
    ("method", "path", "content_type", "body", "status", "word"),
    [
        ("POST", "/authorize", "", b"", 405, "use GET"),
        ("POST", "/token", "", b"", 405, "use GET"),
        ("GET", O2, "", b"", 405, "use POST"),
        ("GET", TOKEN_PATH, "", b"", 405, "use POST"),
        ("GET", "/token?grant_type=delete&grant_type=delete", "", b"", 400, "grant_type comes more than once"),
        ("GET", "/token?" + "&".join(f"a{n}=1" for n in range(51)), "", b"", 400, "more than 50"),
        ("GET", "/token?grant_type=%FF", "", b"", 400, "UTF-8"),
        ("POST", TOKEN_PATH, "application/json", b"{}", 400, "application/x-www-form-urlencoded"),
        ("POST", O2, "text/plain", b"{}", 400, "application/json"),
        ("POST", O2, "application/json", b"[]", 400, "not a JSON object"),
        ("POST", O2, "application/json", b"{", 400, "not a JSON object"),
        ("POST", O2, "application/json", b"[" * 9_999, 400, "not a JSON object"),
        ("POST", O2, "application/json", b'{"grant_type":"\xff"}', 400, "not a JSON object"),
        ("POST", TOKEN_PATH, "application/x-www-form-urlencoded", "a=é".encode(), 400, "percent-encoded"),
        ("POST", TOKEN_PATH, "application/x-www-form-urlencoded", b"a" * 70_000, 413, "65536"),
    ],
)
def test_what_is_no_request(  # noqa: PLR0917 - the columns of the table
    tmp_path: Path, method: str, path: str, content_type: str, body: bytes, status: int, word: str
) -> None:
    async def scene(place: Desk) -> None:
        headers = {"content-type": content_type} if content_type else {}
        refused(await place.asks(method, path, headers, body), status, "invalid_request", word)

    at_desk(tmp_path, scene)


def test_what_is_said_of_an_error_has_only_the_characters_of_the_rfc(tmp_path: Path) -> None:
    async def scene(place: Desk) -> None:
        _, answer = await place.gets("/token", grant_type='"\\é\n')
        assert "????" in answer["error_description"]

    at_desk(tmp_path, scene)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What `bellwire cloud` would have logged."""
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    logs.configure()
    yield stderr
    structlog.reset_defaults()


def test_a_bug_of_ours_is_500_and_tells_nothing(tmp_path: Path, log: io.StringIO) -> None:
    async def scene(place: Desk) -> None:
        await place.store.close()
        answer = await place.gets(
            "/token", grant_type="delete", client_id="bench", client_secret="hush", access_token="x"
        )
        refused(answer, 500, "server_error", "not at your side")
        await place.store.open()

    at_desk(tmp_path, scene)
    said = log.getvalue()
    assert "authorization failed" in said
    assert "StoreClosed" in said
    assert "hush" not in said


def test_nothing_secret_is_in_the_files_or_in_the_log(tmp_path: Path, log: io.StringIO) -> None:
    hidden: list[str] = [SECRET, VERIFIER]

    async def scene(place: Desk) -> None:
        code = await place.code()
        _, tokens = await place.redeems(code)
        _, after = await place.refreshes(tokens["refresh_token"])
        shown = await place.invites()
        app = await app_code(place)
        _, others = await app_redeems(place, app)
        await app_redeems(place, app)
        family, secret = after["refresh_token"].split(".")
        hidden.extend([code, tokens["access_token"], family, secret, shown["device_code"], shown["user_code"], app])
        hidden.extend([others["access_token"], others["refresh_token"], after["access_token"]])

    at_desk(tmp_path, scene)

    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    said = log.getvalue()
    assert said
    for secret in hidden:
        assert secret.encode() not in kept
        assert secret not in said


PATHS = ("/authorize", "/token", O2, DEVICE_AUTHORIZATION_PATH, TOKEN_PATH, REVOKE_PATH)
NAMES = ("client_id", "client_secret", "grant_type", "response_type", "code", "device_id", "state", "request_vu")
names = st.sampled_from([*NAMES, "model_id", "refresh_token", "redirect_uri", "code_verifier", "token", "profile"])
values = (
    st.sampled_from(["bench", "app", SPEAKER, SECRET, "code", "authorization_code", "refresh_token", "Y"]) | st.text()
)
bodies = (
    st.dictionaries(names, values).map(lambda given: urlencode(given, errors="replace").encode())
    | st.dictionaries(names, values | st.none() | st.integers() | st.lists(values)).map(
        lambda given: json.dumps(given).encode()
    )
    | st.binary(max_size=300)
)


def test_whatever_is_asked_is_never_a_failure_of_ours(tmp_path: Path) -> None:
    with asyncio.Runner() as runner:
        opened = desk(tmp_path, Limits(guests=3))
        place = runner.run(opened.__aenter__())

        @settings(max_examples=300, deadline=None, derandomize=True)
        @given(
            st.sampled_from(["GET", "POST"]),
            st.sampled_from(PATHS),
            bodies,
            st.sampled_from([FORM, "application/json"]),
        )
        def asks(method: str, path: str, body: bytes, content_type: str) -> None:
            place.waits(1)
            if method == "GET":
                call = Call(method, path, {})
                call.scope["query_string"] = body
                runner.run(call.made(place._oauth))
                assert call.status < 500 or call.status == 503
            else:
                status, _ = runner.run(place.asks(method, path, {"content-type": content_type}, body))
                assert status < 500

        asks()
        runner.run(opened.__aexit__(None, None, None))


# The page


def shown_page(tmp_path: Path, path: str, method: str = "GET") -> Call:
    calls: list[Call] = []

    async def scene(place: Desk) -> None:
        calls.append(await Call(method, path, {}).made(place._oauth))

    at_desk(tmp_path, scene)
    return calls[0]


def test_the_page_tells_how_to_confirm(tmp_path: Path) -> None:
    page = shown_page(tmp_path, "/pair?user_code=bcdfghjk")

    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert b"bellwire device approve BCDF-GHJK" in page.body
    assert b"<script" not in page.body
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    "query", ["", "?user_code=", "?user_code=%3Cscript%3E", "?x=%FF", "?user_code=%FF", "?" + "&" * 999]
)
def test_the_page_shows_nothing_that_is_no_code(tmp_path: Path, query: str) -> None:
    page = shown_page(tmp_path, f"/pair{query}")

    assert page.status == 200
    assert b"XXXX-XXXX" in page.body
    assert b"<script" not in page.body


def test_the_page_is_only_read(tmp_path: Path) -> None:
    assert shown_page(tmp_path / "a", "/pair", "HEAD").body == b""
    assert shown_page(tmp_path / "b", "/pair", "POST").status == 405
