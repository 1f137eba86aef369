"""The floor: the same server and TLS, answering 204 unread: `python -m benchmarks.floor_server DATA PORT`."""

import asyncio
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from bellwire.cloud.app import http2_server
from bellwire.cloud.asgi import Receive, Scope, Send, answer
from bellwire.cloud.certificates import ensure_certificates
from bellwire.cloud.config import Config


async def nothing(_scope: Scope, _receive: Receive, send: Send) -> None:
    await answer(send, 204)


async def main(config: Config) -> None:
    certificates = ensure_certificates(config.data, [config.host], datetime.now(UTC))
    server = http2_server(config, certificates, nothing)
    serving = asyncio.create_task(server.serve())
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await asyncio.sleep(1)
    print("ready", flush=True)
    await stop.wait()
    server.stop()  # type: ignore[no-untyped-call]
    await serving


if __name__ == "__main__":
    uvloop.run(main(Config(data=Path(sys.argv[1]), port=int(sys.argv[2]))))
