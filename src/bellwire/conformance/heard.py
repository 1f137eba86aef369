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
        return _object(self.said.get("header"))

    @property
    def payload(self) -> Json:
        """Its payload; empty where it has none, or one that is no object."""
        return _object(self.said.get("payload"))

    @property
    def name(self) -> str:
        """``Alerts.SetAlert``."""
        return f"{self.header.get('namespace')}.{self.header.get('name')}"

    @property
    def tokens(self) -> tuple[str, ...]:
        """The alerts that it is about."""
        several = self.payload.get("tokens")
        named = [self.payload.get("token"), *(several if isinstance(several, list) else ())]
        return tuple(token for token in named if isinstance(token, str))

    def state(self) -> Json | None:
        """The device's alerts, as the context of this event has them; None where it has none."""
        for entry in self.context if isinstance(self.context, list) else ():
            if _object(_object(entry).get("header")).get("name") == "AlertsState":
                return _object(entry.get("payload"))
        return None

    @property
    def shown(self) -> tuple[Json, ...]:
        """The alerts in its context, as far as there are any that can be read."""
        return _objects((self.state() or {}).get("allAlerts"))

    @property
    def active(self) -> tuple[Json, ...]:
        """Those of them that ring."""
        return _objects((self.state() or {}).get("activeAlerts"))

    @property
    def listed(self) -> tuple[Json, ...]:
        """The alerts in its payload, of a list."""
        return _objects(self.payload.get("allAlerts"))


def tokens_in(alerts: tuple[Json, ...]) -> list[Any]:
    """Of each of these alerts what it has for a token."""
    return [alert.get("token") for alert in alerts]


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> tuple[Json, ...]:
    return tuple(each for each in value if isinstance(each, dict)) if isinstance(value, list) else ()


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
        self.waiting: list[Heard] = []
        """What nobody has taken yet, in the order in which it came."""
        self._news = asyncio.Event()

    def add(self, message: Heard) -> None:
        """It has come."""
        self.waiting.append(message)
        self._news.set()

    def clear(self) -> None:
        """A new case: what came before is another one's."""
        self.waiting.clear()

    async def take(self, name: str, token: str | None = None, *, within: float | None = None) -> Heard:
        """The next message of this name, about this alert where one is named. Raises Unmet when none comes."""
        limit = self.patience if within is None else within
        wanted = _wanted(name, token)
        try:
            async with asyncio.timeout(limit):
                while (found := next(filter(wanted, self.waiting), None)) is None:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise Unmet(f"{_named(name, token)} within {limit:g} s", self._what_came()) from None
        self.waiting.remove(found)
        return found

    async def none(self, name: str, token: str | None = None, *, within: float) -> None:
        """Wait so many seconds. Raises Unmet when such a message comes meanwhile."""
        try:
            await self.take(name, token, within=within)
        except Unmet:
            return
        raise Unmet(f"no {_named(name, token)} within {within:g} s", "it came")

    def _what_came(self) -> str:
        if not self.waiting:
            return "nothing"
        return ", ".join(_named(each.name, *each.tokens[:1]) for each in self.waiting[-10:])


def _wanted(name: str, token: str | None) -> Callable[[Heard], bool]:
    return lambda heard: heard.name == name and (token is None or token in heard.tokens)


def _named(name: str, token: str | None = None) -> str:
    return name if token is None else f"{name} of {token[:40]}"
