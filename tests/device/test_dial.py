import asyncio
import socket
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from bellwire.cli.processes import free_port
from bellwire.device.dial import connect
from bellwire.device.endpoint import Endpoint, tls_context
from bellwire.device.stream import Unreachable
from bellwire.device.timing import Timing
from tests.device.conftest import TlsFiles, made_tls_files


def server_tls(files: TlsFiles, *protocols: str) -> ssl.SSLContext:
    _, certificate, key = files
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context


@asynccontextmanager
async def server(tls: ssl.SSLContext | None, says: bytes | None = None) -> AsyncIterator[int]:
    """Takes whatever comes and says nothing; or says something after the first bytes, and hangs up.

    At the end every socket that was opened to it must have been closed.
    """
    talks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(cast("asyncio.Task[None]", asyncio.current_task()))
        with closing(writer), suppress(ConnectionError):
            while await reader.read(4096):
                if says is not None:
                    writer.write(says)
                    return

    async with await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls) as listening:
        yield listening.sockets[0].getsockname()[1]
        async with asyncio.timeout(5):
            await asyncio.gather(*talks)


async def why_not(
    url: str, authority: Path | None = None, seconds: float = 5.0, tls: ssl.SSLContext | None = None
) -> str:
    """The reason why no connection comes about."""
    endpoint = Endpoint(url, "/down", "/events", tls=tls or tls_context(authority))
    with pytest.raises(Unreachable) as caught:
        async with asyncio.timeout(10), connect(endpoint, Timing(connect=seconds, close=0.1)):
            pass
    return str(caught.value)


def test_an_unknown_authority(tls_files: TlsFiles) -> None:
    async def scene() -> str:
        async with server(server_tls(tls_files, "h2")) as port:
            return await why_not(f"https://127.0.0.1:{port}")

    reason = asyncio.run(scene())
    assert "certificate of 127.0.0.1:" in reason
    assert "trust the authority that signed it" in reason


def test_a_certificate_for_another_name(tls_files: TlsFiles) -> None:
    async def scene() -> str:
        async with server(server_tls(tls_files, "h2")) as port:
            return await why_not(f"https://localhost:{port}", tls_files[0])

    reason = asyncio.run(scene())
    assert "can't be trusted (Hostname mismatch" in reason
    assert "check the address" in reason


def test_a_certificate_of_the_future_is_for_those_whose_clock_is_known_to_be_wrong(
    tls_files: TlsFiles, tmp_path: Path
) -> None:
    of_next_year = made_tls_files(tmp_path, datetime.now(UTC) + timedelta(days=365))

    async def scene() -> tuple[str, str]:
        async with server(server_tls(of_next_year, "h2")) as port:
            url = f"https://127.0.0.1:{port}"
            whatever = tls_context(of_next_year.authority, by_the_clock=False)
            async with connect(Endpoint(url, "/down", "/events", tls=whatever), Timing(close=0.1)):
                pass
            stranger = tls_context(tls_files.authority, by_the_clock=False)
            return await why_not(url, of_next_year.authority), await why_not(url, tls=stranger)

    by_its_clock, by_a_stranger = asyncio.run(scene())
    assert "is not yet valid" in by_its_clock
    assert "can't be trusted" in by_a_stranger


@pytest.mark.parametrize("protocols", [(), ("http/1.1",)])
def test_a_server_without_http2(tls_files: TlsFiles, protocols: tuple[str, ...]) -> None:
    async def scene() -> str:
        async with server(server_tls(tls_files, *protocols)) as port:
            return await why_not(f"https://127.0.0.1:{port}", tls_files[0])

    assert "does not speak HTTP/2" in asyncio.run(scene())


def test_a_server_that_says_nothing() -> None:
    async def scene() -> str:
        async with server(None) as port:
            return await why_not(f"https://127.0.0.1:{port}", seconds=0.1)

    assert "did not answer within 0.1 s" in asyncio.run(scene())


def test_a_server_that_is_not_tls() -> None:
    async def scene() -> str:
        async with server(None, says=b"220 welcome to the mail server\r\n") as port:
            return await why_not(f"https://127.0.0.1:{port}")

    assert "does not speak TLS 1.2 or newer" in asyncio.run(scene())


def test_a_server_that_hangs_up() -> None:
    async def scene() -> str:
        async with server(None, says=b"") as port:
            return await why_not(f"https://127.0.0.1:{port}")

    assert "hung up in the handshake" in asyncio.run(scene())


def test_a_server_of_old_tls(tls_files: TlsFiles) -> None:
    old = server_tls(tls_files, "h2")
    old.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1

    async def scene() -> str:
        async with server(old) as port:
            return await why_not(f"https://127.0.0.1:{port}", tls_files[0])

    assert "hung up in the handshake" in asyncio.run(scene())  # asyncio servers do so without an alert


def sent(url: str, sender: str) -> Endpoint:
    return Endpoint(url, "/down", "/events", tls=tls_context(), sender=sender)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "[::ffff:127.0.0.1]", "localhost"])
def test_a_cloud_elsewhere_sends_nobody_to_this_machine(host: str) -> None:
    async def scene(sender: str) -> str:
        with closing(socket.create_server(("127.0.0.1", 0))) as listening:
            listening.setblocking(False)
            endpoint = sent(f"https://{host}:{listening.getsockname()[1]}", sender)
            with pytest.raises(Unreachable) as caught:
                async with connect(endpoint, Timing(connect=0.2, close=0.1)):
                    pass
            if sender == "192.0.2.1":
                with pytest.raises(BlockingIOError):  # nobody has knocked
                    listening.accept()
            return str(caught.value)

    assert "this machine or its link, and the cloud that was set (192.0.2.1) is not" in asyncio.run(scene("192.0.2.1"))
    assert "did not answer" in asyncio.run(scene("localhost"))


@pytest.mark.parametrize("name", ["a..example", ".example", "\N{IDEOGRAPHIC FULL STOP}", f"{'a' * 64}.example"])
@pytest.mark.parametrize("sender", ["", "192.0.2.1"])
def test_a_name_that_can_not_be_one(name: str, sender: str) -> None:
    """It may be on the disk, where a version that took it has left it."""

    async def scene() -> str:
        with pytest.raises(Unreachable) as caught:
            async with connect(sent(f"https://{name}", sender), Timing(connect=5, close=0.1)):
                pass
        return str(caught.value)

    assert f"{name} is no host name" in asyncio.run(scene())


def test_nobody_there() -> None:
    port = free_port()
    reason = asyncio.run(why_not(f"https://127.0.0.1:{port}"))
    assert f"can't connect to 127.0.0.1:{port}" in reason
