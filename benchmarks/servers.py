"""The processes that are measured: a cloud with devices and alerts, and the same server that only answers 204."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bellwire.alerts.alert import Alert, Kind, Schedule
from bellwire.cli.processes import free_port
from bellwire.cloud.auth import hash_of, new_token
from bellwire.cloud.config import Config
from bellwire.cloud.store.accounts import add_account, add_account_token
from bellwire.cloud.store.alerts import insert_alert
from bellwire.cloud.store.desires import add_standings
from bellwire.cloud.store.devices import Device, add_device
from bellwire.cloud.store.opening import open_now
from bellwire.protocol.profiles import DEFAULT_PROFILE


@dataclass(frozen=True)
class Ready:
    """A running server."""

    port: int
    data: Path
    pid: int

    @property
    def ca(self) -> Path:
        """Who signed its certificate."""
        return self.data / "ca.pem"

    def cpu_seconds(self) -> float:
        """What all of its threads have used since its start, by the kernel's clock of them."""
        spent = (task.joinpath("schedstat").read_text().split()[0] for task in Path(f"/proc/{self.pid}/task").iterdir())
        return sum(map(int, spent)) / 1e9


@contextmanager
def running(module: str, data: Path, *more: str) -> Iterator[Ready]:
    """A server in a process of its own, until the end of the block; `more` arguments follow its folder and port."""
    port = free_port()
    command = [sys.executable, "-m", module, str(data), str(port), *more]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            if not process.stdout.readline().startswith("ready"):
                raise RuntimeError(f"{module} did not start")
            yield Ready(port, data, process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def data_folder() -> Iterator[Path]:
    """A folder on the disk of this checkout, so that durable means a disk and not memory."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=os.environ.get("BENCH_DIR", ".")) as folder:
        yield Path(folder).resolve()


@dataclass(frozen=True)
class BenchDevice:
    """A device that `populate` made, with the daily alarms that ring on it alone."""

    device_id: str
    token: str
    alerts: list[Alert]


def populate(data: Path, devices: int, alerts: int) -> tuple[str, list[BenchDevice]]:
    """Make an account with devices, each with its own daily alarms, an hour and more ahead. Returns its token too."""
    now = datetime.now(UTC).replace(microsecond=0)
    data.mkdir(parents=True, exist_ok=True)
    account_token = new_token()
    made = [
        BenchDevice(str(uuid.uuid4()), new_token(), [_daily_alarm(now, number) for number in range(alerts)])
        for _ in range(devices)
    ]
    with open_now(Config(data=data).database) as store:
        store.run(add_account, "bench", "bench", "UTC", now)
        store.run(add_account_token, "bench", hash_of(account_token), None, now)
        with store.transaction():
            for device in made:
                row = Device(device.device_id, "speaker", DEFAULT_PROFILE.name)
                _done(store.attempt(add_device("bench", row, hash_of(device.token), now)))
                for alert in device.alerts:
                    _done(store.attempt(insert_alert("bench", alert, now)))
                    _done(store.attempt(add_standings("bench", alert, [device.device_id], now)))
    return account_token, made


def _done(outcome: tuple[None, None] | tuple[None, BaseException]) -> None:
    if outcome[1] is not None:
        raise outcome[1]


def _daily_alarm(now: datetime, number: int) -> Alert:
    when = now + timedelta(hours=1, minutes=number)
    schedule = Schedule(when.replace(tzinfo=None), "UTC", "FREQ=DAILY")
    return Alert(str(uuid.uuid4()), Kind.ALARM, "", schedule, when, 1, everywhere=False)


async def settle() -> None:
    """Give a server that was just loaded a moment of rest, so that one measurement does not pay for another."""
    await asyncio.sleep(0.5)
