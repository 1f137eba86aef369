"""Whether what people wait for stays the same from ten thousand stored alerts to a million.

Accounts have a thousand alerts each, ring on one device, and have a history. Measured on the store alone: an account's
page as the account API reads it, what is due, what an event reads of its device, and what became of an alert.
"""

import random
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from bellwire.alerts.alert import Schedule
from bellwire.cloud import accounts
from bellwire.cloud.config import Config
from bellwire.cloud.history import load_known
from bellwire.cloud.overdue import overdue
from bellwire.cloud.store.connection import Connection
from bellwire.cloud.store.instants import to_ms
from bellwire.cloud.store.opening import open_now
from bellwire.cloud.store.standings import load_standing_rows
from bellwire.protocol.profiles import DEFAULT_PROFILE
from benchmarks.servers import data_folder

SIZES = (10_000, 1_000_000)
OF_ACCOUNT = 1_000
ON_DEVICE = 10
PAGE = 100
DUE = 50
"""Of all alerts: what a sweep finds is as much in both."""
PAST_DUE = timedelta(minutes=30)
ROUNDS = 200
NOW = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)


def measure() -> dict[str, float]:
    """Microseconds, the median of many, for each size."""
    figures: dict[str, float] = {}
    for size in SIZES:
        with data_folder() as data:
            with open_now(Config(data=data).database):
                pass
            _fill(Config(data=data).database, size)
            with open_now(Config(data=data).database) as store:
                figures |= {f"{name}_{size}_us": median for name, median in _medians(store, size)}
    return figures


def _fill(path: Path, size: int) -> None:
    """Rows as the cloud would have made them, without a million transactions."""
    schedule = msgspec.json.encode(Schedule(NOW.replace(tzinfo=None), "UTC", "FREQ=DAILY")).decode()
    profile, yesterday = DEFAULT_PROFILE.name, to_ms(NOW - timedelta(days=1))
    everything = range(size)
    rows = sqlite3.connect(path)
    with rows:
        _insert(rows, "accounts", ((_account(n), _account(n), "UTC", 0) for n in everything[::OF_ACCOUNT]))
        _insert(rows, "devices", ((_account(n), _device(n), "speaker", profile, 0) for n in everything[::ON_DEVICE]))
        _insert(
            rows,
            "alerts",
            ((_account(n), _token(n), "ALARM", "", schedule, _time_ms(n, size), 1, 0, 0, 0) for n in everything),
        )
        _insert(
            rows,
            "standings",
            (
                (_account(n), _device(n), _token(n), "ALARM", _time_ms(n, size), 1, "set", _time_ms(n, size), 1, 0)
                for n in everything
            ),
        )
        _insert(
            rows,
            "rings",
            (
                (_account(n), _device(n), _token(n), yesterday, yesterday, yesterday, yesterday, "button")
                for n in everything
            ),
        )
    rows.close()


_COLUMNS = {
    "accounts": "account_id, name, timezone, created_ms",
    "devices": "account_id, device_id, name, profile, created_ms",
    "alerts": "account_id, token, kind, label, schedule, scheduled_ms, version, everywhere, created_ms, updated_ms",
    "standings": "account_id, device_id, token, kind, desired_ms, desired_version, reported, reported_ms, "
    "reported_version, reported_at_ms",
    "rings": "account_id, device_id, token, occurrence_ms, started_ms, stopped_ms, over_ms, ending",
}


def _insert(rows: sqlite3.Connection, table: str, values: Iterable[tuple[object, ...]]) -> None:
    columns = _COLUMNS[table]
    marks = ", ".join("?" * len(columns.split(",")))
    rows.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)


def _account(alert: int) -> str:
    return f"account-{alert // OF_ACCOUNT}"


def _device(alert: int) -> str:
    return f"device-{alert // ON_DEVICE}"


def _token(number: int) -> str:
    # As scattered as the tokens of the account API.
    return f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}"


def _time_ms(number: int, size: int) -> int:
    """A few are long due; the others within the next day."""
    if number % (size // DUE) == 0:
        return to_ms(NOW) - 3_600_000
    return to_ms(NOW) + 1000 * (number * 7919 % 86_400)


def _medians(store: Connection, size: int) -> Iterator[tuple[str, float]]:
    """Each of another alert every time: of a million, most are not in memory."""
    some = random.Random(1).choices(range(size), k=ROUNDS)
    yield "page", _median(some, lambda n: store.read(accounts.show_alerts, _account(n), None, PAGE + 1))
    yield "due", _median(some, lambda _: store.read(overdue, NOW, PAST_DUE))
    yield "event", _median(some, lambda n: store.read(load_standing_rows, _account(n), _device(n)))
    yield "history", _median(some, lambda n: store.read(load_known, _account(n), _token(n), None, PAGE))


def _median(some: Iterable[int], read: Callable[[int], object]) -> float:
    samples = []
    for number in some:
        begun = time.perf_counter_ns()
        found = read(number)
        samples.append((time.perf_counter_ns() - begun) / 1000)
        if not found:
            raise RuntimeError("nothing was found, so nothing was measured")
    return statistics.median(samples)


def report(figures: dict[str, float]) -> list[tuple[str, str, str]]:
    """Rows for the table: what, figure, what is to be reached."""
    said = {
        "page": "a page of an account",
        "due": f"what is due ({DUE})",
        "event": "what an event reads",
        "history": "what became of an alert",
    }
    return [
        (
            f"{what}, of {' and '.join(f'{size:,}' for size in SIZES)} alerts",
            " / ".join(f"{figures[f'{name}_{size}_us']:,.0f} µs" for size in SIZES),
            "flat",
        )
        for name, what in said.items()
    ]


if __name__ == "__main__":
    print(measure())
