"""A message as it came, unjudged, and a list of them to wait on.

It knows header, payload and context as JSON; it must not know what is right about them.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bellwire.conformance.case import Unmet

Json = dict[str, Any]


@dataclass(frozen=True)
class Heard:
    """One directive or event."""

    raw: bytes
    """The JSON as it came."""
    at: datetime
    said: Json
    """Header and payload."""
    context: Any = None
    """Of an event; None: it came without."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of the part, or of the request, that it came in."""
    connection: int = 0
    """Which connection it came over, counted from 1."""

    @property
    def header(self) -> Json:
        """Its header."""
        header: Json = self.said["header"]
        return header

    @property
    def payload(self) -> Json:
        """Its payload; empty where it has none."""
        payload: Json = self.said.get("payload") or {}
        return payload

    @property
    def name(self) -> str:
        """``Alerts.SetAlert``."""
        return f"{self.header.get('namespace')}.{self.header.get('name')}"

    @property
    def tokens(self) -> tuple[str, ...]:
        """The alerts that it is about."""
        token = self.payload.get("token")
        several = self.payload.get("tokens")
        return (token,) if isinstance(token, str) else tuple(several) if isinstance(several, list) else ()

    def state(self) -> Json | None:
        """The device's alerts, as the context of this event has them; None where it has none."""
        for entry in self.context if isinstance(self.context, list) else ():
            if entry.get("header", {}).get("name") == "AlertsState":
                state: Json = entry.get("payload") or {}
                return state
        return None


def read(raw: bytes, key: str) -> Json | None:
    """The object under `event` or `directive`, where that has a header; None where it is nothing of the kind."""
    try:
        body = json.loads(raw)
    except ValueError:
        return None
    said = body.get(key) if isinstance(body, dict) else None
    return body if isinstance(said, dict) and isinstance(said.get("header"), dict) else None


class Messages:
    """What has come and was not taken yet; each is taken once."""

    def __init__(self, patience: float) -> None:
        """`patience`: seconds that something which must come may take."""
        self.patience = patience
        self._waiting: list[Heard] = []
        self._news = asyncio.Event()

    def add(self, message: Heard) -> None:
        """It has come."""
        self._waiting.append(message)
        self._news.set()

    def clear(self) -> None:
        """A new case: what came before is another one's."""
        self._waiting.clear()

    async def take(self, name: str, token: str | None = None, *, within: float | None = None) -> Heard:
        """The next message of this name, about this alert where one is named. Raises Unmet when none comes."""
        limit = self.patience if within is None else within
        wanted = _wanted(name, token)
        try:
            async with asyncio.timeout(limit):
                while (found := next(filter(wanted, self._waiting), None)) is None:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise Unmet(f"{_named(name, token)} within {limit:g} s", self._what_came()) from None
        self._waiting.remove(found)
        return found

    async def none(self, name: str, token: str | None = None, *, within: float) -> None:
        """Wait so many seconds. Raises Unmet when such a message comes meanwhile."""
        try:
            await self.take(name, token, within=within)
        except Unmet:
            return
        raise Unmet(f"no {_named(name, token)} within {within:g} s", "it came")

    def _what_came(self) -> str:
        if not self._waiting:
            return "nothing came"
        return "came: " + ", ".join(_named(each.name, *each.tokens[:1]) for each in self._waiting[-10:])


def _wanted(name: str, token: str | None) -> Callable[[Heard], bool]:
    return lambda heard: heard.name == name and (token is None or token in heard.tokens)


def _named(name: str, token: str | None = None) -> str:
    return name if token is None else f"{name} of {token[:40]}"
