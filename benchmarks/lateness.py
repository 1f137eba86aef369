"""How late a speaker rings, idle and beside a busy thread, next to APScheduler and a bare clock_nanosleep.

The speaker is runner, engine, storage and ringer as they are, with the null sound card. Each of the three is a process
of its own with one alarm a second; idle they run side by side, a third of a second apart, busy in turn.
"""

import asyncio
import ctypes
import json
import logging
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bellwire.alerts.alert import Occurrence
from bellwire.device.held import Setup
from bellwire.device.observer import Observer
from bellwire.device.ringer.assets import AssetCache
from bellwire.device.ringer.playback import Playback
from bellwire.device.ringer.ringer import Ringer
from bellwire.device.runner import Runner
from bellwire.device.storage import Storage
from bellwire.device.timer import Clock
from bellwire.protocol.codec import Codec
from bellwire.protocol.messages.alerts import SetAlert
from bellwire.protocol.messages.envelope import Directive
from bellwire.protocol.profiles import DEFAULT_PROFILE
from benchmarks.figures import percentile
from benchmarks.servers import data_folder

ALARMS = {"idle": 60, "busy": 20}
BUSY_ROUNDS = 2
"""In turn, so that a noisy machine is noisy for all."""
SOON = timedelta(seconds=3)
MILLISECOND = timedelta(milliseconds=1)

_REST = (0.45, 0.52)
"""Parts of each second; alarms are at 0, 1/3 and 2/3."""

Late = dict[str, list[float]]
"""Milliseconds, by what was late."""


class TimedBell(Ringer):
    """The ringer, with a look at the clock when it is told to ring."""

    times: Mapping[str, datetime]
    late_ms: list[float]

    def ring(self, token: str, *args: Any, **more: Any) -> None:
        """Note how late it is, and ring."""
        self.late_ms.append((datetime.now(UTC) - self.times[token]) / MILLISECOND)
        super().ring(token, *args, **more)


class FirstSamples(Observer):
    """Notes when the first sound of an alert went to the sound card."""

    def __init__(self, alarms: int) -> None:
        self.late_ms: list[float] = []
        self.all_heard = asyncio.Event()
        self._alarms = alarms

    def alert_ringing(self, occurrence: Occurrence, late: timedelta) -> None:
        """Note it."""
        self.late_ms.append(late / MILLISECOND)
        if len(self.late_ms) == self._alarms:
            self.all_heard.set()


def _times(alarms: int, offset: float) -> list[datetime]:
    first = datetime.now(UTC).replace(microsecond=0) + SOON + timedelta(seconds=offset)
    return [first + timedelta(seconds=number) for number in range(alarms)]


