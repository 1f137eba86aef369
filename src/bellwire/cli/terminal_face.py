"""The face of a speaker on a terminal: shows it live, and has keys for its buttons.

It knows keys and when to draw; it must not know how a part looks (`face_layout`), what a line of the speaker means
(`shown`), nor where the speaker runs.
"""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any, ClassVar, Protocol

from rich.text import Text
from textual import events
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Middle
from textual.screen import ModalScreen
from textual.widgets import Static

from bellwire.cli.face_layout import (
    alert_lines,
    clock_lines,
    code_lines,
    keys_lines,
    keys_of,
    log_lines,
    ring_lines,
    rooms,
    status_line,
)
from bellwire.cli.keys import Word
from bellwire.cli.shown import Shown

PARTS = ("status", "clock", "ring", "alerts", "log", "keys")


class Link(Protocol):
    """The speaker at the other end."""

    def events(self) -> AsyncIterator[dict[str, Any]]:
        """What it says, until it has ended."""

    def say(self, word: str, about: str = "") -> None:
        """A word for it, and the token of the alert that is meant."""

    async def end(self) -> int:
        """See to it that it ends; gives its exit code."""


class Question(ModalScreen[bool]):
    """Whether somebody means it."""

    CSS = """
    Question { align: center middle; }
    Question Static { text-wrap: wrap; }
    Question Middle { width: 60; max-width: 100%; height: auto; border: heavy ansi_red; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [("y", "dismiss(True)"), ("n,escape,q,ctrl+c", "dismiss(False)")]

    def __init__(self, question: str, yes: str) -> None:
        super().__init__()
        self._question = question
        self._yes = yes

    def compose(self) -> ComposeResult:
        """The question, and the keys that answer it."""
        with Middle():
            yield Static(
                Text.assemble(
                    (self._question, "bold"),
                    "\n\n",
                    ("y", "bold reverse"),
                    f" {self._yes}  ",
                    ("n", "bold reverse"),
                    " no",
                )
            )


class TerminalFace(App[int]):
    """Runs until the speaker has ended; gives its exit code."""

    CSS = """
    Screen { layout: vertical; overflow: hidden; }
    Static { width: 100%; height: auto; text-wrap: nowrap; text-overflow: ellipsis; }
    """
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        ("s,S", "press('stop')"),
        ("z,Z", "press('snooze')"),
        ("d,D", "delete"),
        ("m,M", "press('mute')"),
        ("plus,equals_sign", "press('louder')"),
        ("minus", "press('softer')"),
        ("n,N", "press('do-not-disturb')"),
        ("u,U", "press('unplug')"),
        ("t,T", "press('talk')"),
        ("h,H", "press('hush')"),
        ("l,L", "log_out"),
        ("q,Q,ctrl+c,ctrl+q", "leave"),
        ("up,k", "choose(-1)"),
        ("down,j", "choose(1)"),
        ("pageup", "look_back(1)"),
        ("pagedown", "look_back(-1)"),
    ]

    def __init__(
        self, link: Link, cloud: str, *, is_paired: bool = True, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        super().__init__(ansi_color=True)
        self.theme = "ansi-dark"
        self._link = link
        self._now = now
        self._shown = Shown(cloud, is_pairing=not is_paired)
        self._chosen: str | None = None
        self._back = 0
        self._is_stale = False
        self._is_leaving = False

    def compose(self) -> ComposeResult:
        """A part each, from top to bottom."""
        for part in (*PARTS, "code"):
            yield Static(id=part, markup=False)

    def on_mount(self) -> None:
        """The speaker starts; the clock is drawn at each full second."""
        self.run_worker(self._follow(), exit_on_error=True)
        self._tick()

    async def _follow(self) -> None:
        async for event in self._link.events():
            self._shown.take(event)
            if not self._is_stale:  # a thousand alerts at once are drawn once
                self._is_stale = True
                self.call_later(self.draw)
        self.exit(await self._link.end())

    def _tick(self) -> None:
        self.draw()
        self.set_timer(1 - self._now().microsecond / 1_000_000, self._tick)

    def on_resize(self, _event: events.Resize) -> None:
        """All of it is laid out anew, once the new size is known everywhere."""
        self.call_later(self.draw)

    def draw(self) -> None:
        """Show what there is to be shown, now."""
        self._is_stale = False
        columns, rows = self.size
        lines = self._lines(columns, rows)
        for part in (*PARTS, "code"):
            widget = self.screen_stack[0].query_one(f"#{part}", Static)
            widget.display = bool(lines.get(part))
            widget.update(Text("\n").join(lines.get(part, ())))

    def _lines(self, columns: int, rows: int) -> dict[str, list[Text]]:
        shown, now = self._shown, self._now()
        if shown.is_pairing:
            return {"code": code_lines(shown, columns, rows)}
        room = rooms(shown, columns, rows)
        self._back = max(min(self._back, len(shown.log) - room.log + 1), 0)
        return {
            "status": [status_line(shown, now, columns, with_time=not room.clock)],
            "clock": clock_lines(now, columns) if room.clock else [],
            "ring": ring_lines(shown, now, columns, room.ring),
            "alerts": _filled(alert_lines(shown, now, columns, room.alerts, self._chosen_token), room.alerts),
            "log": _filled(log_lines(list(shown.log), columns, room.log, self._back), room.log),
            "keys": keys_lines(columns, keys_of(shown))[: room.keys],
        }

    @property
    def _chosen_token(self) -> str | None:
        """The alert that delete means: what rings, else the one that was chosen, else the next one."""
        if self._shown.what_rings is not None:
            return self._shown.ringing
        if self._chosen in self._shown.alerts:
            return self._chosen
        return next((alert.token for alert in self._shown.in_turn), None)

    def action_press(self, word: Word) -> None:
        """A button that needs no more words."""
        if not self._shown.is_pairing:
            self._link.say(word)

    def action_delete(self) -> None:
        """Delete what rings, or the chosen alert."""
        if self._chosen_token is not None:
            self._link.say("delete", self._chosen_token)

    def action_choose(self, step: int) -> None:
        """Another alert is meant."""
        tokens = [alert.token for alert in self._shown.in_turn]
        if tokens and self._shown.what_rings is None:
            place = tokens.index(self._chosen_token or tokens[0]) + step
            self._chosen = tokens[min(max(place, 0), len(tokens) - 1)]
            self.draw()

    def action_look_back(self, pages: int) -> None:
        """Messages that were said before, or after, those that are seen."""
        self._back += pages * max(rooms(self._shown, *self.size).log - 2, 1)
        self.draw()

    def action_log_out(self) -> None:
        """Log out, if somebody means it."""

        def answered(is_meant: bool | None) -> None:
            if is_meant:
                self._link.say("log-out")

        if not self._shown.is_pairing:
            question = "Log out? Alerts, sounds and tokens are deleted from this speaker, and it is to be paired anew."
            self.push_screen(Question(question, "log out"), answered)

    def leave(self) -> None:
        """The same as the key."""
        self.run_worker(self.action_leave())

    async def action_leave(self) -> None:
        """End the speaker, and with it its face."""
        if not self._is_leaving:
            self._is_leaving = True
            self.exit(await self._link.end())


def _filled(lines: list[Text], rows: int) -> list[Text]:
    return [*lines, *(Text() for _ in range(rows - len(lines)))]
