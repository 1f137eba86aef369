"""The face with somebody at its keys, without a terminal: what is shown, and what the speaker is told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Static

from bellwire.cli.large_letters import large
from bellwire.cli.terminal_face import PARTS, Question, TerminalFace

NOW = datetime(2030, 6, 1, 7, 0, tzinfo=UTC)
AT = NOW.isoformat()


class FakeLink:
    """A speaker that says what a test wants it to."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.is_heard = True
        """All that was said was taken, too."""
        self._said: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

    def says(self, event: str, **facts: object) -> None:
        self.is_heard = False
        self._said.put_nowait({"at": AT, "event": event, **facts})

    def ends(self) -> None:
        self._said.put_nowait(None)

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        while (event := await self._said.get()) is not None:
            yield event
            self.is_heard = self._said.empty()

    def say(self, word: str, about: str = "") -> None:
        self.told.append(f"{word} {about}".strip())

    async def end(self) -> int:
        self.told.append("end")
        return 3


class Room:
    """A face, the speaker behind it, and somebody before it."""

    def __init__(self, face: TerminalFace, link: FakeLink, pilot: Pilot[int]) -> None:
        self.face = face
        self.link = link
        self.pilot = pilot

    def part(self, name: str) -> str:
        widget = self.face.screen_stack[0].query_one(f"#{name}", Static)
        return str(widget.content) if widget.display else ""

    async def says(self, event: str, **facts: object) -> None:
        self.link.says(event, **facts)
        await self.seen()

    async def seen(self) -> None:
        """All that was said is shown."""
        while not self.link.is_heard or self.face._is_stale:
            await self.pilot.pause()

    async def sets(self, token: str, ahead: timedelta, label: str = "") -> None:
        time = (NOW + ahead).isoformat()
        await self.says("set", token=token, kind="ALARM", label=label, scheduled_time=time)

    async def presses(self, *keys: str) -> list[str]:
        """What the speaker is told then."""
        before = len(self.link.told)
        await self.pilot.press(*keys)
        await self.pilot.pause()
        return self.link.told[before:]


def in_room(
    act: Callable[[Room], Awaitable[None]], size: tuple[int, int] = (80, 24), *, is_paired: bool = True
) -> int | None:
    """Gives the exit code of the face, if it has ended."""

    async def evening() -> int | None:
        link = FakeLink()
        face = TerminalFace(link, "https://cloud:8443", is_paired=is_paired, now=lambda: NOW)
        async with face.run_test(size=size) as pilot:
            await act(Room(face, link, pilot))
        return face.return_value

    return asyncio.run(evening())


RINGS = {"token": "a", "kind": "ALARM", "label": "Tea", "late_ms": 1.5}
STOPPED = {"token": "a", "kind": "ALARM", "label": "Tea"}


def test_an_alarm_from_set_to_stopped() -> None:
    async def act(room: Room) -> None:
        assert "looking for https://cloud:8443" in room.part("status")
        assert "No alert is set" in room.part("alerts")
        await room.says("connected", cloud="https://cloud:8443")
        assert "connected to https://cloud:8443" in room.part("status")
        await room.sets("a", timedelta(seconds=90), "Tea")
        assert "in 1 min 30 s" in room.part("alerts")
        assert not room.part("ring")
        await room.says("ringing", **RINGS)
        assert large("ALARM")[0] in room.part("ring")
        assert "Tea" in room.part("ring")
        assert await room.presses("s") == ["stop"]
        await room.says("stopped", **STOPPED)
        assert not room.part("ring")
        assert "over" in room.part("alerts")

    in_room(act)


def test_each_key_tells_the_speaker() -> None:
    async def act(room: Room) -> None:
        words = {"m": "mute", "plus": "louder", "equals_sign": "louder", "minus": "softer", "u": "unplug", "t": "talk"}
        for key, word in {**words, "z": "snooze", "n": "do-not-disturb", "h": "hush", "S": "stop"}.items():
            assert await room.presses(key) == [word]
        assert await room.presses("x", "d", "up", "pageup") == []

    in_room(act)


def test_delete_means_what_rings_else_the_chosen_one_else_the_next_one() -> None:
    async def act(room: Room) -> None:
        for number, token in enumerate(("a", "b", "c"), 1):
            await room.sets(token, timedelta(hours=number))
        assert await room.presses("d") == ["delete a"]
        assert await room.presses("down", "down", "down", "d") == ["delete c"]
        assert await room.presses("up", "d") == ["delete b"]
        await room.says("ringing", **RINGS)
        assert await room.presses("down", "d") == ["delete a"]
        await room.says("stopped", **STOPPED)
        assert await room.presses("d") == ["delete b"]
        await room.says("removed", token="b", kind="ALARM", label="")
        assert await room.presses("d") == ["delete c"]

    in_room(act)


def test_logging_out_is_asked_about() -> None:
    async def act(room: Room) -> None:
        for key in ("n", "escape"):
            assert await room.presses("l") == []
            assert isinstance(room.face.screen, Question)
            assert await room.presses("s", key) == []
            assert not isinstance(room.face.screen, Question)
        await room.presses("l")
        await room.says("connected", cloud="https://cloud:8443")
        assert "connected" in room.part("status")
        assert await room.presses("y") == ["log-out"]

    in_room(act)


def test_a_code_is_all_that_there_is_until_it_is_confirmed() -> None:
    async def act(room: Room) -> None:
        assert "for a code" in room.part("code")
        code = {"user_code": "BCDF-GHJK", "verification_uri": "https://cloud/pair", "expires_in": 900}
        await room.says("code", **code, verification_uri_complete="https://cloud/pair?user_code=BCDF-GHJK")
        assert "BCDF-GHJK" in room.part("code")
        assert not any(room.part(part) for part in PARTS)
        assert await room.presses("s", "m", "d", "l") == []
        large_page = room.part("code")
        await room.pilot.resize_terminal(30, 12)
        assert "█" in large_page
        assert "█" not in room.part("code")
        await room.says("paired", device_id="d")
        assert not room.part("code")
        assert "○ look" in room.part("status")

    in_room(act, is_paired=False)


def test_it_is_laid_out_for_each_size_and_messages_can_be_looked_back_at() -> None:
    async def act(room: Room) -> None:
        for number in range(50):
            room.link.says("message", direction="event", name=f"Alerts.Number{number}", payload="")
        await room.seen()
        assert "Number49" in room.part("log")
        await room.presses("pageup", "pageup")
        assert "Number49" not in room.part("log")
        room.face.action_look_back(50)
        assert "Number0\n" in room.part("log")
        room.face.action_look_back(-60)
        assert "Number49" in room.part("log")
        await room.pilot.resize_terminal(40, 8)
        assert not room.part("clock")
        assert sum(len(room.part(part).splitlines()) for part in PARTS) <= 8

    in_room(act)


def test_what_is_said_is_no_markup() -> None:
    async def act(room: Room) -> None:
        await room.sets("a", timedelta(hours=1), "[b]x[/b] [/no] \x1b[2J")
        assert "[b]x[/b] [/no] \N{REPLACEMENT CHARACTER}[2J" in room.part("alerts")

    in_room(act)


def test_a_key_ends_it_with_the_speaker() -> None:
    async def act(room: Room) -> None:
        assert await room.presses("q", "q") == ["end"]

    assert in_room(act) == 3


def test_it_ends_when_the_speaker_has_ended() -> None:
    async def act(room: Room) -> None:
        room.link.ends()
        await room.pilot.pause()
        assert room.link.told == ["end"]

    assert in_room(act) == 3
