"""A request that comes again with its Idempotency-Key is not carried out again, and gets the answer that it had."""

import asyncio
import hashlib
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bellwire.cloud.asgi import AsgiMessage
from bellwire.cloud.idempotency import LONGEST_KEY
from bellwire.cloud.store import answers
from bellwire.cloud.store.answers import KEPT_FOR, purge_answers
from bellwire.cloud.store.errors import StoreBusy
from bellwire.cloud.store.transaction import Transaction
from tests.cloud.api_desk import ApiDesk, api_desk
from tests.cloud.call import Call

Scene = Callable[[ApiDesk], Awaitable[None]]
WISH = {"kind": "ALARM", "at": "07:00", "label": "tea"}


@pytest.fixture
def plays(tmp_path: Path) -> Callable[[Scene], None]:
    def play(scene: Scene) -> None:
        async def whole() -> None:
            async with api_desk(tmp_path) as desk:
                await scene(desk)

        asyncio.run(whole())

    return play


async def count(desk: ApiDesk, what: str = "alerts") -> int:
    return len((await desk.asks("GET", f"/{what}")).json[what])


def same_answer(first: Call, again: Call) -> bool:
    headers = {**again.headers}
    replayed = headers.pop("idempotent-replayed", "false")
    return (replayed, again.status, again.body, headers) == ("true", first.status, first.body, first.headers)


def test_the_same_request_again_makes_nothing_more_and_has_the_same_answer(plays: Callable[[Scene], None]) -> None:
    async def scene(desk: ApiDesk) -> None:
        first = await desk.asks("POST", "/alerts", WISH, idempotency_key="k1")
        desk.waits(3600)
        again = await desk.asks("POST", "/alerts", WISH, idempotency_key="k1")

        assert first.status == 201
        assert "idempotent-replayed" not in first.headers
        assert same_answer(first, again)
        assert await count(desk) == 1
        other = await desk.asks("POST", "/alerts", WISH, idempotency_key="k2")
        assert (other.status, await count(desk)) == (201, 2)

    plays(scene)


def test_another_request_with_the_key_is_refused(plays: Callable[[Scene], None]) -> None:
    async def scene(desk: ApiDesk) -> None:
        token = (await desk.asks("POST", "/alerts", {**WISH, "every": "daily"}, idempotency_key="k")).json["token"]

        for path, body in (("/alerts", {**WISH, "label": "x"}), ("/alerts?a=1", WISH), (f"/alerts/{token}/skip", None)):
            call = await desk.asks("POST", path, body, idempotency_key="k")
            assert (call.status, call.headers["content-type"]) == (422, "application/problem+json")
            assert "take a new key" in call.json["detail"]
        assert await count(desk) == 1

    plays(scene)


def test_a_step_is_taken_once(plays: Callable[[Scene], None]) -> None:
    async def scene(desk: ApiDesk) -> None:
        token = await desk.adds(every="daily")
        first = await desk.asks("POST", f"/alerts/{token}/skip", idempotency_key="k")

        assert same_answer(first, await desk.asks("POST", f"/alerts/{token}/skip", idempotency_key="k"))
        assert len((await desk.asks("GET", f"/alerts/{token}")).json["except"]) == 1

    plays(scene)


def test_keys_are_the_accounts_own(plays: Callable[[Scene], None]) -> None:
    async def scene(desk: ApiDesk) -> None:
        mine = await desk.asks("POST", "/alerts", WISH, idempotency_key="k")
        theirs = await desk.asks("POST", "/alerts", WISH, idempotency_key="k", token="office")

        assert theirs.status == 201
        assert mine.json["token"] != theirs.json["token"]

    plays(scene)


def test_what_was_refused_may_come_again(plays: Callable[[Scene], None]) -> None:
    async def scene(desk: ApiDesk) -> None:
        for bad in ({"at": "noon"}, {"at": "07:00", "devices": ["nobody"]}, {"at": 7}):
            assert (await desk.asks("POST", "/alerts", bad, idempotency_key="k")).status == 422
        assert (await desk.asks("POST", "/alerts", WISH, idempotency_key="k")).status == 201

    plays(scene)


