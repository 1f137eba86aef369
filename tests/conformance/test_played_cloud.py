"""Where a device reaches the cloud that the kit plays."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bellwire.cli.processes import free_port
from bellwire.conformance import played_cloud
from bellwire.conformance.case import Side
from bellwire.conformance.cases import chosen
from bellwire.conformance.checking import check_device
from bellwire.conformance.played_cloud import reached_at
from bellwire.conformance.runner import Outcome
from bellwire.protocol.profiles import DEFAULT_PROFILE
from tests.conformance.subjects import checked_device


def test_sounds_are_where_the_device_has_reached_it(tmp_path: Path) -> None:
    """A device elsewhere finds nothing at localhost."""
    cases = [case for case in chosen(Side.DEVICE, DEFAULT_PROFILE) if "SetAlert/downloads" in case.clauses]
    assert cases
    summary = asyncio.run(checked_device(tmp_path, DEFAULT_PROFILE, cases, by="127.0.0.1"))
    assert [result.outcome for result in summary.results] == [Outcome.PASSED] * len(cases)


@pytest.mark.parametrize(
    ("addresses", "host"),
    [
        ({"127.0.1.1", "fe80::7%eth0", "192.0.2.7", "2001:db8::7"}, "192.0.2.7"),
        ({"::1", "2001:db8::7"}, "2001:db8::7"),
        ({"127.0.0.1"}, "localhost"),
    ],
)
def test_a_device_elsewhere_is_pointed_at_an_address_of_this_machine(
    monkeypatch: pytest.MonkeyPatch, addresses: set[str], host: str
) -> None:
    monkeypatch.setattr(played_cloud, "own_addresses", lambda: addresses)
    assert reached_at("0.0.0.0") == reached_at("::") == host


def test_an_address_that_was_chosen_is_where_it_is() -> None:
    assert [reached_at(host) for host in ("127.0.0.1", "192.0.2.7", "kit.lan")] == ["127.0.0.1", "192.0.2.7", "kit.lan"]


async def _trouble_with(folder: Path, connect: Callable[[int], Awaitable[object]]) -> str:
    """What the kit says of a device that gets no further than this."""
    told: asyncio.Queue[str] = asyncio.Queue()
    ports: asyncio.Queue[int] = asyncio.Queue()
    checking = asyncio.create_task(
        check_device(
            DEFAULT_PROFILE, "127.0.0.1", free_port(), folder, buttons=None, cases=(), patience=1.0, strict=False,
            ready=lambda url, _: ports.put_nowait(int(url.rpartition(":")[2])), shown=lambda _: None,
            troubles=told.put_nowait,
        )
    )  # fmt: skip
    await connect(await ports.get())
    async with asyncio.timeout(30):
        said = await told.get()
    checking.cancel()
    await asyncio.gather(checking, return_exceptions=True)
    return said


def test_it_says_so_when_a_device_does_not_trust_it(tmp_path: Path) -> None:
    """Else a newcomer's first evening goes by in front of a kit that is silent."""

    def distrusts(port: int) -> None:
        tls = ssl.create_default_context()
        with (
            socket.create_connection(("127.0.0.1", port)) as plain,
            pytest.raises(ssl.SSLError),
        ):
            tls.wrap_socket(plain, server_hostname="localhost")

    told = asyncio.run(_trouble_with(tmp_path, lambda port: asyncio.to_thread(distrusts, port)))
    assert "unknown ca" in told
    assert "trust" in told


def test_it_says_so_when_a_device_speaks_http_1(tmp_path: Path) -> None:
    async def asks(port: int) -> None:
        tls = ssl.create_default_context(cafile=tmp_path / "ca.pem")
        reader, writer = await asyncio.open_connection("localhost", port, ssl=tls)
        writer.write(f"GET {DEFAULT_PROFILE.downchannel_path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert (await reader.readline()).startswith(b"HTTP/1.1 505")
        writer.close()

    told = asyncio.run(_trouble_with(tmp_path, asks))
    assert "h2" in told


def test_a_host_that_is_none_is_named_in_words(tmp_path: Path) -> None:
    checking = check_device(
        DEFAULT_PROFILE, "nowhere.invalid", 0, tmp_path, buttons=None, cases=(), patience=1.0, strict=False,
        ready=lambda *_: None, shown=lambda _: None,
    )  # fmt: skip
    with pytest.raises(ValueError, match=r"cannot listen on nowhere\.invalid port 0 \(.*(not known|name).*\)"):
        asyncio.run(checking)
