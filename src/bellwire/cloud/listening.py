"""Where a server listens: whether it can, and when it does.

It knows addresses and ports; it must not know what is served there.
"""

import asyncio
import socket


class PortTakenError(RuntimeError):
    """Somebody else listens where this cloud should."""


def check_port(host: str, port: int, mend: str) -> None:
    """Raise PortTakenError where nobody can listen: another one would be found there. `mend`: what to do then."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTakenError(f"cannot listen on {host} port {port} ({error.strerror}); {mend}") from None


async def until_accepting(host: str, port: int, serving: asyncio.Task[None]) -> None:
    """Wait until connections are accepted there; raises what ends the server before."""
    while not serving.done():
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(0.01)
        else:
            writer.close()
            return
    await serving
