"""A connection to an endpoint, or one sentence on why there is none.

It knows what can go wrong before the first frame; it must not know what is said afterwards.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bellwire.device.cable import UNPLUGGED
from bellwire.device.endpoint import Endpoint
from bellwire.device.http2 import Http2Connection
from bellwire.device.reach import leads_here
from bellwire.device.stream import Unreachable
from bellwire.device.timing import Timing

HAPPY_EYEBALLS = 0.25
"""Seconds until the host's next address is tried beside the first (RFC 8305): a home's IPv6 often leads nowhere."""


@asynccontextmanager
async def connect(endpoint: Endpoint, timing: Timing) -> AsyncIterator[Http2Connection]:
    """A connection for the length of a block. Raises Unreachable."""
    transport, connection = await _dial(endpoint, timing)
    try:
        tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        if tls is not None and tls.selected_alpn_protocol() != "h2":
            raise Unreachable(f"{endpoint.authority} does not speak HTTP/2: it did not choose h2 in the TLS handshake")
        yield connection
    finally:
        await connection.close()


async def _check_reach(endpoint: Endpoint) -> None:
    if endpoint.sender and await leads_here(endpoint.host) and not await leads_here(endpoint.sender):
        raise Unreachable(
            f"{endpoint.authority} is this machine or its link, and the cloud that was set ({endpoint.sender}) is not"
        )


async def _dial(endpoint: Endpoint, timing: Timing) -> tuple[asyncio.Transport, Http2Connection]:
    where = endpoint.authority
    if not endpoint.cable.is_plugged:
        raise Unreachable(UNPLUGGED)
    try:
        async with asyncio.timeout(timing.connect):
            await _check_reach(endpoint)
            return await asyncio.get_running_loop().create_connection(
                lambda: Http2Connection(timing),
                endpoint.host,
                endpoint.port,
                ssl=endpoint.tls if endpoint.is_secure else None,
                happy_eyeballs_delay=HAPPY_EYEBALLS,
            )
    except TimeoutError as error:
        raise Unreachable(f"{where} did not answer within {timing.connect:g} s") from error
    except UnicodeError as error:  # a label that is empty or too long (IDNA)
        raise Unreachable(f"can't connect to {where}: {endpoint.host} is no host name") from error
    except ssl.SSLCertVerificationError as error:
        raise Unreachable(
            f"the certificate of {where} can't be trusted ({error.verify_message}): "
            "check the address, or trust the authority that signed it"
        ) from error
    except ssl.SSLError as error:
        raise Unreachable(f"{where} does not speak TLS 1.2 or newer with HTTP/2 ({error.reason})") from error
    except OSError as error:
        raise Unreachable(
            f"can't connect to {where}: {error.strerror or str(error) or 'it hung up in the handshake'}"
        ) from error
