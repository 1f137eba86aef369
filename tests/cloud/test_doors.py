"""The way into the account API: how often an account may ask."""

import asyncio
from datetime import timedelta
from pathlib import Path

from bellwire.cloud.config import Limits
from bellwire.cloud.rates import Rate
from tests.cloud.api_desk import api_desk

FOUR_AND_TWO_A_SECOND = Rate(4, timedelta(seconds=2))


def test_an_account_that_asks_too_often_waits_and_others_do_not(tmp_path: Path) -> None:
    async def scene() -> None:
        async with api_desk(tmp_path, requests=FOUR_AND_TWO_A_SECOND) as desk:
            assert [(await desk.asks("GET", "/account")).status for _ in range(4)] == [200] * 4

            refused = await desk.asks("POST", "/alerts", {"at": "07:00"})

            assert (refused.status, refused.headers["retry-after"]) == (429, "1")
            assert refused.headers["content-type"] == "application/problem+json"
            assert "more than 2 times a second" in refused.json["detail"]
            assert "bellwire cloud --limit requests=4" in refused.json["detail"]
            assert (await desk.asks("GET", "/account", token="office")).status == 200
            assert (await desk.asks("GET", "/account", token="home2")).status == 429
            desk.waits(0.5)
            assert [(await desk.asks("GET", "/account")).status for _ in range(2)] == [200, 429]
            desk.waits(60)
            assert [(await desk.asks("GET", "/alerts")).json for _ in range(4)] == [{"alerts": [], "next": None}] * 4

    asyncio.run(scene())


def test_whoever_shows_no_good_token_uses_nothing_up(tmp_path: Path) -> None:
    async def scene() -> None:
        async with api_desk(tmp_path, requests=FOUR_AND_TWO_A_SECOND) as desk:
            for _ in range(10):
                assert (await desk.asks("GET", "/account", token="wrong")).status == 401
            assert (await desk.asks("GET", "/account")).status == 200

    asyncio.run(scene())


def test_the_default_is_fifty_a_second_and_two_hundred_at_once() -> None:
    rate = Limits().requests

    assert (rate.most, rate.most / rate.per.total_seconds()) == (200, 50)


def test_options_name_every_method_of_a_path(tmp_path: Path) -> None:
    async def scene() -> None:
        async with api_desk(tmp_path) as desk:
            for path, methods in (
                ("/alerts", "GET, OPTIONS, POST"),
                ("/alerts/x", "DELETE, GET, OPTIONS, PATCH"),
                ("/devices/x", "DELETE, GET, OPTIONS, PATCH"),
                ("/account", "GET, OPTIONS, PATCH"),
            ):
                call = await desk.asks("OPTIONS", path)
                assert (call.status, call.headers["allow"]) == (204, methods)

    asyncio.run(scene())
