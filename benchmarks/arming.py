"""How long until alerts are armed, 10,000 beside APScheduler and 1,000 from the disk; and what it costs to wait."""

import asyncio
import json
import logging
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bellwire.alerts.alert import Asset, Kind, Occurrence
from bellwire.device import inputs
from bellwire.device.engine import step
from bellwire.device.held import Held, Setup, State
from bellwire.device.observer import Observer
from bellwire.device.outputs import WakeAt
from bellwire.device.ringer.assets import AssetCache
from bellwire.device.ringer.playback import Playback
from bellwire.device.ringer.ringer import Ringer
from bellwire.device.runner import Runner
from bellwire.device.storage import Storage
from bellwire.device.timer import Clock
from bellwire.protocol.profiles import DEFAULT_PROFILE
from benchmarks.servers import data_folder

ROUNDS = 5
IDLE_SECONDS = 20.0


def measure() -> dict[str, float]:
    """Milliseconds, medians of some rounds; percent of one processor."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    ours, theirs = zip(*[(_arm(10_000), asyncio.run(_arm_apscheduler(10_000))) for _ in range(ROUNDS)], strict=True)
    with data_folder() as data:
        storage = Storage(data / "speaker.db")
        storage.keep(save=_alerts(1_000))
        storage.close()
        starts = [_start(data) for _ in range(ROUNDS)]
        commands = [_start_of_the_command(data) for _ in range(ROUNDS)]
        idle = _idle(data)
    return {
        "arm_10000_ms": statistics.median(ours),
        "arm_10000_apscheduler_ms": statistics.median(theirs),
        "start_1000_ms": statistics.median(starts),
        "start_1000_command_ms": statistics.median(commands),
        "idle_cpu_percent": idle,
    }


def _alerts(number: int) -> list[Held]:
    first = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    assets = (Asset("bell", "clova://alert/bell/reminder"),)
    return [
        Held(Occurrence(f"token-{each}", Kind.REMINDER, first + timedelta(seconds=each * 7919 % 86_400), "tea", assets))
        for each in range(number)
    ]


def _milliseconds(do: Callable[[], object]) -> float:
    begin = time.perf_counter()
    do()
    return (time.perf_counter() - begin) * 1000


def _arm(number: int) -> float:
    """A boot with so many alerts, which is ten times what a device takes, until it says when to wake."""
    started = inputs.Started(tuple(_alerts(number)))

    def boot() -> None:
        _, done = step(State(), started, datetime.now(UTC), DEFAULT_PROFILE)
        assert any(isinstance(output, WakeAt) and output.time for output in done)

    return _milliseconds(boot)


async def _arm_apscheduler(number: int) -> float:
    """The same number of jobs, added to one that runs."""
    scheduler = AsyncIOScheduler(timezone=UTC)
    scheduler.start()
    times = [held.occurrence.scheduled_time for held in _alerts(number)]

    def add() -> None:
        for due in times:
            scheduler.add_job(print, "date", run_date=due)

    milliseconds = _milliseconds(add)
    scheduler.shutdown()
    return milliseconds


class Counted(Observer):
    """Counts the alerts that are there."""

    armed = 0

    def alert_set(self, _occurrence: Occurrence) -> None:
        """One more."""
        self.armed += 1


def _start(data: Path) -> float:
    """Runner, engine, storage and ringer as they are, from opening the sound and the file to all alerts armed."""

    async def start() -> float:
        bell = Ringer(
            AssetCache(data / "assets", trusted_origin=None),
            audio=lambda samples: Playback(samples, output="null"),
            on_sounding=print,
            on_ended=print,
            on_fetched=print,
            on_failed=print,
        )

        observer = Counted()
        begin = time.perf_counter()
        storage = Storage(data / "speaker.db")
        runner = Runner(DEFAULT_PROFILE, storage, observer, Clock())
        bell.start()
        runner.start(bell, Setup(), reconnect=lambda: None)
        milliseconds = (time.perf_counter() - begin) * 1000
        assert observer.armed == 1_000
        runner.close()
        await bell.close()
        storage.close()
        return milliseconds

    return asyncio.run(start())


def _command(data: Path) -> subprocess.Popen[str]:
    """The command as people run it, with a cloud that is not there."""
    command = [sys.executable, "-m", "bellwire", "speaker", "--json", "--output", "null"]
    command += ["--url", "https://127.0.0.1:9", "--data", str(data)]
    environment = {**os.environ, "BELLWIRE_TOKEN": "bench"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)


def _start_of_the_command(data: Path) -> float:
    """From the start of the process until it has said that each of 1,000 alerts is set."""
    begin = time.perf_counter()
    with _command(data) as process:
        _wait_for_alerts(process, 1_000)
        whole = (time.perf_counter() - begin) * 1000
        process.send_signal(signal.SIGTERM)
    return whole


def _wait_for_alerts(process: subprocess.Popen[str], number: int) -> None:
    assert process.stdout is not None
    alerts = (line for line in process.stdout if json.loads(line)["event"] == "set")
    for _, _line in zip(range(number), alerts, strict=False):
        pass


def _idle(data: Path) -> float:
    """What it takes of a processor to wait, with the sound open."""
    with _command(data) as process:
        _wait_for_alerts(process, 1_000)
        time.sleep(5)
        before = _cpu_seconds(process.pid)
        time.sleep(IDLE_SECONDS)
        used = _cpu_seconds(process.pid) - before
        process.send_signal(signal.SIGTERM)
    return used / IDLE_SECONDS * 100


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def report(figures: dict[str, float]) -> list[tuple[str, str, str]]:
    """Rows for the table: what, figure, what is to be reached."""
    return [
        ("10,000 alerts armed", f"{figures['arm_10000_ms']:.0f} ms", "≤ 100 ms"),
        ("… by APScheduler", f"{figures['arm_10000_apscheduler_ms']:.0f} ms", ""),
        ("start to armed, 1,000 alerts on disk", f"{figures['start_1000_ms']:.0f} ms", "≤ 200 ms"),
        ("… from the start of the command", f"{figures['start_1000_command_ms']:.0f} ms", ""),
        ("idle CPU, sound open", f"{figures['idle_cpu_percent']:.2f} %", "≤ 1 %"),
    ]


if __name__ == "__main__":
    print(measure())
