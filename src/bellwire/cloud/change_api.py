"""The changes of the account as they happen, as a route of the account API: a stream of server-sent events.

It knows one answer that goes on and on; it must not know what a change is (`change_view`), nor where it comes from
(`change_feed`).
"""

import asyncio
import contextlib
from typing import Annotated, Any

import msgspec
import structlog
from litestar import Controller, Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter, QueryParameter

from bellwire.cloud.asgi import Receive, Scope, Send, peer_of, until_left
from bellwire.cloud.change_feed import Listener
from bellwire.cloud.change_view import ALIVE, RESYNC, TOO_OLD, event, mark, place_of, view_of_change
from bellwire.cloud.problems import refusals
from bellwire.cloud.services import API_PATH, Asked, Services, services_of
from bellwire.cloud.sockets import shut_connection
from bellwire.cloud.store.changes import Change
from bellwire.cloud.store.errors import StoreError
from bellwire.cloud.time_limit import TimeLimit
from bellwire.protocol.errors import Unauthenticated

log = structlog.get_logger()

_STREAM = """Server-sent events. Each has an `id`, an `event` (its kind) and `data` (JSON, a ChangeView):
`alert.added`, `alert.changed`, `alert.moved` (on to its next occurrence), `alert.deleted`; `device.added`,
`device.changed`, `device.removed`, `device.connected`, `device.disconnected`; `ring.started`, `ring.stopped`,
`ring.missed`; `cloud.started` (no device is connected but those of which it is said after this); `resync` (what
happened since Last-Event-ID is not kept any more: read alerts and devices anew). It ends after `seconds`."""
_DAY_S = 86_400
"""So long a stream lasts at most: then its listener comes again, from where it was."""


class StreamedEvent(msgspec.Struct, kw_only=True):
    """A server-sent event. Without `data` it only says how far the stream is."""

    id: str
    """For Last-Event-ID."""
    event: str = ""
    """Its kind."""
    data: str = ""
    """JSON, a ChangeView."""


class ChangesController(Controller):
    """What happens in the account."""

    path = f"{API_PATH}/changes"
    tags = ("changes",)

    @get(
        summary="Listen to what happens",
        responses={
            200: ResponseSpec(
                StreamedEvent, description=_STREAM, media_type="text/event-stream", generate_examples=False
            ),
            **refusals(422),
        },
    )
    async def listen(
        self,
        request: Asked,
        last_event_id: Annotated[
            str | None,
            HeaderParameter(
                name="Last-Event-ID", description="The `id` of the last event that came: to go on from there"
            ),
        ] = None,
        seconds: Annotated[
            int,
            QueryParameter(
                ge=0, le=_DAY_S, description="The stream ends after so long; 0: when all is told that was missed"
            ),
        ] = _DAY_S,
    ) -> Response[None]:
        """Get every change of the account as it happens; with Last-Event-ID also those that were missed."""
        return _Answer(_Stream(request, last_event_id, seconds))


class _Answer(Response[None]):
    """An answer that is written by an application of its own."""

    def __init__(self, stream: "_Stream") -> None:
        super().__init__(None)
        self._stream = stream

    def to_asgi_response(self, *_: Any, **__: Any) -> Any:
        """The application."""
        return self._stream


class _Stream:
    """One listener's answer."""

    def __init__(self, request: Asked, last_event_id: str | None, lasts: int) -> None:
        """`lasts`: seconds after which it ends."""
        self._services: Services = services_of(request)
        self._account_id = request.user.account_id
        self._authorization = request.headers.get("authorization")
        self._last_event_id = last_event_id
        self._lasts = lasts
        self._reading_time = TimeLimit(self._services.limits.slow_reader)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer, until either side ends it. Raises Refusal before anything is sent."""
        async with self._services.changes.listening(self._account_id) as listener:
            await self._answer(listener, scope, receive, send)

    async def _answer(self, listener: Listener, scope: Scope, receive: Receive, send: Send) -> None:
        leaving = asyncio.create_task(until_left(receive))
        leaving.add_done_callback(lambda _: listener.end())
        headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await self._tell(listener, send)
            if not leaving.done():
                await send({"type": "http.response.body", "body": b""})
        except TimeoutError:
            log.warning("listener cut: it takes nothing", account=self._account_id)
            if not self._services.behind_proxy:
                await asyncio.to_thread(shut_connection, peer_of(scope))
        except StoreError as error:  # the answer has begun, so nothing can be said but by breaking it off
            log.warning("listener cut: what to tell could not be looked up", error=str(error))
        finally:
            leaving.cancel()
            with contextlib.suppress(asyncio.CancelledError, TimeoutError):
                await leaving

    async def _tell(self, listener: Listener, send: Send) -> None:
        await self._tell_missed(listener.begins, send)
        loop, often = asyncio.get_running_loop(), self._services.limits.sign_of_life.total_seconds()
        due, end = loop.time() + often, loop.time() + self._lasts
        while not listener.ending and loop.time() < end:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(min(due, end)):
                    await listener.stirred.wait()
            listener.stirred.clear()
            if loop.time() >= due:  # also when there is always something to tell
                if not await self._may_listen():
                    return
                await self._send(send, ALIVE)
                due = loop.time() + often
            if listener.is_behind:
                log.warning("listener cut: too far behind", account=self._account_id)
                return
            for change in listener.heard():
                await self._send_change(send, change)

    async def _tell_missed(self, begins: int, send: Send) -> None:
        """Tell what happened since it last listened, or that this is not all there any more."""
        feed = self._services.changes
        after: int | None = begins
        if self._last_event_id is not None:
            after = place_of(self._last_event_id, begins, (await feed.kept()).before)
        if after is None:
            await self._send(send, event(RESYNC, TOO_OLD, begins))
            return
        async for change in feed.between(self._account_id, after, begins):
            await self._send_change(send, change)
        await self._send(send, mark(begins))

    async def _may_listen(self) -> bool:
        try:
            await self._services.tokens.identity(self._authorization)
        except Unauthenticated:
            return False
        return True

    async def _send_change(self, send: Send, change: Change) -> None:
        shown = await self._services.store.read(view_of_change, self._account_id, change)
        await self._send(send, event(change.what, shown, change.seq))

    async def _send(self, send: Send, data: bytes) -> None:
        with self._reading_time:
            await send({"type": "http.response.body", "body": data, "more_body": True})
