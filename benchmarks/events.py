"""Durable events a second, beside the floor: the same load on the same server answering 204 unread, or a little more.

Each device lives: AlertStarted, AlertStopped, then the SetAlert of the next day comes down its downchannel, and it
answers SetAlertSucceeded. Every event carries the context of ten alerts, and is answered when it is on the disk.
"""

import asyncio
import re
import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import NamedTuple

import uvloop

from bellwire.protocol.multipart import MultipartWriter
from bellwire.protocol.profiles import DEFAULT_PROFILE
from benchmarks.floor_server import COMMITTED, DECODED, READ, STEPS, UNREAD
from benchmarks.servers import BenchDevice, Ready, data_folder, populate, running, settle
from benchmarks.wire import RefusedError, Wire, connect, header_block

CONNECTIONS = 50
AT_ONCE = 4
"""Alerts of each device that live at once: else the milliseconds that a disk takes for a commit would be all that is
measured."""
ALERTS = 10
SECONDS = 3.0
ROUNDS = 5
CLOUD = "cloud"

_STATE = b'{"token":"%b","type":"ALARM","scheduledTime":"%b"}'
_SET_ALERT = re.compile(rb'"name":"SetAlert".*?"token":"([^"]+)".*?"scheduledTime":"([^"]+)"')


class LivingDevice:
    """A device whose alerts ring one day after the other, as fast as the cloud answers."""

    def __init__(self, wire: Wire, device: BenchDevice, *, hears: bool) -> None:
        """`hears`: it waits for what the cloud says; the floor says nothing."""
        self._wire = wire
        self._hears = hears
        self._writer = MultipartWriter("----bench", "form-data")
        method, path = (":method", "POST"), (":path", DEFAULT_PROFILE.events_path)
        self._headers = method, path, *wire.common, ("content-type", self._writer.content_type)
        self._times = {alert.token.encode(): alert.scheduled_time.isoformat().encode() for alert in device.alerts}
        self._ringing: set[bytes] = set()
        self._set: dict[bytes, Callable[[], None]] = {}
        self._unread = b""
        self.answered = 0
        wire.pushed = self._pushed

    async def live(self, until: float) -> None:
        """Let some of the alerts ring, stop and be set again until then (a time of `time.perf_counter`)."""
        await asyncio.gather(*(self._days_of(token, until) for token in list(self._times)[:AT_ONCE]))

    async def settle(self) -> None:
        """Acknowledge the alerts that are told at the beginning."""
        told = {token: asyncio.Event() for token in self._times}
        self._set = {token: event.set for token, event in told.items()}
        for token, event in told.items():
            await event.wait()
            await self._say(b"SetAlertSucceeded", token)

    async def _days_of(self, token: bytes, until: float) -> None:
        while time.perf_counter() < until:
            self._ringing.add(token)
            await self._say(b"AlertStarted", token)
            self._ringing.discard(token)
            told = asyncio.Event()
            self._set[token] = told.set
            await self._say(b"AlertStopped", token)
            if self._hears:
                await told.wait()
            await self._say(b"SetAlertSucceeded", token)

    async def _say(self, name: bytes, token: bytes) -> None:
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        body = self._writer.whole([self._event(name, token)])
        headers = header_block(*self._headers, ("content-length", str(len(body))))
        self._wire.post(headers, body, answer.set_result)
        if (status := await answer) != 204:
            raise RefusedError(f"an event was answered {status}")
        self.answered += 1

    def _event(self, name: bytes, about: bytes) -> bytes:
        states = {
            each: b'{"token":"%b","type":"ALARM","scheduledTime":"%b"}' % (each, when)
            for each, when in self._times.items()
        }
        return (
            b'{"context":[{"header":{"namespace":"Alerts","name":"AlertsState"},"payload":{"allAlerts":[%b],'
            b'"activeAlerts":[%b]}}],"event":{"header":{"namespace":"Alerts","name":"%b","messageId":"bench"},'
            b'"payload":{"token":"%b","type":"ALARM"}}}'
        ) % (b",".join(states.values()), b",".join(states[each] for each in self._ringing), name, about)

    def leave(self) -> None:
        """Hang up."""
        self._wire.close()

    def _pushed(self, data: bytes) -> None:
        data = self._unread + data
        end = 0
        for found in _SET_ALERT.finditer(data):
            end = found.end()
            self._times[found[1]] = found[2]
            self._set.get(found[1], _nothing)()
        self._unread = data[end:][-2000:]


