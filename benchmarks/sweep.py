"""A sweep over 10,000 occurrences that nobody reported, and what it costs the events that come meanwhile.

The store, the sweep and the events are in one process, without a network: what is measured is how long an event waits
for its commit while the loop sweeps, and how long it waits when it does not.
"""

import asyncio
import statistics
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvloop

from bellwire.cloud.bus import InProcessBus
from bellwire.cloud.config import Config
from bellwire.cloud.handlers import Arrival, receive
from bellwire.cloud.identity import DeviceIdentity
from bellwire.cloud.store.sqlite import SqliteStore
from bellwire.cloud.sweeping import end_overdue
from bellwire.protocol.messages.alerts import RequestSynchronizeAlert
from bellwire.protocol.messages.envelope import Event
from bellwire.protocol.profiles import DEFAULT_PROFILE
from benchmarks.figures import percentile
from benchmarks.servers import BenchDevice, data_folder, populate

DEVICES = 1_000
ALERTS = 10
DAYS = 5
PAST_DUE = timedelta(minutes=30)
_BETWEEN = 0.002
_ALONE = 1.0


def measure() -> dict[str, float]:
    """Seconds of a sweep; milliseconds that events take, alone and beside it. The median of some days."""
    with data_folder() as data:
        _, devices = populate(data, DEVICES, ALERTS)
        days = uvloop.run(_days(data, devices))
    return {name: statistics.median(day[name] for day in days) for name in days[0]}


async def _days(data: Path, devices: list[BenchDevice]) -> list[dict[str, float]]:
    store = SqliteStore(Config(data=data).database)
    await store.open()
    try:
        return [await _day(store, devices, datetime.now(UTC) + timedelta(days=day)) for day in range(1, DAYS + 1)]
    finally:
        await store.close()


async def _day(store: SqliteStore, devices: list[BenchDevice], now: datetime) -> dict[str, float]:
    alone = await _events_until(store, devices, asyncio.create_task(asyncio.sleep(_ALONE)))
    begun, cpu = time.perf_counter(), time.process_time()
    sweeping = asyncio.create_task(_sweep(store, now))
    beside = await _events_until(store, devices, sweeping)
    seconds = await sweeping - begun
    return {
        "sweep_s": seconds,
        "sweep_cpu_s": time.process_time() - cpu,
        "event_alone_p50_ms": percentile(alone, 50),
        "event_alone_p99_ms": percentile(alone, 99),
        "event_beside_p50_ms": percentile(beside, 50),
        "event_beside_p99_ms": percentile(beside, 99),
        "delay_p99_ms": percentile(beside, 99) - percentile(alone, 99),
    }


async def _sweep(store: SqliteStore, now: datetime) -> float:
    """When it was done."""
    bus, swept = InProcessBus(), 0
    while ended := await end_overdue(store, bus, PAST_DUE, lambda: now):
        swept += ended
    if swept != DEVICES * ALERTS:
        raise RuntimeError(f"{swept} occurrences were ended, and not {DEVICES * ALERTS}")
    return time.perf_counter()


async def _events_until(store: SqliteStore, devices: list[BenchDevice], end: asyncio.Task[Any]) -> list[float]:
    """How long each of the events took, in milliseconds, that came every few of them until the end."""
    event = Event(message=RequestSynchronizeAlert(), message_id="")
    times: list[float] = []
    waiting: set[asyncio.Task[None]] = set()

    async def one(device: BenchDevice) -> None:
        begun = time.perf_counter()
        identity = DeviceIdentity("bench", device.device_id, DEFAULT_PROFILE.name)
        arrival = Arrival(identity, DEFAULT_PROFILE, event, datetime.now(UTC))
        await store.write(receive, arrival)
        times.append((time.perf_counter() - begun) * 1000)

    number = 0
    while not end.done():
        task = asyncio.create_task(one(devices[number % len(devices)]))
        waiting.add(task)
        task.add_done_callback(waiting.discard)
        number += 1
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(end), _BETWEEN)
    await asyncio.gather(*waiting)
    return times


def report(figures: dict[str, float]) -> list[tuple[str, str, str]]:
    """Rows for the table: what, figure, what is to be reached."""
    return [
        (f"sweep over {DEVICES * ALERTS:,} occurrences", f"{figures['sweep_s']:.2f} s", "≤ 2 s"),
        ("of that, processor time, with the events beside it", f"{figures['sweep_cpu_s']:.2f} s", ""),
        (
            "an event beside it, p50 / p99",
            f"{figures['event_beside_p50_ms']:.1f} / {figures['event_beside_p99_ms']:.1f} ms",
            "",
        ),
        ("later than without it, p99", f"{figures['delay_p99_ms']:.1f} ms", "≤ 20 ms"),
    ]


if __name__ == "__main__":
    print(measure())
