"""From the account API to a device: POST an alert → commit → the SetAlert's bytes on an open downchannel."""

import asyncio
import gc
import random
import ssl
import time
from pathlib import Path

import msgspec
import uvloop

from bellwire.cloud.services import API_PATH
from bellwire.protocol.profiles import DEFAULT_PROFILE
from benchmarks.figures import percentile
from benchmarks.servers import data_folder, populate, running
from benchmarks.wire import RefusedError, connect

DOWNCHANNELS = 1_000
PUSHES = 300
_QUIET = 4.0
"""Seconds until new downchannels are waited for no longer: without a context they are quiet for three."""


def measure() -> dict[str, float]:
    """Milliseconds from the request to the bytes, over many requests one after the other."""
    with data_folder() as data:
        token, devices = populate(data, DOWNCHANNELS, 0)
        with running("benchmarks.cloud_server", data) as cloud:
            ids = [device.device_id for device in devices]
            tokens = [device.token for device in devices]
            times = uvloop.run(_push(cloud.port, cloud.ca, token, dict(zip(tokens, ids, strict=True))))
    return {"push_p50_ms": percentile(times, 50), "push_p99_ms": percentile(times, 99)}


async def _push(port: int, ca: Path, account_token: str, devices: dict[str, str]) -> list[float]:
    wires = await connect(port, ca, list(devices), DEFAULT_PROFILE.downchannel_path)
    await asyncio.sleep(_QUIET)
    api = await AccountConnection.open(port, ca, account_token)
    times = []
    everyone = list(zip(wires, devices.values(), strict=True))
    gc.freeze()  # or a look through all that the thousand clients hold would be measured as well
    for wire, device_id in random.Random(1).choices(everyone, k=PUSHES):
        arrived: asyncio.Future[float] = asyncio.get_running_loop().create_future()

        def pushed(data: bytes, arrived: asyncio.Future[float] = arrived) -> None:
            if b'"SetAlert"' in data and not arrived.done():
                arrived.set_result(time.perf_counter())

        wire.pushed = pushed
        begin = time.perf_counter()
        await api.add_alarm(device_id)
        times.append((await asyncio.wait_for(arrived, 10) - begin) * 1000)
    for wire in wires:
        wire.close()
    api.close()
    return times


class AccountConnection:
    """The account API over one kept connection, with no more client than that needs."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str) -> None:
        self._reader = reader
        self._writer = writer
        self._token = token

    @classmethod
    async def open(cls, port: int, ca: Path, token: str) -> "AccountConnection":
        """Connect to the account API of a cloud on this machine."""
        context = ssl.create_default_context(cafile=str(ca))
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
        return cls(reader, writer, token)

    async def add_alarm(self, device_id: str) -> None:
        """Add an alarm for one device, an hour ahead."""
        body = msgspec.json.encode({"kind": "ALARM", "in": "1h", "devices": [device_id]})
        head = (
            f"POST {API_PATH}/alerts HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self._token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        if not answer.startswith(b"HTTP/1.1 201"):
            raise RefusedError(answer.decode())
        length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await self._reader.readexactly(int(length.partition(b":")[2]))

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


def report(figures: dict[str, float]) -> list[tuple[str, str, str]]:
    """Rows for the table: what, figure, what is to be reached."""
    return [
        (f"push to one of {DOWNCHANNELS:,} downchannels, p50", f"{figures['push_p50_ms']:.1f} ms", ""),
        (f"push to one of {DOWNCHANNELS:,} downchannels, p99", f"{figures['push_p99_ms']:.1f} ms", "≤ 10 ms"),
    ]


if __name__ == "__main__":
    print(measure())
