"""Feeds: an account's alerts as a calendar at a secret address, to which any calendar program can subscribe.

It knows HTTP as such programs speak it; it must not know what is in a calendar. The address is the right to read it, so
it is never logged; of its secret only the SHA-256 is kept.
"""

import math
from collections.abc import Callable
from datetime import datetime

import structlog

from bellwire.cloud.asgi import Header, Receive, Scope, Send, answer, header, peer_of
from bellwire.cloud.attempts import Attempts
from bellwire.cloud.auth import hash_of
from bellwire.cloud.calendar_files import CalendarFiles
from bellwire.cloud.config import Limits
from bellwire.cloud.rates import neighbours
from bellwire.cloud.refusal import Refusal
from bellwire.cloud.store.calendars import account_by_feed
from bellwire.cloud.store.errors import StoreError
from bellwire.cloud.store.sqlite import SqliteStore

log = structlog.get_logger()

FEED_PATH = "/feeds/"
SUFFIX = ".ics"
CALENDAR_TYPE = "text/calendar; charset=utf-8"
_LONGEST = 100
"""Characters of a secret."""
_TEXT: Header = (b"content-type", b"text/plain; charset=utf-8")


class Feeds:
    """The feeds of all accounts."""

    def __init__(
        self, store: SqliteStore, calendars: CalendarFiles, limits: Limits, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._calendars = calendars
        self._clock = clock
        self._looks = Attempts(limits.feeds)
        self._wrong = Attempts(limits.feeds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for a feed, as an ASGI application."""
        if scope["method"] not in {"GET", "HEAD"}:
            await answer(send, 405, [_TEXT, (b"allow", b"GET, HEAD")], b"a feed is read with GET\n")
            return
        try:
            account_id = await self._account(scope)
            if account_id is None:
                await answer(send, 404, [_TEXT], b"there is no such feed; its address may have been revoked\n")
                return
            await self._give(account_id, scope, send)
        except Refusal as refusal:
            seconds = math.ceil(refusal.wait.total_seconds()) if refusal.wait else 1
            headers = [_TEXT, (b"retry-after", str(seconds).encode())]
            await answer(send, 429, headers, f"{refusal}\n".encode())
        except StoreError as error:
            log.warning("a feed could not be read", error=str(error))
            await answer(send, 503, [_TEXT, (b"retry-after", b"60")], b"the feed cannot be read now; try again soon\n")

    async def _account(self, scope: Scope) -> str | None:
        """Whose feed it is. Who asks too often is refused: for one that is nobody's, by address."""
        secret = scope["path"].removeprefix(FEED_PATH).removesuffix(SUFFIX)
        found = await self._store.read(account_by_feed, hash_of(secret)) if len(secret) <= _LONGEST else None
        if found is None:
            self._wrong.take(neighbours(peer_of(scope)[0]), self._clock())
        else:
            self._looks.take(found, self._clock())
        return found

    async def _give(self, account_id: str, scope: Scope, send: Send) -> None:
        version, alerts, account = await self._calendars.version(account_id)
        tag = f'"{version}"'
        headers: list[Header] = [
            (b"etag", tag.encode()),
            # A program may keep it, and asks before it shows it again.
            (b"cache-control", b"private, no-cache"),
            (b"referrer-policy", b"no-referrer"),
            (b"x-content-type-options", b"nosniff"),
        ]
        if is_known(header(scope, b"if-none-match"), tag):
            await answer(send, 304, headers)
            return
        content = await self._calendars.exported(account, alerts, paused=False)
        headers += [(b"content-type", CALENDAR_TYPE.encode()), (b"content-length", str(len(content)).encode())]
        await answer(send, 200, headers, content if scope["method"] == "GET" else b"")


def is_known(if_none_match: str | None, tag: str) -> bool:
    """Whether a request says that it has this version already (RFC 9110, 13.1.2)."""
    known = [each.strip().removeprefix("W/") for each in (if_none_match or "").split(",")]
    return tag in known or known == ["*"]
