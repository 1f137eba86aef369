"""A speaker in a process of its own, as its face has it."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bellwire.cli.processes import free_port
from bellwire.cli.settings import Settings
from bellwire.cli.speaker_link import SpeakerLink


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of a speaker whose cloud is away."""
    return Settings(
        cloud=f"https://localhost:{free_port()}",
        access_token="t",
        profile="tvs-2020",
        folder=str(tmp_path / "speaker"),
        ca=None,
        output="null",
        record=None,
        json=True,
        has_face=True,
    )


class Ear:
    """What a link says, as it comes."""

    def __init__(self, link: SpeakerLink) -> None:
        self._events = link.events()

    async def until(self, name: str) -> dict[str, Any]:
        async with asyncio.timeout(30):
            async for event in self._events:
                if event["event"] == name:
                    return event
        raise AssertionError(f"no {name}")

    async def rest(self) -> None:
        async with asyncio.timeout(30):
            async for _ in self._events:
                pass


def pid_of(link: SpeakerLink) -> int:
    assert link._process is not None
    return link._process.pid


def test_before_it_has_begun_nothing_is_heard_and_nothing_ends(settings: Settings) -> None:
    link = SpeakerLink(settings)
    link.say("softer")
    assert asyncio.run(link.end()) == 0


def with_speaker(settings: Settings, act: Callable[[SpeakerLink, Ear], Awaitable[None]]) -> int:
    async def evening() -> int:
        link = SpeakerLink(settings)
        ear = Ear(link)
        await act(link, ear)
        code = await link.end()
        await ear.rest()
        return code

    return asyncio.run(evening())


def test_it_says_what_happens_and_hears_words(settings: Settings) -> None:
    async def act(link: SpeakerLink, ear: Ear) -> None:
        await ear.until("disconnected")
        link.say("softer")
        assert (await ear.until("volume"))["volume"] == 90
        link.say("delete", "a")
        await ear.until("not_deleted")

    assert with_speaker(settings, act) == 0


def test_after_its_end_nothing_is_heard(settings: Settings) -> None:
    async def act(link: SpeakerLink, ear: Ear) -> None:
        await ear.until("disconnected")
        assert await link.end() == 0
        link.say("softer")

    assert with_speaker(settings, act) == 0


def test_one_that_is_killed_is_over(settings: Settings) -> None:
    async def act(link: SpeakerLink, ear: Ear) -> None:
        await ear.until("disconnected")
        os.kill(pid_of(link), signal.SIGKILL)
        await ear.rest()

    assert with_speaker(settings, act) == -signal.SIGKILL


def test_one_that_does_not_end_is_killed(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bellwire.cli.speaker_link.TO_END", 0.05)

    async def act(link: SpeakerLink, ear: Ear) -> None:
        await ear.until("disconnected")
        os.kill(pid_of(link), signal.SIGSTOP)

    assert with_speaker(settings, act) == -signal.SIGKILL


def test_a_face_that_is_gone_takes_the_speaker_with_it(settings: Settings) -> None:
    async def act(link: SpeakerLink, ear: Ear) -> None:
        await ear.until("disconnected")
        assert link._process is not None
        assert link._process.stdin is not None
        link._process.stdin.close()
        await ear.rest()

    assert with_speaker(settings, act) == 0


class Terminal:
    """A stderr that is one, as far as anybody can tell."""

    def isatty(self) -> bool:
        return True


def test_why_it_could_not_start(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(link: SpeakerLink, ear: Ear) -> None:
        await ear.until("disconnected")
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", Terminal())
            other = SpeakerLink(settings)
            await Ear(other).rest()
        assert await other.end() == 1
        assert other.last_words.startswith("bellwire: ")
        assert "another speaker runs on this data folder" in other.last_words

    assert with_speaker(settings, act) == 0


def test_what_is_wrong_is_among_what_it_says(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no sound card where this runs, or it is not looked for: so what is logged is made here."""

    async def act() -> list[dict[str, Any]]:
        link = SpeakerLink(settings)
        code = "import sys; sys.stderr.write(sys.argv[1])"
        lines = (
            '{"event":"fine","level":"info","timestamp":"2030-06-01T07:00:00Z"}\n'
            '{"event":"asset not fetched","reason":"too slow","level":"warning","timestamp":"2030-06-01T07:00:00Z"}\n'
            '{"event":"a bug","exception":[{}],"level":"error","timestamp":"2030-06-01T07:00:00Z"}\n'
            "no JSON\n"
            "7\n"
        )
        monkeypatch.setattr("bellwire.cli.speaker_link.command_of", lambda *_: [sys.executable, "-c", code, lines])
        monkeypatch.setattr(sys, "stderr", Terminal())
        said = [event async for event in link.events()]
        assert (await link.end(), link.last_words) == (0, "no JSON")
        return said

    assert asyncio.run(act()) == [
        {"at": "2030-06-01T07:00:00Z", "event": "log", "text": "asset not fetched: too slow"},
        {"at": "2030-06-01T07:00:00Z", "event": "log", "text": "a bug"},
    ]


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize("length", [2**20, 2**21, 2**21 + 1, 2**23])
def test_a_line_that_is_far_too_long_is_left_out(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, stream: str, length: int
) -> None:
    """A cloud may say 8 MB at once, and call itself, or a field, by all of them."""
    code = (
        "import json, sys\n"
        "for name in ('first', 'x' * int(sys.argv[2]), 'last'):\n"
        "    print(json.dumps({'event': name, 'level': 'error', 'timestamp': 'now'}),"
        " file=getattr(sys, sys.argv[1]))"
    )

    async def act() -> list[str]:
        link = SpeakerLink(settings)
        command = [sys.executable, "-c", code, stream, str(length)]
        monkeypatch.setattr("bellwire.cli.speaker_link.command_of", lambda *_: command)
        monkeypatch.setattr(sys, "stderr", Terminal())
        said = [event.get("text") or event["event"] async for event in link.events()]
        assert await link.end() == 0
        return said

    assert asyncio.run(act()) == ["first", "last"]
