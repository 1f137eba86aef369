"""The keeper of the tokens with a real file, in virtual time, before a cloud that answers as a test says."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from bellwire.device.grant import Failed, Grant, Refused
from bellwire.device.renewal import Renewal
from bellwire.device.token_file import TokenFile, Tokens
from tests.virtual_time import VirtualClock, virtually


class Home:
    """A speaker's tokens, its cloud, and what it was told."""

    def __init__(self, folder: Path) -> None:
        self.clock = VirtualClock()
        self.file = TokenFile(folder)
        self.script: list[Grant | Refused | Failed | Exception] = []
        self.asked: list[tuple[float, str]] = []
        self.told: list[str] = []
        self.seconds = 0.0
        """That the cloud takes for an answer."""
        self.bugs = 0
        """That are met yet when a new pair is used."""

    def paired(self) -> None:
        self.file.write(
            Tokens(
                url="https://cloud",
                profile="p",
                access_token="a0",
                refresh_token="r0",
                issued_at=self.clock.wall(),
                lifetime=1000,
            )
        )

    def boots(self) -> Renewal:
        tokens = self.file.read()
        assert tokens is not None
        return Renewal(
            self.file,
            tokens,
            self.clock,
            self.renewed,
            chance=lambda: 0.5,
            on_use=self.uses,
            on_log_out=lambda: self.told.append(f"logs out, {self.kept} kept"),
        )

    def uses(self) -> None:
        self.told.append(f"uses {self.kept}")
        if self.bugs:
            self.bugs -= 1
            raise LookupError("a bug")

    @property
    def kept(self) -> str | None:
        tokens = self.file.read()
        return tokens.access_token if tokens else None

    async def renewed(self, refresh_token: str) -> Grant | Refused | Failed:
        self.asked.append((self.clock.monotonic(), refresh_token))
        await asyncio.sleep(self.seconds)
        answer = self.script.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


Talk = Callable[[Home, Renewal], Coroutine[Any, Any, None]]


def talk(folder: Path, words: Talk) -> None:
    async def whole() -> None:
        home = Home(folder)
        home.paired()
        renewal = home.boots()
        running = asyncio.create_task(renewal.run())
        await words(home, renewal)
        assert not running.done()
        running.cancel()

    virtually(whole())


def test_it_renews_in_time_and_the_next_boot_has_the_new_pair(tmp_path: Path) -> None:
    async def words(home: Home, renewal: Renewal) -> None:
        home.script = [Grant("a1", 1000, "r1"), Grant("a2", 1000)]
        await asyncio.sleep(799)
        assert (renewal.authorization(), home.asked) == ("Bearer a0", [])
        await asyncio.sleep(2)
        assert (renewal.authorization(), home.told) == ("Bearer a1", ["uses a1"])
        assert home.boots().authorization() == "Bearer a1"
        await asyncio.sleep(800)
        assert home.asked == [(800, "r0"), (1600, "r1")]
        kept = home.file.read()
        assert kept is not None
        assert (kept.access_token, kept.refresh_token, kept.url) == ("a2", "r1", "https://cloud")

    talk(tmp_path, words)


def test_many_refusals_of_one_token_are_one_question(tmp_path: Path) -> None:
    async def words(home: Home, renewal: Renewal) -> None:
        home.script, home.seconds = [Grant("a1", 1000, "r1")], 3
        for _ in range(5):
            renewal.unauthorized("Bearer a0")
            await asyncio.sleep(0.1)
        await asyncio.sleep(5)
        assert home.asked == [(0, "r0")]
        assert home.told == ["uses a1"]

    talk(tmp_path, words)


def test_a_late_refusal_of_the_old_token_is_tried_again_with_the_new_one(tmp_path: Path) -> None:
    async def words(home: Home, renewal: Renewal) -> None:
        home.script = [Grant("a1", 1000, "r1")]
        renewal.unauthorized("Bearer a0")
        await asyncio.sleep(1)
        renewal.unauthorized("Bearer a0")
        assert home.told == ["uses a1", "uses a1"]
        assert len(home.asked) == 1

    talk(tmp_path, words)


def test_a_cloud_that_is_away_is_asked_again(tmp_path: Path) -> None:
    async def words(home: Home, renewal: Renewal) -> None:
        home.script = [Failed("away"), Failed("away", retry_after=30), Grant("a1", 1000, "r1")]
        renewal.unauthorized("Bearer a0")
        await asyncio.sleep(60)
        assert [refresh_token for _, refresh_token in home.asked] == ["r0"] * 3
        first, second, third = (time for time, _ in home.asked)
        assert second - first < 1
        assert third - second == pytest.approx(30)
        assert renewal.authorization() == "Bearer a1"

    talk(tmp_path, words)


def test_a_bug_in_one_try_is_a_failed_try(tmp_path: Path) -> None:
    async def words(home: Home, renewal: Renewal) -> None:
        home.script = [LookupError("a bug"), Grant("a1", 1000, "r1")]
        renewal.unauthorized("Bearer a0")
        await asyncio.sleep(60)
        assert [refresh_token for _, refresh_token in home.asked] == ["r0"] * 2
        assert renewal.authorization() == "Bearer a1"

    talk(tmp_path, words)


def test_a_bug_in_what_a_new_pair_leads_to_ends_nothing(tmp_path: Path) -> None:
    async def words(home: Home, renewal: Renewal) -> None:
        home.script, home.bugs = [Grant("a1", 1000, "r1"), Grant("a2", 1000, "r2")], 1
        renewal.unauthorized("Bearer a0")
        await asyncio.sleep(60)
        assert (renewal.authorization(), home.kept) == ("Bearer a2", "a2")

    talk(tmp_path, words)


def test_a_disk_that_fails_keeps_the_new_pair_from_being_used(tmp_path: Path) -> None:
    async def words(home: Home, renewal: Renewal) -> None:
        obstacle = tmp_path / "tokens.new"
        obstacle.mkdir()
        home.script = [Grant("a1", 1000, "r1")]
        renewal.unauthorized("Bearer a0")
        await asyncio.sleep(30)
        assert (renewal.authorization(), home.kept, home.told) == ("Bearer a0", "a0", [])
        obstacle.rmdir()
        await asyncio.sleep(100)
        assert (renewal.authorization(), home.told) == ("Bearer a1", ["uses a1"])
        assert len(home.asked) == 1

    talk(tmp_path, words)


def test_an_ended_pairing_takes_the_tokens_last(tmp_path: Path) -> None:
    async def words(home: Home, renewal: Renewal) -> None:
        home.script = [Refused("invalid_grant", "revoked")]
        renewal.unauthorized("Bearer a0")
        await asyncio.sleep(100_000)
        assert home.told == ["logs out, a0 kept"]
        assert home.kept is None
        assert len(home.asked) == 1

    talk(tmp_path, words)


def test_it_goes_on_after_a_cut_while_the_cloud_answered(tmp_path: Path) -> None:
    async def words(home: Home, renewal: Renewal) -> None:
        home.script, home.seconds = [Grant("lost", 1000, "lost"), Grant("a1", 1000, "r1")], 2
        first = asyncio.create_task(home.boots().run())
        await asyncio.sleep(801)
        first.cancel()
        home.script.pop(0)
        again = asyncio.create_task(home.boots().run())
        await asyncio.sleep(3)
        assert home.kept == "a1"
        again.cancel()

    async def whole() -> None:
        home = Home(tmp_path)
        home.paired()
        await words(home, home.boots())

    virtually(whole())
