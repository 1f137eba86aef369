"""Without sockets: the bytes of a real HTTP/2 server, in memory, cut as the test wants them."""

import asyncio
from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any, cast

import h2.events
import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.settings import SettingCodes

from bellwire.device.http2 import CONNECTION_WINDOW, MAX_STREAMS, MAX_UNSENT, STREAM_WINDOW, Http2Connection
from bellwire.device.stream import Stream, Unreachable
from bellwire.device.timing import Timing
from tests.virtual_time import virtually

GET = [(":method", "GET"), (":scheme", "https"), (":authority", "cloud"), (":path", "/")]
OK = [(":status", "200")]


def play(scene: Coroutine[object, object, None]) -> None:
    asyncio.run(asyncio.wait_for(scene, 10))


class Wire(asyncio.Transport):
    """What has been written, and whether it is still open; `stuck` as if the other side did not read."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.stuck = False
        self.protocol: Http2Connection

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self._closing
        self.written += data

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.limit = high

    def get_write_buffer_size(self) -> int:
        return len(self.written) if self.stuck else 0

    def is_closing(self) -> bool:
        return self._closing

    _closing = False

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    abort = close


class Peers:
    """A client and the server that it talks to."""

    def __init__(self, timing: Timing | None = None, settings: dict[SettingCodes | int, int] | None = None) -> None:
        self.wire = Wire()
        self.client = Http2Connection(timing or Timing())
        self.wire.protocol = self.client
        self.client.connection_made(self.wire)
        self.server = H2Connection(H2Configuration(client_side=False))
        self.server.initiate_connection()
        if settings:
            self.server.update_settings(settings)
        self.exchange()

    def heard(self) -> list[h2.events.Event]:
        """What the server makes of what the client wrote."""
        data = bytes(self.wire.written)
        self.wire.written.clear()
        return self.server.receive_data(data)

    def exchange(self) -> list[h2.events.Event]:
        """Both ways once, and once more for the answers."""
        events = self.heard()
        self.client.data_received(self.server.data_to_send())
        return events + self.heard()


async def read_all(stream: Stream) -> bytes:
    body = bytearray()
    while data := await stream.read():
        body += data
    return bytes(body)


def test_the_settings_and_the_connection_window() -> None:
    async def scene() -> None:
        peers = Peers()
        assert peers.server.remote_settings.enable_push == 0
        assert peers.server.remote_settings.initial_window_size == STREAM_WINDOW
        assert peers.server.outbound_flow_control_window == CONNECTION_WINDOW

    play(scene())


@pytest.mark.parametrize("size", [1, 2, 3, 8, 9, 10, 31])
def test_an_answer_in_pieces_of_any_size(size: int) -> None:
    async def scene() -> None:
        peers = Peers()
        async with peers.client.request(GET) as stream:
            peers.exchange()
            peers.server.send_headers(stream.number, [*OK, ("x-word", "bell")])
            peers.server.send_data(stream.number, b"one ", pad_length=7)
            peers.server.send_data(stream.number, b"two", end_stream=True)
            data = peers.server.data_to_send()
            for at in range(0, len(data), size):
                peers.client.data_received(data[at : at + size])
            assert await stream.answered() == 200
            assert stream.headers["x-word"] == "bell"
            assert await read_all(stream) == b"one two"

    play(scene())


def test_what_came_before_a_goaway_is_delivered_though_bytes_follow_it() -> None:
    async def scene() -> None:
        peers = Peers()
        async with peers.client.request(GET) as answered, peers.client.request(GET) as other:
            peers.exchange()
            peers.server.send_headers(answered.number, OK)
            peers.server.send_data(answered.number, b"all", end_stream=True)
            peers.server.send_headers(other.number, OK)
            peers.server.send_data(other.number, b"some")
            before = peers.server.data_to_send()
            peers.server.send_data(other.number, b"more", end_stream=True)
            after = peers.server.data_to_send()
            peers.server.close_connection(ErrorCodes.ENHANCE_YOUR_CALM, b"enough")
            peers.client.data_received(before + peers.server.data_to_send() + after)

            assert await read_all(answered) == b"all"
            assert await other.read() == b"some"
            with pytest.raises(Unreachable, match=r"GOAWAY \(ENHANCE_YOUR_CALM, b'enough'\)"):
                await other.read()
        assert peers.wire.is_closing()

    play(scene())


def test_bytes_that_are_not_http2_end_the_connection() -> None:
    async def scene() -> None:
        peers = Peers()
        async with peers.client.request(GET) as stream:
            peers.client.data_received(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            with pytest.raises(Unreachable, match="broke the rules of HTTP/2"):
                await stream.answered()
        assert peers.wire.is_closing()

    play(scene())


@pytest.mark.parametrize("status", ["", "abc", "99", "2000", "000"])
def test_a_status_that_is_none_ends_the_connection(status: str) -> None:
    async def scene() -> None:
        peers = Peers()
        async with peers.client.request(GET) as stream:
            peers.exchange()
            peers.server.send_headers(stream.number, [(":status", status)])
            peers.exchange()
            with pytest.raises(Unreachable, match="broke the rules of HTTP/2"):
                await stream.answered()

    play(scene())


def test_an_interim_answer_is_not_the_answer() -> None:
    async def scene() -> None:
        peers = Peers()
        async with peers.client.request(GET) as stream:
            peers.exchange()
            peers.server.send_headers(stream.number, [(":status", "103")])
            peers.server.send_headers(stream.number, OK)
            peers.exchange()
            assert await stream.answered() == 200

    play(scene())


def test_only_what_is_read_is_acknowledged() -> None:
    async def scene() -> None:
        peers = Peers()
        async with peers.client.request(GET) as stream:
            peers.exchange()
            peers.server.send_headers(stream.number, OK)
            for size in (16_384, 16_384, 16_384, 16_383):
                peers.server.send_data(stream.number, bytes(size))
            peers.exchange()
            assert peers.server.local_flow_control_window(stream.number) == 0
            assert len(await stream.read()) == STREAM_WINDOW
            peers.exchange()
            assert peers.server.local_flow_control_window(stream.number) == STREAM_WINDOW

    play(scene())


def test_padding_alone_does_not_use_the_window_up() -> None:
    async def scene() -> None:
        peers = Peers()
        async with peers.client.request(GET) as stream:
            peers.exchange()
            peers.server.send_headers(stream.number, OK)
            for _ in range(1000):
                peers.server.send_data(stream.number, b"", pad_length=255)
                peers.exchange()
            assert peers.server.local_flow_control_window(stream.number) > 0
            assert not stream.inbox

    play(scene())


def test_a_request_that_is_left_is_cancelled_and_its_bytes_are_handed_back() -> None:
    async def scene() -> None:
        peers = Peers()
        for _ in range(CONNECTION_WINDOW // STREAM_WINDOW + 2):
            async with peers.client.request(GET) as stream:
                peers.exchange()
                peers.server.send_headers(stream.number, OK)
                for size in (16_384, 16_384, 16_384, 16_383):
                    peers.server.send_data(stream.number, bytes(size))
                peers.exchange()
            resets = [event for event in peers.exchange() if isinstance(event, h2.events.StreamReset)]
            assert [(reset.stream_id, reset.error_code) for reset in resets] == [(stream.number, ErrorCodes.CANCEL)]
        assert peers.server.outbound_flow_control_window > CONNECTION_WINDOW // 4

    play(scene())


def test_a_body_obeys_the_windows_of_the_cloud() -> None:
    async def scene() -> None:
        peers = Peers(settings={SettingCodes.INITIAL_WINDOW_SIZE: 10})
        body = bytes(range(256)) * 4
        received = bytearray()

        async def post() -> None:
            async with peers.client.request(GET, body) as stream:
                await stream.answered()

        posting = asyncio.create_task(post())
        while len(received) < len(body):
            await asyncio.sleep(0)
            for event in peers.heard():
                if isinstance(event, h2.events.DataReceived):
                    assert len(event.data) <= 10
                    received += event.data
                    peers.server.increment_flow_control_window(len(event.data), event.stream_id)
            peers.client.data_received(peers.server.data_to_send())
        peers.server.send_headers(1, [(":status", "204")], end_stream=True)
        peers.exchange()
        await posting
        assert received == body

    play(scene())


def test_a_body_goes_on_when_the_settings_make_room() -> None:
    async def scene() -> None:
        peers = Peers(settings={SettingCodes.INITIAL_WINDOW_SIZE: 10})
        leaving = asyncio.create_task(peers.client.request(GET, bytes(100)).__aenter__())
        await asyncio.sleep(0)
        peers.server.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 1000})
        peers.exchange()
        assert (await leaving).sent

    play(scene())


def test_a_body_fails_with_its_stream_or_its_connection() -> None:
    async def scene() -> None:
        peers = Peers(settings={SettingCodes.INITIAL_WINDOW_SIZE: 10})
        leaving = asyncio.create_task(peers.client.request(GET, bytes(100)).__aenter__())
        await asyncio.sleep(0)
        peers.heard()
        peers.server.reset_stream(1, ErrorCodes.REFUSED_STREAM)
        peers.exchange()
        with pytest.raises(Unreachable, match="REFUSED_STREAM"):
            await leaving

        peers = Peers()
        peers.client.pause_writing()
        leaving = asyncio.create_task(peers.client.request(GET, bytes(60_000)).__aenter__())
        await asyncio.sleep(0)
        peers.heard()
        peers.server.reset_stream(1, ErrorCodes.REFUSED_STREAM)
        peers.exchange()
        peers.client.resume_writing()
        with pytest.raises(Unreachable, match="REFUSED_STREAM"):
            await leaving

        peers.client.pause_writing()
        leaving = asyncio.create_task(peers.client.request(GET, bytes(60_000)).__aenter__())
        await asyncio.sleep(0)
        peers.wire.close()
        await asyncio.sleep(0)
        with pytest.raises(Unreachable, match="the cloud closed the connection"):
            await leaving

    play(scene())


@pytest.mark.parametrize(("status", "whole"), [("413", True), ("413", False), ("204", True)])
def test_a_body_stops_when_the_answer_makes_it_pointless(status: str, *, whole: bool) -> None:
    async def scene() -> None:
        peers = Peers(settings={SettingCodes.INITIAL_WINDOW_SIZE: 10})

        async def post() -> int:
            async with peers.client.request(GET, bytes(100)) as stream:
                return await stream.answered()

        posting = asyncio.create_task(post())
        await asyncio.sleep(0)
        peers.exchange()
        peers.server.send_headers(1, [(":status", status)], end_stream=whole)
        peers.exchange()
        assert await posting == int(status)
        assert any(isinstance(event, h2.events.StreamReset) for event in peers.exchange())

    play(scene())


def test_a_body_waits_for_the_transport() -> None:
    async def scene() -> None:
        peers = Peers()
        peers.client.pause_writing()
        leaving = asyncio.create_task(peers.client.request(GET, bytes(60_000)).__aenter__())
        await asyncio.sleep(0)
        assert sum(len(event.data) for event in peers.heard() if isinstance(event, h2.events.DataReceived)) == 16_384
        peers.client.resume_writing()
        await leaving
        assert sum(len(event.data) for event in peers.heard() if isinstance(event, h2.events.DataReceived)) == 43_616

    play(scene())


def test_a_reset_is_told_with_its_reason() -> None:
    async def scene() -> None:
        peers = Peers()
        async with peers.client.request(GET) as stream:
            peers.exchange()
            peers.server.reset_stream(stream.number, ErrorCodes.REFUSED_STREAM)
            peers.exchange()
            with pytest.raises(Unreachable, match="REFUSED_STREAM"):
                await stream.answered()
        async with peers.client.request(GET) as stream:
            assert peers.client.lost == ""

    play(scene())


def test_no_more_streams_than_agreed() -> None:
    async def scene() -> None:
        peers = Peers()
        held = [peers.client.request(GET) for _ in range(MAX_STREAMS)]
        for request in held:
            await request.__aenter__()
        one_more = asyncio.create_task(peers.client.request(GET).__aenter__())
        await asyncio.sleep(0)
        assert not one_more.done()
        await held[0].__aexit__(None, None, None)
        assert (await one_more).number == 2 * MAX_STREAMS + 1

    play(scene())


def test_a_cloud_that_takes_fewer_streams() -> None:
    async def scene() -> None:
        peers = Peers(settings={SettingCodes.MAX_CONCURRENT_STREAMS: 1})
        async with peers.client.request(GET):
            with pytest.raises(Unreachable, match="can't be made"):
                async with peers.client.request(GET):
                    pass
            assert peers.client.lost == ""

    play(scene())


def test_silence_after_a_ping_ends_the_connection() -> None:
    async def scene() -> None:
        peers = Peers(Timing(ping_every=0.02, ping_patience=0.01))
        async with peers.client.request(GET) as stream:
            with pytest.raises(Unreachable, match=r"said nothing within 0\.01 s of a PING"):
                await stream.answered()
        assert any(isinstance(event, h2.events.PingReceived) for event in peers.heard())

    play(scene())


def test_any_byte_after_a_ping_is_a_sign_of_life() -> None:
    async def scene() -> None:
        peers = Peers(Timing(ping_every=0.02, ping_patience=0.01))
        pings = 0
        while pings < 3:
            await asyncio.sleep(0)
            if any(isinstance(event, h2.events.PingReceived) for event in peers.heard()):
                pings += 1
                peers.client.data_received(peers.server.data_to_send()[:1])
                peers.client.data_received(b"")
        assert peers.client.lost == ""

    play(scene())


def test_a_cloud_that_sends_and_never_reads() -> None:
    async def scene() -> None:
        peers = Peers()
        peers.wire.stuck = True
        for _ in range(MAX_UNSENT // 17 + 1):
            peers.server.ping(b"12345678")
        peers.client.data_received(peers.server.data_to_send())
        assert peers.client.lost == "the cloud sends, but does not read"

    play(scene())


def test_after_the_loss_there_is_no_watch() -> None:
    async def scene() -> None:
        mistakes: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: mistakes.append(context))
        peers = Peers()
        peers.server.close_connection()
        peers.exchange()
        await asyncio.sleep(3600)
        assert not mistakes

    virtually(scene())


def test_after_the_loss_nothing_is_heard() -> None:
    async def scene() -> None:
        peers = Peers()
        async with peers.client.request(GET) as stream:
            peers.heard()
            peers.wire.close()
            await asyncio.sleep(0)
            peers.server.send_headers(stream.number, OK, end_stream=True)
            peers.client.data_received(peers.server.data_to_send())
            with pytest.raises(Unreachable, match="the cloud closed the connection"):
                await stream.answered()

    play(scene())


def test_closing_does_not_wait_for_ever() -> None:
    class Stubborn(Wire):
        def close(self) -> None:
            self._closing = True

        def abort(self) -> None:
            self.protocol.connection_lost(None)

    async def scene() -> None:
        client = Http2Connection(Timing(close=0.01))
        wire = Stubborn()
        wire.protocol = client
        client.connection_made(wire)
        await client.close()

    play(scene())


def test_closing_says_goodbye_once() -> None:
    async def scene() -> None:
        peers = Peers()
        await peers.client.close()
        await peers.client.close()
        goodbyes = [event for event in peers.heard() if isinstance(event, h2.events.ConnectionTerminated)]
        assert [goodbye.error_code for goodbye in goodbyes] == [ErrorCodes.NO_ERROR]
        with pytest.raises(Unreachable, match="this side closed"):
            async with peers.client.request(GET):
                pass

    play(scene())


@pytest.mark.parametrize(
    ("peer", "own", "is_here"),
    [
        (("127.0.0.1", 8443), ("127.0.0.1", 50_000), True),
        (("127.0.0.2", 8443), ("127.0.0.1", 50_000), True),
        (("192.168.0.7", 8443), ("192.168.0.7", 50_000), True),
        (("192.168.0.2", 8443), ("192.168.0.7", 50_000), False),
        (("::1", 8443, 0, 0), ("::1", 50_000, 0, 0), True),
        (("fe80::1%eth0", 8443, 0, 2), ("fe80::2%eth0", 50_000, 0, 2), False),
    ],
)
def test_whether_the_other_end_is_this_machine(peer: tuple[Any, ...], own: tuple[Any, ...], is_here: bool) -> None:
    async def scene() -> bool:
        connection = Http2Connection(Timing())
        ends = {"peername": peer, "sockname": own}
        connection._transport = cast("asyncio.Transport", SimpleNamespace(get_extra_info=ends.get))
        return connection.is_to_this_machine

    assert asyncio.run(scene()) is is_here
