"""An emulated cloud with its control, from start to end.

It knows both and their order; it must not know who drives it.
"""

import asyncio
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from bellwire.cloud.app import PortTakenError
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
    _check_free(host, port, "--port")
    _check_free(_HOST, control_port, "--control-port")
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
            await _accepting(control_port, controlling)
            ending = asyncio.create_task(_end_with_input()) if attached else None
            ready(emulator, f"http://{_HOST}:{control_port}")
            try:
                await serving
            finally:
                if ending is not None:
                    ending.cancel()
                control.stop()  # type: ignore[no-untyped-call]
                await asyncio.wait({controlling}, timeout=_TO_STOP)


def _check_free(host: str, port: int, option: str) -> None:
    """Raise PortTakenError where somebody else listens: it would be he who is found there."""
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        raise PortTakenError(
            f"cannot listen on {host} port {port} ({error.strerror}); choose another with {option}, or leave it out"
        ) from None


async def _accepting(port: int, serving: asyncio.Task[None]) -> None:
    while not serving.done():
        with suppress(OSError):
            _, writer = await asyncio.open_connection(_HOST, port)
            writer.close()
            return
        await asyncio.sleep(0.01)
    serving.result()


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
