"""An emulated cloud with its control, from start to end.

It knows both and their order; it must not know who drives it.
"""

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from bellwire.cloud.listening import check_port, until_accepting
from bellwire.emulation.control import control_api
from bellwire.emulation.emulator import Emulator, emulating

_HOST = "127.0.0.1"
"""Whoever may ask there may do everything: nobody elsewhere."""
_TO_STOP = 1.0


async def serve(
    host: str,
    port: int,
    inner_port: int,
    control_port: int,
    *,
    attached: bool,
    ready: Callable[[Emulator, str], None],
) -> None:
    """Serve until SIGTERM or SIGINT, on files that are gone afterwards; `ready` is told where the control is.

    `attached`: also end when standard input does. Raises as `bellwire.cloud.app.run` does.
    """
    check_port(host, port, "choose another with --port, or leave it out")
    check_port(_HOST, control_port, "choose another with --control-port, or leave it out")
    with tempfile.TemporaryDirectory(prefix="bellwire-emulate-") as folder:
        async with emulating(Path(folder), host, port, inner_port) as (emulator, serving):
            control = Server(
                control_api(emulator),
                address=_HOST,
                port=control_port,
                interface=Interfaces.ASGINL,
                http=HTTPModes.http1,
                websockets=False,
                log_enabled=False,
            )
            controlling = asyncio.create_task(control.serve())
            await until_accepting(_HOST, control_port, controlling)
            ending = asyncio.create_task(_end_with_input()) if attached else None
            ready(emulator, f"http://{_HOST}:{control_port}")
            try:
                await serving
            finally:
                if ending is not None:
                    ending.cancel()
                control.stop()  # type: ignore[no-untyped-call]
                await asyncio.wait({controlling}, timeout=_TO_STOP)


async def _end_with_input() -> None:
    """Whoever started this is done with it, or is no more."""
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    try:
        while await reader.read(1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)
    finally:
        transport.close()
