"""One request to an ASGI application, without a server: for what is hard to bring about over the wire."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from bellwire.cloud.asgi import App, AsgiMessage, Scope
from tests.cloud.h2_client import PATIENCE


class Call:
    """A request as the server hands it over, and what was sent for it."""

    def __init__(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> None:
        self.scope: Scope = {
            "type": "http",
            "http_version": "2",
            "method": method,
            "path": path.partition("?")[0],
            "raw_path": path.partition("?")[0].encode(),
            "root_path": "",
            "query_string": path.partition("?")[2].encode(),
            "scheme": "https",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", "50000"),
            "server": ("127.0.0.1", "8443"),
        }
        self.sent: list[AsgiMessage] = []
        self.has_body = asyncio.Event()
        """Something of the answer's body was sent."""
        self.left = asyncio.Event()
        """Set it, and the client is gone."""
        self.over = asyncio.Event()
        self._body: bytes | None = body

    async def made(self, app: App) -> "Call":
        """The call, when the application is done with it."""
        async with asyncio.timeout(PATIENCE):
            await app(self.scope, self._receive, self._send)
        self.over.set()
        return self

    @property
    def status(self) -> int:
        status: int = self.sent[0]["status"]
        return status

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    async def _receive(self) -> AsgiMessage:
        body, self._body = self._body, None
        if body is not None:
            return {"type": "http.request", "body": body}
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: AsgiMessage) -> None:
        assert (message["type"] == "http.response.start") == (not self.sent), f"{message} after {self.sent}"
        self.sent.append(message)
        if message.get("body"):
            self.has_body.set()
