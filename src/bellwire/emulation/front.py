"""The port that devices connect to: passes bytes on to the cloud, or does what a bad network does.

It knows connections; of what is said over them it knows nothing: TLS ends behind it.
"""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from bellwire.cloud.certificates import Certificates
from bellwire.emulation.faults import FaultWish, Trouble, Wrong

_PIECE = 65_536
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Front:
    """Passes every connection on, as long as nothing else is wanted."""

    def __init__(
        self,
        cloud: tuple[str, int],
        authority: Path,
        wrong: Mapping[Wrong, Certificates],
        came_to_nothing: Callable[[], None],
    ) -> None:
        """`authority`: the cloud's; `wrong`: what is shown in the place of its certificate.

        `came_to_nothing` is called when a connection ends over which nobody has asked for anything.
        """
        self._cloud = cloud
        self._authority = authority
        self._wrong = wrong
        self._servers: list[asyncio.Server] = []
        self._impostors: dict[Wrong, tuple[str, int]] = {}
        self._wrongness = Wrong.AUTHORITY
        self._writers: set[asyncio.StreamWriter] = set()
        self._came_to_nothing = came_to_nothing
        self._asked: set[int] = set()
        """Our own ports, towards the cloud, of connections over which something was asked."""
        self._running: set[asyncio.Task[None]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.trouble: Trouble | None = None
        """What goes on, of the faults of connections."""
        self._end: asyncio.TimerHandle | None = None

    async def listen(self, host: str, port: int) -> int:
        """Begin to take connections; gives the port. Raises OSError."""
        server = await asyncio.start_server(self._passed, host, port)
        self._servers = [server]
        for what, certificates in self._wrong.items():
            tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            tls.load_cert_chain(certificates.certificate, certificates.key)
            tls.set_alpn_protocols(["h2", "http/1.1"])
            impostor = await asyncio.start_server(self._seen_through, "127.0.0.1", 0, ssl=tls)
            self._servers.append(impostor)
            self._impostors[what] = impostor.sockets[0].getsockname()[:2]
        taken: int = server.sockets[0].getsockname()[1]
        return taken

    async def close(self) -> None:
        """Take no more connections, and end those that are there."""
        for server in self._servers:
            server.close()
        self.calm()
        self.cut()
        await asyncio.gather(*self._running, return_exceptions=True)

    def brings(self, fault: FaultWish) -> None:
        """Have this go wrong; whatever of connections went wrong before does so no more."""
        self.calm()
        if fault.fault is not Trouble.STALL:
            self.cut()
        if fault.fault is Trouble.CUT and not fault.seconds:
            return
        self.trouble, self._wrongness = fault.fault, fault.certificate or Wrong.AUTHORITY
        if fault.fault is Trouble.STALL:
            self._flowing.clear()
        if fault.seconds:
            self._end = asyncio.get_running_loop().call_later(fault.seconds, self.calm)

    def calm(self) -> None:
        """Nothing goes wrong any more: what was held up passes."""
        if self._end is not None:
            self._end.cancel()
        self._end, self.trouble = None, None
        self._flowing.set()

    def cut(self) -> None:
        """End all connections as a network does."""
        for writer in list(self._writers):
            writer.transport.abort()

    def is_asked(self, port: int) -> None:
        """The cloud is asked for something over the connection from this port of ours."""
        self._asked.add(port)

    async def _passed(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A device connects."""
        if self.trouble is Trouble.CUT:
            writer.transport.abort()
            return
        is_wrong = self.trouble is Trouble.WRONG_CERTIFICATE
        to = self._impostors[self._wrongness] if is_wrong else self._cloud
        with suppress(OSError):  # there is no cloud any more: then there is no connection either
            there = await asyncio.open_connection(*to)
            port: int = there[1].get_extra_info("sockname")[1]
            await self._joined((reader, writer), there)
            if not is_wrong and self.trouble is None and port not in self._asked:
                self._came_to_nothing()
            self._asked.discard(port)
        writer.close()

    async def _seen_through(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A device has taken a certificate that it should not: it reaches the cloud, so that a test can see that."""
        spoken = writer.get_extra_info("ssl_object").selected_alpn_protocol()
        tls = ssl.create_default_context(cafile=str(self._authority))
        tls.set_alpn_protocols([spoken or "http/1.1"])
        with suppress(OSError):
            there = await asyncio.open_connection(*self._cloud, ssl=tls, server_hostname="localhost")
            await self._joined((reader, writer), there)
        writer.close()

    async def _joined(self, here: Stream, there: Stream) -> None:
        """Pass bytes both ways until one side is done."""
        writers = {here[1], there[1]}
        self._writers |= writers
        task = asyncio.current_task()
        if task is not None:
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        ways = [asyncio.create_task(self._pass(*way)) for way in ((here[0], there[1]), (there[0], here[1]))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            self._writers -= writers
            for writer in writers:
                writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):  # one side was cut off: then the other is, too
            while data := await reader.read(_PIECE):
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()
