"""How often a speaker comes to a cloud that is not there for it, over real sockets: seldom, and more and more so."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import pairwise

import pytest

from bellwire.cli.processes import free_port
from bellwire.device.backoff import JITTER, STEPS, Backoff
from bellwire.device.connection import Connection
from bellwire.device.endpoint import Endpoint, tls_context
from tests.device.conftest import TlsFiles
from tests.device.test_connection import RELATED, Link, a_cloud
from tests.virtual_time import virtually

PATIENCE = 0.003
"""Real seconds for what goes over loopback. Where a busy machine takes longer, that is one more failed connect."""

MINUTES = 6

Visits = list[float]
"""When somebody connected."""

Place = Callable[[TlsFiles, Visits], AbstractAsyncContextManager[str]]
"""A cloud, which gives its address."""


@asynccontextmanager
async def nobody(_files: TlsFiles, _visits: Visits) -> AsyncIterator[str]:
    """Refuses at once; only the speaker itself can count its tries."""
    yield f"https://127.0.0.1:{free_port()}"


@asynccontextmanager
async def _listening(visits: Visits, *, hangs_up: bool) -> AsyncIterator[str]:
    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visits.append(asyncio.get_running_loop().time())
        if hangs_up:
            writer.close()
        else:
            writers.append(writer)

    writers: list[asyncio.StreamWriter] = []
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        for writer in writers:
            writer.transport.abort()


def dead(_files: TlsFiles, visits: Visits) -> AbstractAsyncContextManager[str]:
    """Whatever listens there hangs up at once."""
    return _listening(visits, hangs_up=True)


def black_hole(_files: TlsFiles, visits: Visits) -> AbstractAsyncContextManager[str]:
    """Takes everything and says nothing."""
    return _listening(visits, hangs_up=False)


def answering(status: int) -> Place:
    """A cloud that is there, and answers the downchannel so; with 200 it greets, and ends it."""

    @asynccontextmanager
    async def place(files: TlsFiles, visits: Visits) -> AsyncIterator[str]:
        async def answer(link: Link) -> None:
            request = await link.requests.get()
            link.answer(request, status, RELATED.content_type, RELATED.whole([b"{}"]) if status == 200 else b"")

        async def serve() -> None:
            while True:
                link = await cloud.links.get()
                visits.append(asyncio.get_running_loop().time())
                answers.append(asyncio.create_task(answer(link)))

        answers: list[asyncio.Task[None]] = []
        async with a_cloud(files) as cloud:
            serving = asyncio.create_task(serve())
            yield cloud.url
            for task in (serving, *answers):
                task.cancel()

    return place


class Silent:
    """Counts what a connection that cannot be counted at its other end tells."""

    def __init__(self, tries: Visits) -> None:
        self.tries = tries

    def connected(self) -> None:
        pass

    def disconnected(self, _reason: str) -> None:
        self.tries.append(asyncio.get_running_loop().time())

    def directive(self, _body: bytes) -> None:
        pass

    def refused(self, _status: int, _body: bytes) -> None:
        self.disconnected("")


@pytest.mark.parametrize(
    "place",
    [nobody, dead, black_hole, answering(500), answering(503), answering(401), answering(200)],
    ids=["nobody", "dead", "black hole", "500", "503", "401", "greets and hangs up"],
)
def test_minutes_of_a_cloud_that_is_not_there(tls_files: TlsFiles, place: Place) -> None:
    async def minutes() -> tuple[Visits, Visits]:
        visits: Visits = []
        tries: Visits = []
        async with place(tls_files, visits) as url:
            endpoint = Endpoint(url, "/down", "/events", tls=tls_context(tls_files.authority))
            connection = Connection(endpoint, Silent(tries), backoff=Backoff(random.Random(7).uniform))
            running = asyncio.create_task(connection.run())
            await asyncio.sleep(MINUTES * 60)
            await connection.close()
            await running
        return visits, tries

    visits, tries = virtually(minutes(), PATIENCE)
    for came in (visits, tries) if visits else (tries,):
        in_each = [sum(minute * 60 <= at < (minute + 1) * 60 for at in came) for minute in range(MINUTES)]
        assert 2 <= in_each[0] <= 8
        assert all(number <= 2 for number in in_each[2:])
    assert min(later - at for at, later in pairwise(tries)) >= STEPS[0] * JITTER[0]
