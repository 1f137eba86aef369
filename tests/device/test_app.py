"""The whole speaker, with the null sound card, on a machine whose cloud is away."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bellwire.alerts.alert import Kind, Occurrence
from bellwire.alerts.lifecycle import Life
from bellwire.device.app import run
from bellwire.device.config import Config
from bellwire.device.held import Held
from bellwire.device.observer import Observer
from bellwire.device.storage import Storage, StorageError


class Watching(Observer):
    def __init__(self) -> None:
        self.rang: asyncio.Future[timedelta] = asyncio.get_running_loop().create_future()
        self.away: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.told: list[str] = []

    def disconnected(self, reason: str) -> None:
        if not self.away.done():
            self.away.set_result(reason)

    def alert_set(self, occurrence: Occurrence) -> None:
        self.told.append(f"set {occurrence.token}")

    def alert_ringing(self, occurrence: Occurrence, late: timedelta) -> None:
        if not self.rang.done():
            self.rang.set_result(late)

    def alert_stopped(self, occurrence: Occurrence) -> None:
        self.told.append(f"stopped {occurrence.token}")

    def alert_removed(self, occurrence: Occurrence) -> None:
        self.told.append(f"removed {occurrence.token}")


def config(folder: Path, **more: Any) -> Config:
    # Port 9 of this machine: nobody is there.
    return Config(cloud="https://127.0.0.1:9", access_token="secret", folder=folder, output="null", **more)


def kept(config: Config) -> tuple[list[tuple[str, Life]], int]:
    storage = Storage(config.database)
    alerts = [(held.token, held.life) for held in storage.alerts()]
    letters = len(storage.letters())
    storage.close()
    return alerts, letters


def test_an_alarm_rings_without_a_cloud_and_its_events_wait(tmp_path: Path) -> None:
    settings = config(tmp_path / "speaker")

    async def evening() -> None:
        settings.folder.mkdir()
        storage = Storage(settings.database)
        time = datetime.now(UTC) + timedelta(seconds=0.6)
        storage.keep(save=[Held(Occurrence("a", Kind.ALARM, time))])
        storage.close()
        observer = Watching()
        speaker = await run(settings, observer)
        late = await asyncio.wait_for(observer.rang, 10)
        assert timedelta() <= late < timedelta(seconds=5)
        assert "127.0.0.1:9" in await asyncio.wait_for(observer.away, 10)
        speaker.press_delete("a")
        speaker.press_stop()
        await speaker.close()
        await speaker.ended()
        assert observer.told == ["set a", "removed a"]

    asyncio.run(evening())
    assert kept(settings) == ([("a", Life.MUTED)], 2)


def test_a_logout_leaves_nothing(tmp_path: Path) -> None:
    settings = config(tmp_path)

    async def evening() -> None:
        storage = Storage(settings.database)
        storage.keep(save=[Held(Occurrence("a", Kind.ALARM, datetime.now(UTC) + timedelta(hours=1)))])
        storage.close()
        observer = Watching()
        speaker = await run(settings, observer)
        speaker.log_out()
        await speaker.close()
        assert observer.told == ["set a", "removed a"]

    asyncio.run(evening())
    assert kept(settings) == ([], 0)


def test_what_can_not_be_started_leaves_nothing_open(tmp_path: Path) -> None:
    settings = config(tmp_path)

    async def evening() -> None:
        with pytest.raises(ValueError, match="certificate authority"):
            await run(config(tmp_path, ca_file=tmp_path / "nothing.pem"), Watching())
        with pytest.raises(OSError, match="No such file"):
            await run(config(tmp_path, record=tmp_path / "nowhere" / "x.wav"), Watching())
        settings.database.write_bytes(b"not a database" * 1000)
        with pytest.raises(StorageError, match="damaged"):
            await run(settings, Watching())
        settings.database.unlink()
        speaker = await run(settings, Watching())
        with pytest.raises(StorageError, match="another speaker"):
            await run(settings, Watching())
        await speaker.close()

    asyncio.run(evening())
