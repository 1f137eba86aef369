"""Against a real little HTTP/2 cloud over TLS on loopback: each test is a conversation that plays both ends."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, cast

import h2.events
import pytest
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server as GranianServer
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.settings import SettingCodes
from structlog.testing import capture_logs

from bellwire.cli.processes import free_port
from bellwire.device.backoff import Backoff
from bellwire.device.connection import MAX_ANSWER, MAX_DIRECTIVE, Answer, Connection
from bellwire.device.endpoint import Endpoint, tls_context
from bellwire.device.stream import Unreachable
from bellwire.device.timing import Timing
from bellwire.protocol.messages.alerts import SynchronizeAlert
from bellwire.protocol.messages.envelope import Directive
from bellwire.protocol.multipart import MultipartWriter
from tests.conversation import alarm
from tests.device.house import CODEC

TlsFiles = tuple[Path, Path, Path]
RELATED = MultipartWriter("----bell", "related")
QUICK = Timing(connect=5, downchannel=5, ping_every=30, ping_patience=10, close=0.5)
JSON = "application/json"


class Request(NamedTuple):
    stream: int
    headers: Mapping[str, str]
    body: bytes


class Link:
    """The cloud's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, window: int) -> None:
        self.requests: asyncio.Queue[Request] = asyncio.Queue()
        self.resets: asyncio.Queue[int] = asyncio.Queue()
        self.pings: asyncio.Queue[bytes] = asyncio.Queue()
        self.goodbye = False
        self.broke = False
        self.ended = asyncio.Event()
        self._reader = reader
        self._writer = writer
        self._transport = cast("asyncio.Transport", writer.transport)
        self._coming: dict[int, tuple[Mapping[str, str], bytearray]] = {}
        self._room = asyncio.Event()
        self._h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._h2.initiate_connection()
        self._h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: window})
        self._serving = cast("asyncio.Task[None]", asyncio.current_task())

    async def serve(self) -> None:
        try:
            self._flush()
            while data := await self._reader.read(65_536):
                for event in self._h2.receive_data(data):
                    self._take(event)
                self._flush()
        except OSError:
            self.broke = True  # the speaker closed while something was on its way
        finally:
            self.ended.set()

    def _take(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.RequestReceived():
                self._coming[event.stream_id] = (dict(cast("list[tuple[str, str]]", event.headers)), bytearray())
            case h2.events.DataReceived():
                self._coming[event.stream_id][1].extend(event.data)
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case h2.events.StreamEnded():
                headers, body = self._coming.pop(event.stream_id)
                self.requests.put_nowait(Request(event.stream_id, headers, bytes(body)))
            case h2.events.StreamReset():
                self.resets.put_nowait(event.stream_id)
            case h2.events.PingReceived():
                self.pings.put_nowait(event.ping_data)
            case h2.events.WindowUpdated():
                self._room.set()
            case h2.events.ConnectionTerminated():
                self.goodbye = event.error_code == ErrorCodes.NO_ERROR

    def _flush(self) -> None:
        self._writer.write(self._h2.data_to_send())

    def answer(self, to: Request, status: int, content_type: str = "", body: bytes = b"", date: str = "") -> None:
        """A whole answer."""
        headers = [(":status", str(status))] + [("content-type", content_type)] * bool(content_type)
        headers += [("date", date)] * bool(date)
        self._h2.send_headers(to.stream, headers, end_stream=not body)
        if body:
            self._h2.send_data(to.stream, body, end_stream=True)
        self._flush()

    def begin(self, to: Request, content_type: str = RELATED.content_type) -> None:
        """The beginning of an answer that goes on."""
        self._h2.send_headers(to.stream, [(":status", "200"), ("content-type", content_type)])
        self._h2.send_data(to.stream, RELATED.opening)
        self._flush()

    async def send(self, to: Request, body: bytes, piece: int = 16_384) -> None:
        """More of it, as fast as the speaker lets us."""
        while body:
            self._room.clear()
            room = min(piece, self._h2.local_flow_control_window(to.stream), len(body))
            if room == 0:
                await self._room.wait()
                continue
            self._h2.send_data(to.stream, body[:room])
            body = body[room:]
            self._flush()

    def end(self, to: Request) -> None:
        self._h2.end_stream(to.stream)
        self._flush()

    def reset(self, to: Request) -> None:
        self._h2.reset_stream(to.stream, ErrorCodes.INTERNAL_ERROR)
        self._flush()

    def go_away(self) -> None:
        self._h2.close_connection()
        self._flush()

    def freeze(self) -> None:
        """From now on it neither reads nor answers; the socket stays open."""
        self._transport.pause_reading()
        self._serving.cancel()

    def hang_up(self) -> None:
        self._writer.close()

    def cut(self) -> None:
        self._transport.abort()


class Cloud:
    def __init__(self, url: str, authority: Path) -> None:
        self.url = url
        self.authority = authority
        self.links: asyncio.Queue[Link] = asyncio.Queue()

    async def downchannel(self) -> tuple[Link, Request]:
        """The next connection, with the request for its downchannel."""
        link = await self.links.get()
        request = await link.requests.get()
        assert (request.headers[":method"], request.headers[":path"]) == ("GET", "/down")
        return link, request

    async def standing(self) -> tuple[Link, Request]:
        """The same, and the downchannel is answered."""
        link, downchannel = await self.downchannel()
        link.begin(downchannel)
        return link, downchannel


@asynccontextmanager
async def a_cloud(files: TlsFiles, window: int = 65_535, *, cleartext: bool = False) -> AsyncIterator[Cloud]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(files[1], files[2])
    tls.set_alpn_protocols(["h2"])
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(cast("asyncio.Task[None]", asyncio.current_task()))
        link = Link(reader, writer, window)
        cloud.links.put_nowait(link)
        try:
            await link.serve()
        except asyncio.CancelledError:
            await leaving.wait()  # frozen
            link.cut()
        finally:
            writer.close()

    leaving = asyncio.Event()
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=None if cleartext else tls)
    port = server.sockets[0].getsockname()[1]
    cloud = Cloud(f"{'http' if cleartext else 'https'}://127.0.0.1:{port}", files[0])
    async with server:
        yield cloud
        leaving.set()
        async with asyncio.timeout(5):  # every socket that was opened to it has been closed
            await asyncio.gather(*serving)


