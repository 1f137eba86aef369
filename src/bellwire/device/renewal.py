"""Keeps a speaker's tokens fresh: performs what `credentials` decides.

It knows the clock, the disk and the authorization server; it must not know a rule of when to ask.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

import structlog

from bellwire.device import credentials
from bellwire.device.credentials import Input, Pair
from bellwire.device.grant import Failed, Grant, Refused
from bellwire.device.storage import StorageError
from bellwire.device.timer import Clock
from bellwire.device.token_file import TokenFile, Tokens

log = structlog.get_logger()

Renewed = Callable[[str], Awaitable[Grant | Refused | Failed]]
"""Asks for the pair that follows a refresh token (`AuthorizationServer.renewed`)."""


class Renewal:
    """Holds the token that is used now. All methods are called on the event loop."""

    def __init__(
        self,
        file: TokenFile,
        tokens: Tokens,
        clock: Clock,
        renewed: Renewed,
        *,
        chance: Callable[[], float],
        on_use: Callable[[], object],
        on_log_out: Callable[[], object],
    ) -> None:
        """`tokens` are those of the `file`; `chance` draws a number from 0 to 1.

        `on_use` is told when requests that were refused may be tried again; `on_log_out` when the cloud has ended the
        pairing: it deletes what the speaker has of the account, as far as the disk lets it; then the tokens go.
        """
        self._file = file
        self._tokens = tokens
        self._clock = clock
        self._renewed = renewed
        self._chance = chance
        self._on_use = on_use
        self._on_log_out = on_log_out
        self._news = asyncio.Event()
        self._asking: str | None = None
        pair = Pair(tokens.access_token, tokens.refresh_token)
        left = tokens.left(clock.wall())
        self._state = credentials.begin(pair, tokens.lifetime, left, clock.monotonic(), chance())

    @property
    def device_id(self) -> str:
        """Whose the tokens are; empty where the cloud has not said it."""
        return self._tokens.device_id

    def authorization(self) -> str:
        """The header of every request, as it is now."""
        return f"Bearer {self._state.pair.access_token}"

    def unauthorized(self, authorization: str) -> None:
        """The cloud refused a request that carried this header."""
        if authorization == self.authorization():
            self._happens(credentials.Unauthorized(authorization.removeprefix("Bearer ")))
        else:  # it was renewed while the request was under way
            self._on_use()

    async def run(self) -> None:
        """Renews, until it is cancelled. A bug in one try must not end the speaker: it is logged, and tried again."""
        while True:
            try:
                await self._renew_or_wait()
            except Exception:
                log.exception("renewing the token failed")
                self._happens(Failed("a bug, which is in the log"))

    async def _renew_or_wait(self) -> None:
        if self._asking is None:
            await self._something_new()
            self._happens(credentials.Woke())
            return
        refresh_token, self._asking = self._asking, None
        answer = await self._renewed(refresh_token)
        if not isinstance(answer, Grant):
            log.warning("token not renewed", reason=answer.why if isinstance(answer, Refused) else answer.reason)
        self._happens(answer)

    async def _something_new(self) -> None:
        self._news.clear()
        wake_at = self._state.wake_at
        with suppress(TimeoutError):
            async with asyncio.timeout(None if wake_at is None else max(0.0, wake_at - self._clock.monotonic())):
                await self._news.wait()

    def _happens(self, happened: Input) -> None:
        self._state, done = credentials.step(self._state, happened, self._clock.monotonic(), self._chance())
        self._news.set()
        for output in done:
            match output:
                case credentials.Ask(refresh_token):
                    self._asking = refresh_token
                case credentials.Write(fresh):
                    self._happens(self._written(fresh))
                case credentials.Use():
                    log.info("token renewed")
                    self._on_use()
                case credentials.LogOut():
                    self._log_out()

    def _written(self, fresh: credentials.Fresh) -> credentials.Written | credentials.NotWritten:
        tokens = replace(
            self._tokens,
            access_token=fresh.pair.access_token,
            refresh_token=fresh.pair.refresh_token,
            issued_at=self._clock.wall(),
            lifetime=fresh.lifetime,
        )
        try:
            self._file.write(tokens)
        except StorageError as error:
            log.critical("token not kept, and so not used", reason=str(error))
            return credentials.NotWritten()
        self._tokens = tokens
        return credentials.Written()

    def _log_out(self) -> None:
        log.warning("logged out: the cloud has ended this speaker's pairing")
        self._on_log_out()
        try:
            self._file.delete()
        except StorageError as error:
            # They are worth nothing any more: the next start finds that out again.
            log.warning("tokens not deleted", reason=str(error))