def test_of_requests_at_once_one_is_carried_out(plays: Callable[[Scene], None]) -> None:
    async def scene(desk: ApiDesk) -> None:
        calls = await asyncio.gather(*(desk.asks("POST", "/alerts", WISH, idempotency_key="k") for _ in range(5)))

        assert sorted(call.status for call in calls) == [201, 409, 409, 409, 409]
        assert await count(desk) == 1

    plays(scene)


@pytest.mark.parametrize(("wish", "status", "replayed"), [(WISH, 201, "true"), ({"at": "soon"}, 422, None)])
def test_who_has_the_answer_may_ask_again_at_once(
    plays: Callable[[Scene], None], wish: dict[str, str], status: int, replayed: str | None
) -> None:
    async def scene(desk: ApiDesk) -> None:
        calls: list[Call] = []

        async def ask() -> None:
            call = desk.call("POST", "/alerts", wish, idempotency_key="k")
            calls.append(call)
            send = call._send

            async def sent(message: AsgiMessage) -> None:
                await send(message)
                if message["type"] == "http.response.body" and len(calls) < 3:
                    await asyncio.create_task(ask())

            call._send = sent  # type: ignore[method-assign]
            await call.made(desk.app)

        await ask()

        assert [each.status for each in calls] == [status] * 3
        assert [each.headers.get("idempotent-replayed") for each in calls] == [None, replayed, replayed]

    plays(scene)


def test_a_secret_comes_again_and_is_not_in_the_file(plays: Callable[[Scene], None], tmp_path: Path) -> None:
    async def scene(desk: ApiDesk) -> None:
        first = await desk.asks("POST", "/devices", {"name": "kitchen"}, idempotency_key="k")

        assert same_answer(first, await desk.asks("POST", "/devices", {"name": "kitchen"}, idempotency_key="k"))
        assert await count(desk, "devices") == 1
        secret = first.json["access_token"].encode()
        raw = sqlite3.connect(tmp_path / "store.db")
        (sealed,) = raw.execute("SELECT answer FROM answers").fetchone()
        raw.close()
        assert len(sealed) > len(first.body)
        assert not any(secret in content for content in _files(tmp_path))

    plays(scene)


def _files(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in folder.iterdir() if file.is_file()]


def test_only_the_token_that_asked_gets_the_answer(plays: Callable[[Scene], None]) -> None:
    async def scene(desk: ApiDesk) -> None:
        await desk.asks("POST", "/devices", {}, idempotency_key="k")
        call = await desk.asks("POST", "/devices", {}, idempotency_key="k", token="home2")

        assert (call.status, await count(desk, "devices")) == (409, 1)
        assert "another token" in call.json["detail"]

    plays(scene)


def test_a_key_is_good_for_a_day(plays: Callable[[Scene], None]) -> None:
    async def scene(desk: ApiDesk) -> None:
        await desk.asks("POST", "/alerts", WISH, idempotency_key="k")
        desk.waits(KEPT_FOR.total_seconds() + 1)
        call = await desk.asks("POST", "/alerts", {**WISH, "label": "x"}, idempotency_key="k")

        assert (call.status, await count(desk)) == (201, 2)
        assert same_answer(call, await desk.asks("POST", "/alerts", {**WISH, "label": "x"}, idempotency_key="k"))
        assert await desk.store.write(purge_answers, desk.now) == 0
        desk.waits(KEPT_FOR.total_seconds() + 1)
        assert await desk.store.write(purge_answers, desk.now) == 1

    plays(scene)