class Speaker:
    """Keeps what it was told, in order."""

    def __init__(self, endpoint: Endpoint, backoff: Backoff, timing: Timing, **more: Any) -> None:
        self.told: asyncio.Queue[tuple[object, ...]] = asyncio.Queue()
        self.connection = Connection(endpoint, self, backoff=backoff, timing=timing, **more)

    def connected(self) -> None:
        self.told.put_nowait(("connected",))

    def disconnected(self, reason: str) -> None:
        self.told.put_nowait(("disconnected", reason))

    def directive(self, body: bytes) -> None:
        self.told.put_nowait(("directive", body))

    def refused(self, status: int, body: bytes) -> None:
        self.told.put_nowait(("refused", status, body))

    async def is_connected(self) -> None:
        assert await self.told.get() == ("connected",)

    async def is_disconnected(self) -> str:
        what, reason = await self.told.get()
        assert what == "disconnected"
        return str(reason)


class Steps(Backoff):
    """The real steps, without jitter; they are written down, and `seconds` is waited in their place."""

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__(lambda _low, _high: 1.0)
        self.seconds = seconds
        self.asked: list[float] = []
        self.delivered: list[bool] = []

    def wait(self, *, patient: bool = False) -> float:
        self.asked.append(super().wait(patient=patient))
        return self.seconds

    def stood(self, seconds: float, *, delivered: bool) -> None:
        self.delivered.append(delivered)
        super().stood(seconds, delivered=delivered)


@asynccontextmanager
async def a_speaker(
    cloud: Cloud, backoff: Backoff | None = None, timing: Timing = QUICK, **more: Any
) -> AsyncIterator[Speaker]:
    headers = {"Authorization": "Bearer secret"}
    tls = None if cloud.url.startswith("http:") else tls_context(cloud.authority)
    endpoint = Endpoint(cloud.url, "/down", "/events", headers, tls, allow_cleartext=True)
    speaker = Speaker(endpoint, backoff or Steps(), timing, **more)
    running = asyncio.create_task(speaker.connection.run())
    try:
        yield speaker
    finally:
        await speaker.connection.close()
        async with asyncio.timeout(5):
            await running


def play(scene: Coroutine[object, object, None]) -> None:
    asyncio.run(asyncio.wait_for(scene, 20))


def connected_scene(
    files: TlsFiles,
    scene: Callable[[Cloud, Link, Request, Speaker], Coroutine[object, object, None]],
    *,
    window: int = 65_535,
    timing: Timing = QUICK,
) -> None:
    """Plays a scene that begins with a downchannel that stands."""

    async def whole() -> None:
        async with a_cloud(files, window) as cloud, a_speaker(cloud, timing=timing) as speaker:
            link, downchannel = await cloud.standing()
            await speaker.is_connected()
            await scene(cloud, link, downchannel, speaker)

    play(whole())


# The downchannel.


@pytest.mark.parametrize("piece", [1, 2, 7, 64, 16_384])
def test_directives_come_in_order_however_they_are_cut(tls_files: TlsFiles, piece: int) -> None:
    async def scene(_cloud: Cloud, link: Link, downchannel: Request, speaker: Speaker) -> None:
        directives = [b'{"n":%d}' % number for number in range(3)]
        await link.send(downchannel, b"".join(map(RELATED.part, directives)), piece)
        for directive in directives:
            assert await speaker.told.get() == ("directive", directive)

    connected_scene(tls_files, scene)


