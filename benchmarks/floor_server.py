"""The same server and TLS with the first steps of an event alone: `python -m benchmarks.floor_server DATA PORT STEP`.

The first one, 204 unread, is the floor. What the last one takes longer than the floor no cloud could save that keeps
events; what the cloud takes longer than that is what an event does.
"""

import asyncio
import signal
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from bellwire.cloud.app import http2_server, look_seldom_for_garbage
from bellwire.cloud.asgi import App, Receive, Scope, Send, answer, header, read_body
from bellwire.cloud.certificates import ensure_certificates
from bellwire.cloud.config import Config
from bellwire.cloud.store.sqlite import SqliteStore
from bellwire.cloud.store.transaction import Transaction
from bellwire.cloud.time_limit import TimeLimit
from bellwire.protocol.codec import Codec
from bellwire.protocol.messages.envelope import Event
from bellwire.protocol.multipart import read_json
from bellwire.protocol.profiles import DEFAULT_PROFILE

UNREAD, READ, DECODED, COMMITTED = STEPS = "unread", "read", "decoded", "committed"


def steps(config: Config, store: SqliteStore) -> Mapping[str, App]:
    """By name: an application that does so much for an event, then answers 204."""
    codec, time = Codec(DEFAULT_PROFILE), TimeLimit(config.limits.event_time)

    async def body_of(scope: Scope, receive: Receive) -> bytes:
        return await read_body(scope, receive, config.limits.event_body, time)

    async def event_of(scope: Scope, receive: Receive) -> Event:
        body = await body_of(scope, receive)
        return codec.decode_event(read_json(header(scope, b"content-type") or "", body))

    async def unread(_scope: Scope, _receive: Receive, send: Send) -> None:
        await answer(send, 204)

    async def read(scope: Scope, receive: Receive, send: Send) -> None:
        await body_of(scope, receive)
        await answer(send, 204)

    async def decoded(scope: Scope, receive: Receive, send: Send) -> None:
        await event_of(scope, receive)
        await answer(send, 204)

    async def committed(scope: Scope, receive: Receive, send: Send) -> None:
        await store.write(_nothing, await event_of(scope, receive))
        await answer(send, 204)

    return {UNREAD: unread, READ: read, DECODED: decoded, COMMITTED: committed}


def _nothing(_: Event) -> Transaction[None]:
    """Change nothing: what is left is the writer and its commit."""
    yield from ()


async def main(config: Config, step: str) -> None:
    """Serve until SIGTERM."""
    certificates = ensure_certificates(config.data, [config.host], datetime.now(UTC))
    store = SqliteStore(config.database)
    await store.open()
    server = http2_server(config, certificates, steps(config, store)[step])
    serving = asyncio.create_task(server.serve())
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await asyncio.sleep(1)
    look_seldom_for_garbage()
    print("ready", flush=True)
    await stop.wait()
    server.stop()  # type: ignore[no-untyped-call]
    await serving
    await store.close()


if __name__ == "__main__":
    uvloop.run(main(Config(data=Path(sys.argv[1]), port=int(sys.argv[2])), sys.argv[3]))