def test_an_account_keeps_so_many_answers_and_the_oldest_goes(
    plays: Callable[[Scene], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "MOST_KEPT", 2)

    async def scene(desk: ApiDesk) -> None:
        for number in range(3):
            await desk.asks("POST", "/alerts", WISH, idempotency_key=f"k{number}")
            desk.waits(1)

        statuses = [
            (await desk.asks("POST", "/alerts", {**WISH, "label": "x"}, idempotency_key=f"k{number}")).status
            for number in (2, 1, 0)
        ]
        assert statuses == [422, 422, 201]

    plays(scene)


def test_a_cloud_that_ended_before_it_answered_carries_out_nothing_twice(plays: Callable[[Scene], None]) -> None:
    async def scene(desk: ApiDesk) -> None:
        await desk.asks("POST", "/alerts", WISH, idempotency_key="k")
        await desk.store.write(_forget_answers)
        call = await desk.asks("POST", "/alerts", WISH, idempotency_key="k")

        assert (call.status, await count(desk)) == (409, 1)
        assert "its answer was not kept" in call.json["detail"]

    plays(scene)


def _forget_answers() -> Transaction[None]:
    key_hash = hashlib.sha256(b"k").digest()
    yield answers.PUT_ANSWER, {"account_id": "home", "key_hash": key_hash, "new_answer": None}


@pytest.mark.parametrize("key", ["", "x" * (LONGEST_KEY + 1), "\x7f", "é"])
def test_what_cannot_be_a_key_is_refused(plays: Callable[[Scene], None], key: str) -> None:
    async def scene(desk: ApiDesk) -> None:
        call = await desk.asks("POST", "/alerts", WISH, idempotency_key=key)

        assert (call.status, await count(desk)) == (400, 0)
        assert "Idempotency-Key" in call.json["detail"]

    plays(scene)


def test_a_body_that_is_too_large_is_refused_with_a_key_too(plays: Callable[[Scene], None]) -> None:
    async def scene(desk: ApiDesk) -> None:
        for size in (100_000, 3_000_000):
            call = await desk.asks("POST", "/alerts", {**WISH, "label": "x" * size}, idempotency_key="k")
            assert call.status == 413

    plays(scene)


def test_where_nothing_is_made_a_key_changes_nothing(plays: Callable[[Scene], None]) -> None:
    async def scene(desk: ApiDesk) -> None:
        token = await desk.adds()
        assert (await desk.asks("GET", f"/alerts/{token}", idempotency_key="k")).status == 200
        assert (await desk.asks("PATCH", f"/alerts/{token}", {"label": "x"}, idempotency_key="k")).status == 200
        for _ in range(2):
            call = await desk.asks("POST", "/alerts/preview", {"in": "1h"}, idempotency_key="k")
            assert (call.status, "idempotent-replayed" in call.headers) == (200, False)

    plays(scene)


def test_a_condition_and_a_key_go_together(plays: Callable[[Scene], None]) -> None:
    async def scene(desk: ApiDesk) -> None:
        token = await desk.adds(every="daily")
        seen = (await desk.asks("GET", f"/alerts/{token}")).headers["etag"]
        skip = f"/alerts/{token}/skip"

        assert (await desk.asks("POST", skip, idempotency_key="k", if_match='"other"')).status == 412
        first = await desk.asks("POST", skip, idempotency_key="k", if_match=seen)
        assert first.status == 200
        assert same_answer(first, await desk.asks("POST", skip, idempotency_key="k", if_match=seen))

    plays(scene)


def test_an_answer_that_cannot_be_kept_is_given_all_the_same(
    plays: Callable[[Scene], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(desk: ApiDesk) -> None:
        write = desk.services.store.write

        async def busy(function: object, *args: object, **kwargs: object) -> object:
            if function is answers.keep_answer:
                raise StoreBusy("too many")
            return await write(function, *args, **kwargs)  # type: ignore[arg-type]

        monkeypatch.setattr(desk.services.store, "write", busy)
        call = await desk.asks("POST", "/alerts", WISH, idempotency_key="k")

        assert (call.status, await count(desk)) == (201, 1)
        assert (await desk.asks("POST", "/alerts", WISH, idempotency_key="k")).status == 409

    plays(scene)