def test_a_directive_does_not_wait_for_the_next_one(tls_files: TlsFiles) -> None:
    async def scene(_cloud: Cloud, link: Link, downchannel: Request, speaker: Speaker) -> None:
        for number in range(3):
            await link.send(downchannel, RELATED.part(b"%d" % number))
            assert await speaker.told.get() == ("directive", b"%d" % number)

    connected_scene(tls_files, scene)


def test_the_request_for_it_carries_the_headers(tls_files: TlsFiles) -> None:
    async def scene(_cloud: Cloud, _link: Link, downchannel: Request, _speaker: Speaker) -> None:
        assert downchannel.headers["authorization"] == "Bearer secret"
        assert downchannel.headers[":authority"].startswith("127.0.0.1:")
        assert downchannel.body == b""

    connected_scene(tls_files, scene)


def test_more_than_every_window_holds(tls_files: TlsFiles) -> None:
    async def scene(_cloud: Cloud, link: Link, downchannel: Request, speaker: Speaker) -> None:
        long = b'"%s"' % bytes(2**20).replace(b"\0", b"x")
        for _ in range(18):
            await link.send(downchannel, RELATED.part(long))
            assert await speaker.told.get() == ("directive", long)

    connected_scene(tls_files, scene)


def test_the_longest_list_of_alerts_comes_whole(tls_files: TlsFiles) -> None:
    alerts = tuple(alarm(f"{n:036}", "07:00:00", "REMINDER", "\uc885" * 1024) for n in range(1000))
    synchronize = CODEC.encode_directive(Directive(message=SynchronizeAlert(all_alerts=alerts), message_id="m"))
    assert len(synchronize) > 3 * 2**20

    async def scene(_cloud: Cloud, link: Link, downchannel: Request, speaker: Speaker) -> None:
        await link.send(downchannel, RELATED.part(synchronize))
        assert await speaker.told.get() == ("directive", synchronize)

    connected_scene(tls_files, scene)


def test_parts_that_are_not_json_are_passed_over(tls_files: TlsFiles) -> None:
    async def scene(_cloud: Cloud, link: Link, downchannel: Request, speaker: Speaker) -> None:
        await link.send(downchannel, b"Content-Type: audio/mpeg\r\n\r\n\x00\r\n------bell\r\n")
        await link.send(downchannel, RELATED.part(b"{}"))
        assert await speaker.told.get() == ("directive", b"{}")

    connected_scene(tls_files, scene)


END_OF_A_DOWNCHANNEL: list[tuple[Callable[[Link, Request], object], str]] = [
    (Link.end, "the cloud ended the downchannel"),
    (Link.reset, r"the cloud reset the stream \(INTERNAL_ERROR\)"),
    (lambda link, _: link.go_away(), r"the cloud said GOAWAY \(NO_ERROR\)"),
    (lambda link, _: link.hang_up(), "the cloud closed the connection|the connection broke"),
    (lambda link, _: link.cut(), "the cloud closed the connection|the connection broke"),
]


@pytest.mark.parametrize(("end", "reason"), END_OF_A_DOWNCHANNEL)
def test_whatever_ends_it_is_told_and_it_is_opened_again(
    tls_files: TlsFiles, end: Callable[[Link, Request], object], reason: str
) -> None:
    async def scene(cloud: Cloud, link: Link, downchannel: Request, speaker: Speaker) -> None:
        await link.send(downchannel, RELATED.part(b"1"))
        assert await speaker.told.get() == ("directive", b"1")
        end(link, downchannel)
        assert re.match(reason, await speaker.is_disconnected())
        await link.ended.wait()
        link, downchannel = await cloud.standing()
        await speaker.is_connected()
        await link.send(downchannel, RELATED.part(b"2"))
        assert await speaker.told.get() == ("directive", b"2")

    connected_scene(tls_files, scene)


def test_a_closing_delimiter_ends_it_too(tls_files: TlsFiles) -> None:
    async def scene(_cloud: Cloud, link: Link, downchannel: Request, speaker: Speaker) -> None:
        await link.send(downchannel, RELATED.whole([b"1"]).removeprefix(RELATED.opening))
        assert await speaker.told.get() == ("directive", b"1")
        assert await speaker.is_disconnected() == "the cloud ended the downchannel"

    connected_scene(tls_files, scene)