def _nothing() -> None:
    """Nobody waits for this one."""


class Round(NamedTuple):
    """One load on one server."""

    events_per_second: float
    cpu_us: float
    """That the server used for each, on all cores."""


def measure() -> dict[str, dict[str, float]]:
    """By server, medians of what it did, and of its ratio to the floor in the same round.

    CPU time is what a noisy machine changes least.
    """
    with ExitStack() as stack:
        data = stack.enter_context(data_folder())
        _, devices = populate(data, CONNECTIONS, ALERTS)
        servers = {CLOUD: stack.enter_context(running("benchmarks.cloud_server", data))}
        for step in STEPS:
            folder = stack.enter_context(data_folder())
            servers[step] = stack.enter_context(running("benchmarks.floor_server", folder, step))
        rounds = uvloop.run(_rounds(servers, devices))
    return {name: _medians(rounds, name) for name in servers}


def _medians(rounds: list[dict[str, Round]], name: str) -> dict[str, float]:
    return {
        "events_per_second": statistics.median(each[name].events_per_second for each in rounds),
        "of_the_floor": statistics.median(
            each[name].events_per_second / each[UNREAD].events_per_second for each in rounds
        ),
        "cpu_us": statistics.median(each[name].cpu_us for each in rounds),
    }


async def _rounds(servers: Mapping[str, Ready], devices: list[BenchDevice]) -> list[dict[str, Round]]:
    living = {name: await _living(server, devices, is_cloud=name == CLOUD) for name, server in servers.items()}
    rounds = []
    for _ in range(ROUNDS):
        rounds.append({name: await _load(servers[name], each) for name, each in living.items()})
        await settle()
    for each in living.values():
        for device in each:
            device.leave()
    return rounds


async def _living(server: Ready, devices: list[BenchDevice], *, is_cloud: bool) -> list[LivingDevice]:
    """The devices, connected to a server; `is_cloud`: it says something, and knows them when this has ended."""
    path = DEFAULT_PROFILE.downchannel_path if is_cloud else None
    wires = await connect(server.port, server.ca, [device.token for device in devices], path)
    living = [LivingDevice(wire, device, hears=is_cloud) for wire, device in zip(wires, devices, strict=True)]
    if is_cloud:
        await asyncio.gather(*(device.settle() for device in living))
    return living


async def _load(server: Ready, devices: list[LivingDevice]) -> Round:
    """What all of them together had answered."""
    before, cpu, begin = sum(device.answered for device in devices), server.cpu_seconds(), time.perf_counter()
    await asyncio.gather(*(device.live(begin + SECONDS) for device in devices))
    took, answered = time.perf_counter() - begin, sum(device.answered for device in devices) - before
    return Round(answered / took, (server.cpu_seconds() - cpu) / answered * 1e6)


def report(figures: dict[str, dict[str, float]]) -> list[tuple[str, str, str]]:
    """Rows for the table: what, figure, what is to be reached."""
    return [
        ("durable events/s", f"{figures[CLOUD]['events_per_second']:,.0f}", ""),
        ("floor: the same answered 204 unread", f"{figures[UNREAD]['events_per_second']:,.0f}", ""),
        ("durable events of the floor", f"{figures[CLOUD]['of_the_floor']:.0%}", "≥ 40 %"),
        ("  its first steps alone: read", f"{figures[READ]['of_the_floor']:.0%}", ""),
        ("  … and decoded", f"{figures[DECODED]['of_the_floor']:.0%}", ""),
        ("  … and a commit for nothing", f"{figures[COMMITTED]['of_the_floor']:.0%}", ""),
        (
            "CPU time of an event / of the floor's",
            f"{figures[CLOUD]['cpu_us']:.0f} / {figures[UNREAD]['cpu_us']:.0f} us",
            "",
        ),
    ]


if __name__ == "__main__":
    print(measure())
