"""Against a scripted little HTTP/2 cloud over TLS on loopback."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import parse_qs

import pytest

from bellwire.device import authorization
from bellwire.device.authorization import MAX_ANSWER, AuthorizationServer
from bellwire.device.code_flow import BETWEEN_CODES
from bellwire.device.endpoint import Endpoint, tls_context
from bellwire.device.grant import DeviceCode, Failed, Grant, Refused, Reply, code_of, grant_of
from bellwire.device.pairing import NotPaired, pair
from tests.device.test_connection import JSON, QUICK, Cloud, Link, Request, TlsFiles, a_cloud, play
from tests.virtual_time import virtually

CODE = {
    "device_code": "dc",
    "user_code": "BCDF-GHJK",
    "verification_uri": "https://cloud/pair",
    "expires_in": 900,
    "interval": 1,
}
PAIR = {"access_token": "a", "refresh_token": "r", "expires_in": 60, "token_type": "Bearer", "device_id": "d"}


def form(request: Request) -> dict[str, str]:
    assert request.headers[":method"] == "POST"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    return {name: value for name, [value] in parse_qs(request.body.decode(), strict_parsing=True).items()}


def answer(link: Link, request: Request, status: int, body: object) -> None:
    link.answer(request, status, JSON, json.dumps(body).encode())


async def asked(cloud: Cloud) -> tuple[Link, Request]:
    link = await cloud.links.get()
    return link, await link.requests.get()


def server(cloud: Cloud) -> AuthorizationServer:
    headers = {"user-agent": "bell"}
    return AuthorizationServer(Endpoint(cloud.url, "/d", "/e", headers, tls_context(cloud.authority)), QUICK)


Scene = Callable[[Cloud, AuthorizationServer], Coroutine[Any, Any, None]]


def scene(files: TlsFiles, happens: Scene) -> None:
    async def whole() -> None:
        async with a_cloud(files) as cloud:
            await happens(cloud, server(cloud))

    play(whole())


def test_each_question_and_its_answer(tls_files: TlsFiles) -> None:
    async def happens(cloud: Cloud, server: AuthorizationServer) -> None:
        asking: asyncio.Task[object] = asyncio.create_task(server.code("p", "Lamp & Bell"))
        link, request = await asked(cloud)
        assert request.headers[":path"] == "/oauth/device_authorization"
        assert "authorization" not in request.headers
        assert form(request) == {"client_id": "bellwire-speaker", "profile": "p", "product": "Lamp & Bell"}
        answer(link, request, 200, CODE)
        assert await asking == DeviceCode("dc", "BCDF-GHJK", "https://cloud/pair", 900, None, 1)

        asking = asyncio.create_task(server.granted("dc"))
        link, request = await asked(cloud)
        assert request.headers[":path"] == "/oauth/token"
        assert form(request)["device_code"] == "dc"
        answer(link, request, 400, {"error": "authorization_pending"})
        assert await asking == Refused("authorization_pending", "authorization_pending")

        asking = asyncio.create_task(server.renewed("r+/="))
        link, request = await asked(cloud)
        assert form(request)["refresh_token"] == "r+/="
        answer(link, request, 200, PAIR)
        assert await asking == Grant("a", 60, "r", "d")

        asking = asyncio.create_task(server.revoke("r"))
        link, request = await asked(cloud)
        assert request.headers[":path"] == "/oauth/revoke"
        assert form(request) == {"client_id": "bellwire-speaker", "token": "r"}
        link.answer(request, 200)
        assert await asking is None

    scene(tls_files, happens)


def test_no_answer_is_a_failure_with_a_reason(tls_files: TlsFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authorization, "ANSWER_SECONDS", 0.2)

    async def happens(cloud: Cloud, server: AuthorizationServer) -> None:
        asking: asyncio.Task[object] = asyncio.create_task(server.renewed("r"))
        link, _ = await asked(cloud)
        link.cut()
        assert isinstance(await asking, Failed)

        asking = asyncio.create_task(server.renewed("r"))
        link, request = await asked(cloud)
        link.begin(request, JSON)
        await link.send(request, b"x" * MAX_ANSWER)
        assert "more than" in str(await asking)

        asking = asyncio.create_task(server.renewed("r"))
        await asked(cloud)
        assert "did not answer within 0.2 s" in str(await asking)

    scene(tls_files, happens)


def test_nobody_there_is_a_failure_with_a_reason(tls_files: TlsFiles) -> None:
    async def happens(cloud: Cloud, _server: AuthorizationServer) -> None:
        nobody = AuthorizationServer(Endpoint("https://127.0.0.1:9", "/d", "/e", {}, tls_context()), QUICK)
        assert "can't connect to 127.0.0.1:9" in str(await nobody.renewed("r"))
        stranger = AuthorizationServer(Endpoint(cloud.url, "/d", "/e", {}, tls_context()), QUICK)
        assert "can't be trusted" in str(await stranger.renewed("r"))

    scene(tls_files, happens)


class Watching:
    def __init__(self) -> None:
        self.seen: list[str] = []

    def code(self, code: DeviceCode) -> None:
        self.seen.append(code.user_code)

    def waits(self, reason: str) -> None:
        self.seen.append(reason)


class Scripted(AuthorizationServer):
    """Answers as a test says; `asked` is the code that each question was about, with the second of the question."""

    def __init__(self, *script: tuple[int, object]) -> None:
        self.name = "cloud:8443"
        self.asked: list[tuple[float, str | None]] = []
        self._script = list(script)

    async def code(self, profile: str, product: str) -> DeviceCode | Refused | Failed:
        assert (profile, product) == ("p", "Lamp")
        return code_of(self._reply(None))

    async def granted(self, device_code: str) -> Grant | Refused | Failed:
        return grant_of(self._reply(device_code))

    def _reply(self, device_code: str | None) -> Reply:
        self.asked.append((round(asyncio.get_running_loop().time(), 3), device_code))
        status, body = self._script.pop(0)
        return Reply(status, json.dumps(body).encode())


def paired(server: Scripted, watcher: Watching) -> Grant:
    return virtually(pair(server, watcher, profile="p", product="Lamp", chance=lambda: 0.0))


def test_a_speaker_is_paired() -> None:
    watcher = Watching()
    server = Scripted((503, {}), (200, CODE), (400, {"error": "authorization_pending"}), (200, PAIR))
    assert paired(server, watcher) == Grant("a", 60, "r", "d")
    assert watcher.seen == ["the cloud can't answer now (503)", "BCDF-GHJK"]
    assert [device_code for _, device_code in server.asked] == [None, None, "dc", "dc"]
    first, second, third, fourth = (time for time, _ in server.asked)
    assert 0 == first < second < 1
    assert [third - second, fourth - third] == pytest.approx([1, 1], abs=0.002)


def test_a_code_that_is_over_is_followed_by_the_next_and_a_refusal_is_the_end() -> None:
    watcher = Watching()
    second = {**CODE, "user_code": "LMNP-QRST", "device_code": "dc2"}
    over, refused = {"error": "expired_token"}, {"error": "access_denied"}
    server = Scripted((200, CODE), (400, over), (200, second), (400, refused))
    with pytest.raises(NotPaired, match="cloud:8443: somebody refused this speaker"):
        paired(server, watcher)
    assert watcher.seen == ["BCDF-GHJK", "LMNP-QRST"]
    assert server.asked == [(0, None), (1, "dc"), (1 + BETWEEN_CODES, None), (2 + BETWEEN_CODES, "dc2")]


def test_a_speaker_is_paired_over_the_wire(tls_files: TlsFiles) -> None:
    async def happens(cloud: Cloud, server: AuthorizationServer) -> None:
        pairing = asyncio.create_task(pair(server, Watching(), profile="p", product="Lamp", chance=lambda: 0.0))
        link, request = await asked(cloud)
        answer(link, request, 403, {"error": "unauthorized_client"})
        with pytest.raises(NotPaired, match=r"127\.0\.0\.1:\d+: the cloud does not pair by code"):
            await pairing

    scene(tls_files, happens)
