"""All that devices and the cloud say to each other, in the order in which it passes, to be waited for and shown.

It knows names, bytes and what became of each message; it must not know what a message means.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bellwire.emulation.names import NO_MESSAGE

MOST = 5_000
"""Entries that are kept; the oldest go."""
_LONGEST_VALUE = 60
_ARROWS = {"event": ">>", "directive": "<<", "note": "--"}


@dataclass(eq=False)
class Entry:
    """One message, or a note of what went on beside the messages."""

    at: datetime
    """By the cloud's clock."""
    direction: str
    """event, directive or note."""
    name: str
    """``Alerts.SetAlert``; of a note, its words."""
    body: bytes = b""
    device: str | None = None
    """Whose, where that is known."""
    fate: str = ""
    """What became of it: how it was answered, or which fault it met."""
    arrived: bool = False
    """It came where it should: the cloud took the event, or the directive was sent."""
    taken: bool = False
    """Somebody waited for it, and has it."""

    @property
    def message(self) -> Any:
        """Its JSON; None where it is none."""
        with suppress(ValueError, RecursionError):
            return json.loads(self.body)
        return None

    @property
    def payload(self) -> dict[str, Any]:
        """What it carries; empty where that is nothing."""
        message = self.message
        inner = message.get(self.direction, message) if isinstance(message, dict) else {}
        payload = inner.get("payload") if isinstance(inner, dict) else None
        return payload if isinstance(payload, dict) else {}

    def is_about(self, token: str) -> bool:
        """Whether it names this alert."""
        several = self.payload.get("tokens")
        return self.payload.get("token") == token or (isinstance(several, list) and token in several)

    def line(self) -> str:
        """It in one line, for people."""
        payload = " ".join(_short(key, value) for key, value in self.payload.items())
        fate = f" [{self.fate}]" if self.fate else ""
        text = f"{self.at:%H:%M:%S.%f}"[:-3] + f" {_ARROWS[self.direction]} {self.name:30} {payload}".rstrip() + fate
        return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def name_of(body: bytes, direction: str) -> str:
    """``Alerts.AlertStarted``; of what is no message, words that say so."""
    try:
        message = json.loads(body)
        header = message.get(direction, message)["header"]
        return f"{header['namespace']}.{header['name']}"[:200]
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return NO_MESSAGE


class Conversation:
    """What has passed of late."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._entries: deque[Entry] = deque(maxlen=MOST)
        self._news = asyncio.Event()

    def add(self, direction: str, name: str, body: bytes = b"", device: str | None = None) -> Entry:
        """A message passes, or a note is made."""
        entry = Entry(self._clock(), direction, name, body, device)
        self._entries.append(entry)
        return entry

    def note(self, words: str, device: str | None = None) -> None:
        """Something went on beside the messages."""
        self.add("note", words, device=device)

    def arrived(self, entry: Entry) -> None:
        """It came where it should: whoever waits for it may have it."""
        entry.arrived = True
        self._news.set()

    def clear(self) -> None:
        """Forget what was said so far."""
        self._entries.clear()

    @property
    def entries(self) -> list[Entry]:
        """In the order in which they passed."""
        return list(self._entries)

    def lines(self) -> list[str]:
        """All of it for people, a line each."""
        return [entry.line() for entry in self._entries]

    async def take(self, name: str, token: str | None, device: str | None, within: float) -> Entry | None:
        """The first that arrived and nobody has yet, once it is there; None when none comes within so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while (found := self._find(name, token, device)) is None:
                    self._news.clear()
                    await self._news.wait()
                found.taken = True
                return found
        return None

    def not_taken(self) -> list[str]:
        """The names of what has arrived and nobody waited for, the newest last."""
        return [entry.name for entry in self._entries if entry.arrived and not entry.taken]

    def _find(self, name: str, token: str | None, device: str | None) -> Entry | None:
        return next((entry for entry in self._entries if _fits(entry, name, token, device)), None)


def _fits(entry: Entry, name: str, token: str | None, device: str | None) -> bool:
    return (
        entry.arrived
        and not entry.taken
        and entry.name == name
        and (device is None or entry.device == device)
        and (token is None or entry.is_about(token))
    )


def _short(key: str, value: object) -> str:
    if isinstance(value, list | dict):
        return f"{key}[{len(value)}]"
    text = value if isinstance(value, str) else json.dumps(value)
    text = text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
    return f'{key}="{text}"' if " " in text else f"{key}={text}"
