"""The cloud's authorization server, asked over HTTP/2.

It knows how a form travels; it must not know when to ask, nor what follows from an answer. Each question has a
connection of its own: it is asked when there may be no other, and once in a day.
"""

import asyncio
import ssl
from collections.abc import Mapping
from urllib.parse import urlencode

from bellwire.device import grant
from bellwire.device.cable import Cable
from bellwire.device.config import Config
from bellwire.device.dial import connect
from bellwire.device.endpoint import Endpoint, endpoint_of, tls_context
from bellwire.device.grant import DeviceCode, Failed, Grant, Refused, Reply
from bellwire.device.stream import Stream, Unreachable
from bellwire.device.timing import DEFAULT_TIMING, Timing
from bellwire.protocol.profiles.profile import Product

ANSWER_SECONDS = 4.0
"""From the question to the end of the answer. A cloud forgives for ten seconds that a refresh token comes again whose
answer was lost: so long waits must not add up to that."""

MAX_ANSWER = 65_536
"""Bytes."""

_FORM = "application/x-www-form-urlencoded"


class AuthorizationServer:
    """What answers under ``/oauth`` at one endpoint."""

    def __init__(self, endpoint: Endpoint, timing: Timing) -> None:
        self.name = endpoint.authority
        self._endpoint = endpoint
        self._timing = timing

    async def code(self, profile: str, product: str) -> DeviceCode | Refused | Failed:
        """A code to show, for a `product` that speaks this version of the protocol."""
        reply = await self._post(grant.CODE_PATH, grant.code_form(profile, product))
        return reply if isinstance(reply, Failed) else grant.code_of(reply)

    async def granted(self, device_code: str) -> Grant | Refused | Failed:
        """The tokens, when the code is confirmed."""
        reply = await self._post(grant.TOKEN_PATH, grant.grant_form(device_code))
        return reply if isinstance(reply, Failed) else grant.grant_of(reply)

    async def renewed(self, refresh_token: str) -> Grant | Refused | Failed:
        """The next tokens."""
        reply = await self._post(grant.TOKEN_PATH, grant.renewal_form(refresh_token))
        return reply if isinstance(reply, Failed) else grant.grant_of(reply)

    async def revoke(self, token: str) -> Refused | Failed | None:
        """End what this token is part of; None: done."""
        reply = await self._post(grant.REVOKE_PATH, grant.revocation_form(token))
        return reply if isinstance(reply, Failed) else grant.revocation_of(reply)

    async def _post(self, path: str, form: Mapping[str, str]) -> Reply | Failed:
        body = urlencode(form).encode()
        headers = {"content-type": _FORM, "content-length": str(len(body)), "accept": "application/json"}
        request = self._endpoint.request("POST", path, headers)
        try:
            async with (
                connect(self._endpoint, self._timing) as http2,
                asyncio.timeout(ANSWER_SECONDS),
                http2.request(request, body) as stream,
            ):
                await stream.answered()
                return Reply(stream.status, await _whole(stream), stream.headers.get("retry-after", ""))
        except TimeoutError:
            return Failed(f"{self.name} did not answer within {ANSWER_SECONDS:g} s")
        except Unreachable as error:
            return Failed(str(error))


async def _whole(stream: Stream) -> bytes:
    body = bytearray()
    while data := await stream.read():
        body += data
        if len(body) > MAX_ANSWER:
            raise Unreachable(f"the answer has more than {MAX_ANSWER} bytes")
    return bytes(body)


def server_of(
    config: Config, product: Product, tls: ssl.SSLContext | None = None, cable: Cable | None = None
) -> AuthorizationServer:
    """What gives such a speaker its tokens. Raises ValueError for an address or authority that can't be."""
    endpoint = endpoint_of(config, product, tls or tls_context(config.ca_file), cable=cable)
    return AuthorizationServer(endpoint, DEFAULT_TIMING)
