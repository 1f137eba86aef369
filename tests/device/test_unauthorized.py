"""A token that the cloud takes no longer, and the one that follows it, over real HTTP/2."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bellwire.device.connection import Connection
from bellwire.device.endpoint import Endpoint, tls_context
from tests.device.test_connection import JSON, QUICK, Cloud, Speaker, Steps, TlsFiles, a_cloud, play


class Holder(Speaker):
    """A speaker whose token may change; keeps the headers that were refused."""

    def __init__(self, cloud: Cloud) -> None:
        self.token = "old"
        self.refused_headers: asyncio.Queue[str] = asyncio.Queue()
        headers = {"Authorization": "Bearer never"}
        tls = tls_context(cloud.authority)
        endpoint = Endpoint(cloud.url, "/down", "/events", headers, tls, authorization=lambda: f"Bearer {self.token}")
        super().__init__(endpoint, Steps(60.0), QUICK)
        self.connection = Connection(
            endpoint, self, backoff=Steps(60.0), timing=QUICK, on_unauthorized=self.refused_headers.put_nowait
        )


@asynccontextmanager
async def a_holder(cloud: Cloud) -> AsyncIterator[Holder]:
    holder = Holder(cloud)
    running = asyncio.create_task(holder.connection.run())
    try:
        yield holder
    finally:
        await holder.connection.close()
        await running


def test_a_refused_downchannel_comes_back_with_the_new_token_without_waiting(tls_files: TlsFiles) -> None:
    async def scene() -> None:
        async with a_cloud(tls_files) as cloud, a_holder(cloud) as holder:
            link, downchannel = await cloud.downchannel()
            assert downchannel.headers["authorization"] == "Bearer old"
            link.answer(downchannel, 401, JSON, b"{}")
            assert await holder.told.get() == ("refused", 401, b"{}")
            assert await holder.refused_headers.get() == "Bearer old"
            holder.token = "new"
            holder.connection.try_now()
            _, downchannel = await cloud.standing()
            assert downchannel.headers["authorization"] == "Bearer new"
            await holder.is_connected()

    play(scene())


def test_a_new_token_goes_with_the_next_event_and_the_downchannel_stands(tls_files: TlsFiles) -> None:
    async def scene() -> None:
        async with a_cloud(tls_files) as cloud, a_holder(cloud) as holder:
            link, _ = await cloud.standing()
            await holder.is_connected()
            posting = asyncio.create_task(holder.connection.post_event(b"{}", JSON))
            event = await link.requests.get()
            link.answer(event, 401)
            assert (await posting).status == 401
            assert await holder.refused_headers.get() == "Bearer old"
            holder.token = "new"
            holder.connection.try_now()
            posting = asyncio.create_task(holder.connection.post_event(b"{}", JSON))
            event = await link.requests.get()
            assert event.headers["authorization"] == "Bearer new"
            link.answer(event, 204)
            assert (await posting).status == 204
            assert holder.told.empty()
            assert cloud.links.empty()

    play(scene())


def test_the_token_is_named_when_the_event_has_been_judged(tls_files: TlsFiles) -> None:
    async def scene() -> None:
        async with a_cloud(tls_files) as cloud, a_holder(cloud) as holder:
            link, _ = await cloud.standing()
            await holder.is_connected()
            named_before = []

            async def post() -> None:
                await holder.connection.post_event(b"{}", JSON)
                named_before.append(not holder.refused_headers.empty())

            posting = asyncio.create_task(post())
            link.answer(await link.requests.get(), 401)
            await posting
            assert await holder.refused_headers.get() == "Bearer old"
            assert named_before == [False]

    play(scene())