def speaker(alarms: int) -> Late:
    """The speaker."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with data_folder() as data:
        return asyncio.run(_ring(data, alarms))


async def _ring(data: Path, alarms: int) -> Late:
    storage, observer = Storage(data / "speaker.db"), FirstSamples(alarms)
    runner = Runner(DEFAULT_PROFILE, storage, observer, Clock())
    bell = TimedBell(
        AssetCache(data / "assets", trusted_origin=None),
        audio=lambda samples: Playback(samples, output="null"),
        on_sounding=runner.sounding,
        on_ended=runner.ended,
        on_fetched=runner.fetched,
        on_failed=runner.failed,
    )
    times = {str(uuid.uuid4()): time for time in _times(alarms, 0.0)}
    bell.times, bell.late_ms = times, []
    bell.start()
    runner.start(bell, Setup(), reconnect=lambda: None)
    codec = Codec(DEFAULT_PROFILE)
    for token, due in times.items():
        message = SetAlert(token=token, type="ALARM", scheduled_time=due)
        runner.directive(codec.encode_directive(Directive(message=message, message_id="bench")))
    await observer.all_heard.wait()
    runner.close()
    await bell.close()
    storage.close()
    return {"ring": bell.late_ms, "first_sample": observer.late_ms}


def apscheduler(alarms: int) -> Late:
    """The best-known scheduler for Python, on the same kind of loop, without a disk."""
    return {"apscheduler": asyncio.run(_schedule(alarms))}


async def _schedule(alarms: int) -> list[float]:
    late: list[float] = []
    all_run = asyncio.Event()

    def job(due: datetime) -> None:
        late.append((datetime.now(UTC) - due) / MILLISECOND)
        if len(late) == alarms:
            all_run.set()

    scheduler = AsyncIOScheduler(timezone=UTC)
    scheduler.start()
    for due in _times(alarms, 1 / 3):
        scheduler.add_job(job, "date", run_date=due, args=[due])
    await all_run.wait()
    scheduler.shutdown()
    return late


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


def floor(alarms: int) -> Late:
    """What the kernel needs to wake a thread at a time of the wall clock, and Python to go on."""
    nanosleep, late = ctypes.CDLL(None).clock_nanosleep, []
    for due in _times(alarms, 2 / 3):
        until = _Timespec(int(due.timestamp()), due.microsecond * 1000)
        nanosleep(time.CLOCK_REALTIME, 1, ctypes.byref(until), None)
        late.append((datetime.now(UTC) - due) / MILLISECOND)
    return {"floor": late}


PEERS: Mapping[str, Callable[[int], Late]] = {"speaker": speaker, "apscheduler": apscheduler, "floor": floor}


def _spin() -> None:
    """Rests when nothing is due: with `chrt -f` the kernel would hold back a process that never does, at any moment."""
    while True:
        rest_at = int(time.time() + 1 - _REST[0]) + _REST[0]
        while time.time() < rest_at:
            pass
        time.sleep(_REST[1] - _REST[0])


def _begin(peer: str, load: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.lateness", peer, load]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def _late(begun: subprocess.Popen[str]) -> Late:
    said, _ = begun.communicate(timeout=300)
    late: Late = json.loads(said)
    return late


def measure() -> dict[str, float]:
    """Milliseconds from the scheduled time to the ring, and to the first sound."""
    idle = [_late(begun) for begun in [_begin(peer, "idle") for peer in PEERS]]
    busy = [_late(_begin(peer, "busy")) for _ in range(BUSY_ROUNDS) for peer in PEERS]
    return {
        f"{load}_{what}_p{percent}_ms": percentile([each for part in late for each in part.get(what, ())], percent)
        for load, late in (("idle", idle), ("busy", busy))
        for what in ("ring", "first_sample", "apscheduler", "floor")
        for percent in (50, 99)
    }


def report(figures: dict[str, float]) -> list[tuple[str, str, str]]:
    """Rows for the table: what, figure, what is to be reached."""

    def both(what: str) -> str:
        return f"{figures[f'{what}_p50_ms']:.2f} / {figures[f'{what}_p99_ms']:.2f} ms"

    return [
        ("late, idle: clock_nanosleep (floor), p50 / p99", both("idle_floor"), ""),
        ("late, idle: APScheduler, p50 / p99", both("idle_apscheduler"), ""),
        ("late, idle: the speaker's ring, p50 / p99", both("idle_ring"), "p99 ≤ 3 ms, ≤ APScheduler's"),
        ("late, busy thread: clock_nanosleep (floor), p50 / p99", both("busy_floor"), ""),
        ("late, busy thread: APScheduler, p50 / p99", both("busy_apscheduler"), ""),
        ("late, busy thread: the speaker's ring, p50 / p99", both("busy_ring"), "p99 ≤ 10 ms, ≤ APScheduler's"),
        ("first sound late, idle, p50 / p99", both("idle_first_sample"), "≤ 100 ms"),
        ("first sound late, busy thread, p50 / p99", both("busy_first_sample"), "≤ 100 ms"),
    ]


def main(peer: str, load: str) -> None:
    """One of the three, as a process."""
    if load == "busy":
        threading.Thread(target=_spin, daemon=True).start()
    json.dump(PEERS[peer](ALARMS[load]), sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