def test_a_downchannel_that_is_not_to_be_understood(tls_files: TlsFiles) -> None:
    async def scene(_cloud: Cloud, link: Link, downchannel: Request, speaker: Speaker) -> None:
        with suppress(h2.exceptions.ProtocolError):  # the speaker hangs up in the middle
            await link.send(downchannel, b"no headers\r\n------bell\r\n")
        assert "no blank line" in await speaker.is_disconnected()

    connected_scene(tls_files, scene)


def test_a_directive_that_is_far_too_long_costs_none_of_those_after_it(tls_files: TlsFiles) -> None:
    async def scene(_cloud: Cloud, link: Link, downchannel: Request, speaker: Speaker) -> None:
        with capture_logs() as logs:
            await link.send(downchannel, RELATED.part(b"[" + b"1," * (MAX_DIRECTIVE // 2) + b"1]"))
            await link.send(downchannel, RELATED.part(b"2"))
            assert await speaker.told.get() == ("directive", b"2")
        assert [line["event"] for line in logs if line["log_level"] == "warning"] == [
            "message left out: it is too long"
        ]

    connected_scene(tls_files, scene)


def test_a_downchannel_that_is_not_multipart(tls_files: TlsFiles) -> None:
    async def scene() -> None:
        async with a_cloud(tls_files) as cloud, a_speaker(cloud) as speaker:
            link, downchannel = await cloud.downchannel()
            link.begin(downchannel, "text/html")
            assert "'text/html'" in await speaker.is_disconnected()

    play(scene())


def test_a_black_hole_is_noticed(tls_files: TlsFiles) -> None:
    async def scene(cloud: Cloud, link: Link, _downchannel: Request, speaker: Speaker) -> None:
        link.freeze()
        began = asyncio.get_running_loop().time()
        assert "said nothing within 0.1 s of a PING" in await speaker.is_disconnected()
        assert asyncio.get_running_loop().time() - began < 5
        await cloud.standing()
        await speaker.is_connected()

    connected_scene(tls_files, scene, timing=Timing(ping_every=0.2, ping_patience=0.1, close=60))


def test_a_silent_cloud_that_answers_pings_is_kept(tls_files: TlsFiles) -> None:
    async def scene(_cloud: Cloud, link: Link, downchannel: Request, speaker: Speaker) -> None:
        for _ in range(2):
            await link.pings.get()
        await link.send(downchannel, RELATED.part(b"1"))
        assert await speaker.told.get() == ("directive", b"1")

    connected_scene(tls_files, scene, timing=Timing(ping_every=0.01, ping_patience=0.5))


def test_a_cloud_that_does_not_answer_the_downchannel(tls_files: TlsFiles) -> None:
    async def scene() -> None:
        async with a_cloud(tls_files) as cloud, a_speaker(cloud, timing=Timing(downchannel=0.1)) as speaker:
            await cloud.downchannel()
            assert await speaker.is_disconnected() == "the cloud did not answer the downchannel within 0.1 s"

    play(scene())


# When to try again.


@pytest.mark.parametrize(("status", "waits"), [(401, [8, 16]), (429, [8, 16]), (500, [0.25, 1]), (204, [0.25, 1])])
def test_a_refusal_is_told_with_what_the_cloud_said(tls_files: TlsFiles, status: int, waits: list[float]) -> None:
    async def scene() -> None:
        steps = Steps()
        async with a_cloud(tls_files) as cloud, a_speaker(cloud, steps) as speaker:
            for content_type, body in [(JSON, b'{"code":1}'), (RELATED.content_type, RELATED.whole([b'{"code":1}']))]:
                link, downchannel = await cloud.downchannel()
                link.answer(downchannel, status, content_type, body)
                assert await speaker.told.get() == ("refused", status, b'{"code":1}')
                await link.ended.wait()
            assert steps.asked == waits

    play(scene())


def test_a_cloud_that_accepts_greets_and_hangs_up_is_left_alone_longer_and_longer(tls_files: TlsFiles) -> None:
    async def scene() -> None:
        steps = Steps()
        async with a_cloud(tls_files) as cloud, a_speaker(cloud, steps) as speaker:
            for _ in range(6):
                link, downchannel = await cloud.standing()
                await link.send(downchannel, RELATED.part(b"{}"))
                link.hang_up()
                await speaker.is_connected()
                assert await speaker.told.get() == ("directive", b"{}")
                await speaker.is_disconnected()
            assert steps.asked[:6] == [0.25, 1, 2, 4, 8, 16]

    play(scene())


def test_only_one_connection_at_a_time_and_none_before_the_wait_is_over(tls_files: TlsFiles) -> None:
    async def scene() -> None:
        time, steps = asyncio.get_running_loop().time, Steps(seconds=0.1)
        async with a_cloud(tls_files) as cloud, a_speaker(cloud, steps) as speaker:
            for count in range(3):
                link, _ = await cloud.standing()
                await speaker.is_connected()
                assert cloud.links.empty()
                assert len(steps.asked) == count
                hung_up = time()
                link.hang_up()
                await speaker.is_disconnected()
                cloud.links.put_nowait(await cloud.links.get())
                assert time() - hung_up >= steps.seconds

    play(scene())


def test_what_counts_as_useful(tls_files: TlsFiles) -> None:
    async def scene() -> None:
        steps = Steps()
        async with a_cloud(tls_files) as cloud, a_speaker(cloud, steps) as speaker:
            for useful in ("directive", "", "event", ""):
                link, downchannel = await cloud.standing()
                await speaker.is_connected()
                if useful == "directive":
                    await link.send(downchannel, RELATED.part(b"{}"))
                    await speaker.told.get()
                if useful == "event":
                    await exchange(link, speaker, lambda request, link=link: link.answer(request, 204))  # type: ignore[misc]
                link.end(downchannel)
                await speaker.is_disconnected()
            assert steps.delivered == [True, False, True, False]

    play(scene())


def test_nobody_there_is_told_each_time() -> None:
    async def scene() -> None:
        steps = Steps()
        async with a_speaker(Cloud("http://127.0.0.1:1", Path()), steps) as speaker:
            for _ in range(3):
                assert "can't connect to 127.0.0.1:1" in await speaker.is_disconnected()
            assert steps.asked[:3] == [0.25, 1, 2]

    play(scene())


# Events.


async def exchange(link: Link, speaker: Speaker, answer: Callable[[Request], object], body: bytes = b"{}") -> Answer:
    posting = asyncio.create_task(speaker.connection.post_event(body, "multipart/form-data; boundary=x"))
    request = await link.requests.get()
    assert request.body == body
    answer(request)
    return await posting


def test_an_event_carries_its_type_and_length(tls_files: TlsFiles) -> None:
    async def scene(_cloud: Cloud, link: Link, _downchannel: Request, speaker: Speaker) -> None:
        def answer(request: Request) -> None:
            assert (request.headers[":method"], request.headers[":path"]) == ("POST", "/events")
            assert request.headers["authorization"] == "Bearer secret"
            assert request.headers["content-type"] == "multipart/form-data; boundary=x"
            assert request.headers["content-length"] == "5"
            link.answer(request, 204)

        assert await exchange(link, speaker, answer, b"event") == Answer(204, ())

    connected_scene(tls_files, scene)


ANSWERS: list[tuple[int, str, bytes, tuple[bytes, ...]]] = [
    (200, RELATED.content_type, RELATED.whole([b"1", b"2"]), (b"1", b"2")),
    (200, RELATED.content_type, RELATED.whole([]), ()),
    (200, RELATED.content_type, RELATED.whole([b"1", b"2"])[:-20], (b"1",)),
    (400, RELATED.content_type, RELATED.whole([b"why"]), (b"why",)),
    (500, JSON, b"why", (b"why",)),
    (200, "text/html", b"<p>", ()),
    (200, RELATED.content_type, b"------bell\r\nno headers\r\n------bell--\r\n", ()),
]


@pytest.mark.parametrize(("status", "content_type", "body", "parts"), ANSWERS)
def test_the_json_of_an_answer(
    tls_files: TlsFiles, status: int, content_type: str, body: bytes, parts: tuple[bytes, ...]
) -> None:
    async def scene(_cloud: Cloud, link: Link, _downchannel: Request, speaker: Speaker) -> None:
        def answer(request: Request) -> None:
            link.answer(request, status, content_type, body)

        assert await exchange(link, speaker, answer) == Answer(status, parts)

    connected_scene(tls_files, scene)


def test_an_event_larger_than_tiny_windows(tls_files: TlsFiles) -> None:
    async def scene(_cloud: Cloud, link: Link, _downchannel: Request, speaker: Speaker) -> None:
        body = bytes(range(256)) * 40
        assert (await exchange(link, speaker, lambda request: link.answer(request, 204), body)).status == 204

    connected_scene(tls_files, scene, window=100)


def test_a_window_that_never_opens_is_waited_for_no_longer_than_agreed(tls_files: TlsFiles) -> None:
    async def scene(_cloud: Cloud, link: Link, _downchannel: Request, speaker: Speaker) -> None:
        with pytest.raises(Unreachable, match="did not answer an event within"):
            await speaker.connection.post_event(b"much", "text/plain", within=0.1)
        assert await link.resets.get() == 3

    connected_scene(tls_files, scene, window=0)


def test_no_status_in_time_and_the_downchannel_stands(tls_files: TlsFiles) -> None:
    async def scene(_cloud: Cloud, link: Link, downchannel: Request, speaker: Speaker) -> None:
        with pytest.raises(Unreachable, match=r"did not answer an event within 0\.1 s"):
            await speaker.connection.post_event(b"{}", "text/plain", within=0.1)
        assert await link.resets.get() == (await link.requests.get()).stream
        await link.send(downchannel, RELATED.part(b"1"))
        assert await speaker.told.get() == ("directive", b"1")

    connected_scene(tls_files, scene)


@pytest.mark.parametrize(("end", "_reason"), END_OF_A_DOWNCHANNEL[2:])
def test_a_connection_that_breaks_before_the_status(
    tls_files: TlsFiles, end: Callable[[Link, Request], object], _reason: str
) -> None:
    async def scene(cloud: Cloud, link: Link, _downchannel: Request, speaker: Speaker) -> None:
        with pytest.raises(Unreachable):
            await exchange(link, speaker, lambda request: end(link, request))
        await speaker.is_disconnected()
        with pytest.raises(Unreachable, match="there is no connection"):
            await speaker.connection.post_event(b"{}", "text/plain")
        link, _ = await cloud.standing()
        await speaker.is_connected()
        assert (await exchange(link, speaker, lambda request: link.answer(request, 204))).status == 204

    connected_scene(tls_files, scene)


@pytest.mark.parametrize(("end", "_reason"), END_OF_A_DOWNCHANNEL[1:])
def test_an_answer_that_breaks_off_keeps_its_status_and_its_whole_parts(
    tls_files: TlsFiles, end: Callable[[Link, Request], object], _reason: str
) -> None:
    async def scene(_cloud: Cloud, link: Link, downchannel: Request, speaker: Speaker) -> None:
        posting = asyncio.create_task(speaker.connection.post_event(b"{}", "text/plain"))
        request = await link.requests.get()
        link.begin(request)
        await link.send(request, RELATED.part(b"1") + b"Content-Type: application/json\r\n\r\n{")
        await link.send(downchannel, RELATED.part(b"{}"))
        assert await speaker.told.get() == ("directive", b"{}")  # so the answer has come that far, too
        end(link, request)
        assert await posting == Answer(200, (b"1",))

    connected_scene(tls_files, scene)


def test_plain_json_that_breaks_off_is_not_given(tls_files: TlsFiles) -> None:
    async def scene(_cloud: Cloud, link: Link, _downchannel: Request, speaker: Speaker) -> None:
        posting = asyncio.create_task(speaker.connection.post_event(b"{}", "text/plain"))
        request = await link.requests.get()
        link.begin(request, JSON)
        link.reset(request)
        assert await posting == Answer(200, ())

    connected_scene(tls_files, scene)


def test_an_answer_that_is_too_long_keeps_its_status(tls_files: TlsFiles) -> None:
    async def scene(_cloud: Cloud, link: Link, _downchannel: Request, speaker: Speaker) -> None:
        posting = asyncio.create_task(speaker.connection.post_event(b"{}", "text/plain"))
        request = await link.requests.get()
        link.begin(request)
        with suppress(h2.exceptions.StreamClosedError):
            await link.send(request, RELATED.part(b"1") + bytes(MAX_ANSWER + 65_536))
        async with asyncio.timeout(5):
            assert await posting == Answer(200, (b"1",))
        assert await link.resets.get() == request.stream

    connected_scene(tls_files, scene)


def test_events_at_once_with_the_downchannel(tls_files: TlsFiles) -> None:
    async def scene(_cloud: Cloud, link: Link, downchannel: Request, speaker: Speaker) -> None:
        posting = [speaker.connection.post_event(b"%d" % number, "text/plain") for number in range(30)]
        answers = asyncio.gather(*posting)
        for number in range(30):
            request = await link.requests.get()
            await link.send(downchannel, RELATED.part(b"%d" % number))
            link.answer(request, 200, JSON, request.body)
        assert [answer.parts for answer in await answers] == [(b"%d" % number,) for number in range(30)]
        assert [await speaker.told.get() for _ in range(30)] == [("directive", b"%d" % n) for n in range(30)]

    connected_scene(tls_files, scene)


# The end.


def test_closing_says_goodbye_and_is_not_told(tls_files: TlsFiles) -> None:
    async def scene(_cloud: Cloud, link: Link, downchannel: Request, speaker: Speaker) -> None:
        await speaker.connection.close()
        await link.ended.wait()
        assert link.goodbye
        assert await link.resets.get() == downchannel.stream
        assert speaker.told.empty()
        with pytest.raises(Unreachable):
            await speaker.connection.post_event(b"{}", "text/plain")

    connected_scene(tls_files, scene)


def test_cancelling_says_goodbye_too(tls_files: TlsFiles) -> None:
    async def scene() -> None:
        async with a_cloud(tls_files) as cloud:
            endpoint = Endpoint(cloud.url, "/down", "/events", tls=tls_context(cloud.authority))
            speaker = Speaker(endpoint, Steps(), QUICK)
            running = asyncio.create_task(speaker.connection.run())
            link, _ = await cloud.standing()
            await speaker.is_connected()
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            await link.ended.wait()
            assert link.goodbye
            assert not link.broke

    play(scene())


def test_closing_while_the_cloud_is_frozen_takes_no_longer_than_agreed(tls_files: TlsFiles) -> None:
    async def scene(_cloud: Cloud, link: Link, _downchannel: Request, speaker: Speaker) -> None:
        link.freeze()
        async with asyncio.timeout(2):
            await speaker.connection.close()

    connected_scene(tls_files, scene, timing=Timing(close=0.1))


def test_closing_during_the_wait_and_during_the_connect(tls_files: TlsFiles) -> None:
    async def scene() -> None:
        async with a_cloud(tls_files) as cloud:
            async with a_speaker(cloud, Steps(seconds=3600)) as speaker:
                link, _ = await cloud.standing()
                link.hang_up()
                await speaker.is_connected()
                await speaker.is_disconnected()
            async with a_speaker(cloud):
                await asyncio.sleep(0)

    play(scene())


def test_a_mistake_of_the_listener_is_not_swallowed(tls_files: TlsFiles) -> None:
    class Clumsy(Speaker):
        def directive(self, body: bytes) -> None:
            raise ZeroDivisionError

    async def scene() -> None:
        async with a_cloud(tls_files) as cloud:
            endpoint = Endpoint(cloud.url, "/down", "/events", tls=tls_context(cloud.authority))
            running = asyncio.create_task(Clumsy(endpoint, Steps(), QUICK).connection.run())
            link, downchannel = await cloud.standing()
            await link.send(downchannel, RELATED.part(b"{}"))
            with pytest.raises(ZeroDivisionError):
                await running

    play(scene())


def test_cleartext_with_prior_knowledge(tls_files: TlsFiles) -> None:
    async def scene() -> None:
        async with a_cloud(tls_files, cleartext=True) as cloud, a_speaker(cloud) as speaker:
            link, downchannel = await cloud.standing()
            await speaker.is_connected()
            assert downchannel.headers[":scheme"] == "http"
            assert (await exchange(link, speaker, lambda request: link.answer(request, 204))).status == 204

    play(scene())


# The server that the cloud is built on.


Message = dict[str, Any]


async def granian_app(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """A downchannel with one directive, and events that are answered with what they said."""
    is_downchannel = scope["path"] == "/down"
    kind = RELATED.content_type if is_downchannel else JSON
    start = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind.encode())]}
    if is_downchannel:
        await send(start)
        body = RELATED.opening + RELATED.part(b"1")
        await send({"type": "http.response.body", "body": body, "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass
        return
    said = bytearray()
    while message := await receive():
        said += message["body"]
        if not message["more_body"]:
            break
    await send(start)
    await send({"type": "http.response.body", "body": bytes(said), "more_body": False})


def test_against_granian(tls_files: TlsFiles) -> None:
    async def scene() -> None:
        port = free_port()
        server = GranianServer(
            granian_app,
            port=port,
            interface=Interfaces.ASGINL,
            http=HTTPModes.http2,
            websockets=False,
            log_enabled=False,
            ssl_cert=tls_files[1],
            ssl_key=tls_files[2],
        )
        serving = asyncio.create_task(server.serve())
        cloud = Cloud(f"https://127.0.0.1:{port}", tls_files[0])
        async with a_speaker(cloud, Steps(seconds=0.05)) as speaker:
            while (told := await speaker.told.get()) != ("connected",):
                assert told[0] == "disconnected"  # it is still starting
            assert await speaker.told.get() == ("directive", b"1")
            body = b'"%s"' % (b"x" * 300_000)
            assert await speaker.connection.post_event(body, "text/plain") == Answer(200, (body,))
        server.stop()  # type: ignore[no-untyped-call]
        await serving

    play(scene())


# Another cloud.


def endpoint_of(cloud: Cloud) -> Endpoint:
    return Endpoint(cloud.url, "/down", "/events", {"Authorization": "Bearer secret"}, tls_context(cloud.authority))


def test_it_leaves_one_cloud_for_another_and_says_goodbye(tls_files: TlsFiles) -> None:
    async def scene() -> None:
        async with a_cloud(tls_files) as old, a_cloud(tls_files) as new:
            places = [endpoint_of(old)]
            async with a_speaker(old, where=lambda: places[-1]) as speaker:
                link, _ = await old.standing()
                await speaker.is_connected()
                places.append(endpoint_of(new))
                speaker.connection.reconnect()
                speaker.connection.reconnect()
                assert "is left" in await speaker.is_disconnected()
                await link.ended.wait()
                assert link.goodbye
                await new.standing()
                await speaker.is_connected()
                assert old.links.empty()

    play(scene())


def test_an_event_that_is_under_way_then_is_not_lost_in_silence(tls_files: TlsFiles) -> None:
    async def scene() -> None:
        async with a_cloud(tls_files) as old, a_cloud(tls_files) as new:
            places = [endpoint_of(old)]
            async with a_speaker(old, where=lambda: places[-1]) as speaker:
                link, _ = await old.standing()
                await speaker.is_connected()
                posting = asyncio.create_task(speaker.connection.post_event(b"{}", JSON))
                await link.requests.get()
                places.append(endpoint_of(new))
                speaker.connection.reconnect()
                with pytest.raises(Unreachable):
                    await posting
                there, _ = await new.standing()
                await speaker.is_disconnected()
                await speaker.is_connected()
                posting = asyncio.create_task(speaker.connection.post_event(b"{}", JSON))
                there.answer(await there.requests.get(), 204)
                assert (await posting).status == 204

    play(scene())


def test_it_leaves_while_it_still_tries(tls_files: TlsFiles) -> None:
    async def scene() -> None:
        async with a_cloud(tls_files) as old, a_cloud(tls_files) as new:
            places = [endpoint_of(old)]
            async with a_speaker(old, where=lambda: places[-1]) as speaker:
                await old.downchannel()
                places.append(endpoint_of(new))
                speaker.connection.reconnect()
                await speaker.is_disconnected()
                await new.standing()
                await speaker.is_connected()

    play(scene())


def test_it_does_not_wait_where_it_can_not_connect_any_more(tls_files: TlsFiles) -> None:
    async def scene() -> None:
        async with a_cloud(tls_files) as old, a_cloud(tls_files) as new:
            places = [endpoint_of(old)]
            async with a_speaker(old, Steps(3600.0), where=lambda: places[-1]) as speaker:
                link, _ = await old.standing()
                await speaker.is_connected()
                link.cut()
                await speaker.is_disconnected()
                places.append(endpoint_of(new))
                speaker.connection.reconnect()
                await new.standing()
                await speaker.is_connected()

    play(scene())


def test_two_clouds_that_send_it_to_one_another_are_met_with_longer_and_longer_waits(tls_files: TlsFiles) -> None:
    async def scene() -> None:
        async with a_cloud(tls_files) as one, a_cloud(tls_files) as other:
            clouds, steps = [one, other], Steps()
            places = [endpoint_of(one)]
            async with a_speaker(one, steps, where=lambda: places[-1]) as speaker:
                for number in range(6):
                    await clouds[number % 2].standing()
                    await speaker.is_connected()
                    places.append(endpoint_of(clouds[1 - number % 2]))
                    speaker.connection.reconnect()
                    await speaker.is_disconnected()
            assert steps.asked[:6] == sorted(set(steps.asked[:6]))

    play(scene())


@pytest.mark.parametrize(
    ("date", "read"),
    [
        ("Sat, 01 Jun 2030 07:00:00 GMT", [datetime(2030, 6, 1, 7, tzinfo=UTC)]),
        ("Sat, 01 Jun 2030 16:00:00 +0900", [datetime(2030, 6, 1, 7, tzinfo=UTC)]),
        ("Sat, 01 Jun 2030 07:00:00 -0000", []),
        ("soon", []),
        ("Sat, 99 Jun 2030 07:00:00 GMT", []),
        ("", []),
    ],
)
def test_what_the_clouds_clock_shows_is_told(tls_files: TlsFiles, date: str, read: list[datetime]) -> None:
    async def scene() -> None:
        told: list[tuple[datetime, bool]] = []
        async with (
            a_cloud(tls_files) as cloud,
            a_speaker(cloud, on_date=lambda *date: told.append(date)) as speaker,
        ):
            link, downchannel = await cloud.downchannel()
            link.answer(downchannel, 503, date=date)
            assert (await speaker.told.get())[0] == "refused"
            assert told == [(each, False) for each in read], "it is on this machine"

    play(scene())


def test_a_status_counts_as_what_it_stands_for(tls_files: TlsFiles) -> None:
    async def scene() -> None:
        steps = Steps()
        meaning = {403: 401}
        async with (
            a_cloud(tls_files) as cloud,
            a_speaker(cloud, steps, meaning=lambda status: meaning.get(status, status)) as speaker,
        ):
            link, downchannel = await cloud.downchannel()
            link.answer(downchannel, 403, JSON, b"{}")
            assert await speaker.told.get() == ("refused", 401, b"{}")
            link, _ = await cloud.standing()
            await speaker.is_connected()
            posting = asyncio.create_task(speaker.connection.post_event(b"{}", JSON))
            link.answer(await link.requests.get(), 403)
            assert (await posting).status == 401
        assert steps.asked[0] == 8.0

    play(scene())
