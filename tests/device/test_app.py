"""The whole speaker, with the null sound card, on a machine whose cloud is away."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bellwire.alerts.alert import Kind, Occurrence
from bellwire.alerts.lifecycle import Life
from bellwire.device import Laptop, Speaker
from bellwire.device.clouds import Clouds
from bellwire.device.config import Config
from bellwire.device.folder import forget_account, hold
from bellwire.device.held import Held, Remembered
from bellwire.device.observer import Observer
from bellwire.device.storage import Storage, StorageError, fact_of, volume_fact


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
    return Config(cloud="https://127.0.0.1:9", access_token="secret", folder=folder, **more)


def speaker_on(config: Config, *observers: Observer, **built: Any) -> Speaker:
    return Speaker(config, Laptop(output="null", **built), *observers)


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
        async with speaker_on(settings, observer) as speaker:
            late = await asyncio.wait_for(observer.rang, 10)
            assert timedelta() <= late < timedelta(seconds=5)
            assert "127.0.0.1:9" in await asyncio.wait_for(observer.away, 10)
            speaker.press_delete("a")
            speaker.press_stop()
        await speaker.ended()
        assert observer.told == ["set a", "removed a"]

    asyncio.run(evening())
    assert kept(settings) == ([("a", Life.MUTED)], 2)


@pytest.mark.parametrize(("profile", "can_delete"), [("cic-ko-2022", True), ("cic-ja-2019", False)])
def test_how_alerts_ring_is_set_by_hand(tmp_path: Path, profile: str, can_delete: bool) -> None:
    settings = config(tmp_path, profile=profile)

    async def evening(before: int, wanted: int, after: int) -> None:
        async with speaker_on(settings) as speaker:
            assert speaker.can_delete is can_delete
            assert speaker.alert_volume == before
            speaker.set_alert_volume(wanted)
            assert speaker.alert_volume == after
            speaker.other_audio_began()
            speaker.other_audio_ended()

    asyncio.run(evening(100, 30, 30))
    asyncio.run(evening(30, 130, 100))


def test_a_logout_leaves_nothing(tmp_path: Path) -> None:
    settings = config(tmp_path)

    async def evening() -> None:
        storage = Storage(settings.database)
        storage.keep(save=[Held(Occurrence("a", Kind.ALARM, datetime.now(UTC) + timedelta(hours=1)))])
        storage.close()
        observer = Watching()
        async with speaker_on(settings, observer) as speaker:
            speaker.log_out()
        assert observer.told == ["set a", "removed a"]

    asyncio.run(evening())
    assert kept(settings) == ([], 0)


def test_what_another_token_finds_is_deleted_and_what_the_same_one_finds_is_not(tmp_path: Path) -> None:
    async def evening(token: str) -> None:
        async with speaker_on(replace(config(tmp_path), access_token=token)) as speaker:
            speaker.user_active()

    asyncio.run(evening("one"))
    storage = Storage(config(tmp_path).database)
    assert "one" not in storage.facts()["remembered"]
    storage.keep(save=[Held(Occurrence("a", Kind.ALARM, datetime.now(UTC) + timedelta(hours=1)))])
    storage.close()
    asyncio.run(evening("one"))
    assert kept(config(tmp_path)) == ([("a", Life.SET)], 0)
    asyncio.run(evening("two"))
    assert kept(config(tmp_path)) == ([], 0)


def test_forgetting_the_account_leaves_the_volume_and_the_tokens_alone(tmp_path: Path) -> None:
    settings = config(tmp_path)
    storage = Storage(settings.database)
    kept_facts = {**fact_of(Remembered(owner="device-1", firmware_taken="8701")), **volume_fact(40)}
    storage.keep(save=[Held(Occurrence("a", Kind.ALARM, datetime.now(UTC)))], facts=kept_facts)
    storage.close()
    (tmp_path / "tokens.json").write_text("{}")
    storage = hold(settings)
    forget_account(settings, storage)
    assert (storage.alerts(), storage.remembered(), storage.volume()) == ((), Remembered(), 40)
    storage.close()
    assert (tmp_path / "tokens.json").exists()


def test_a_speaker_that_was_sent_to_another_cloud_looks_for_that_one(tmp_path: Path) -> None:
    settings = config(tmp_path)

    async def evening() -> str:
        storage = Storage(settings.database)
        clouds = Clouds(settings.cloud, ("https://127.0.0.1:10", settings.cloud))
        storage.keep(facts=fact_of(Remembered(clouds=clouds)))
        storage.close()
        observer = Watching()
        async with speaker_on(settings, observer):
            return await asyncio.wait_for(observer.away, 10)

    assert "127.0.0.1:10" in asyncio.run(evening())


def test_what_can_not_be_started_leaves_nothing_open(tmp_path: Path) -> None:
    settings = config(tmp_path)

    async def evening() -> None:
        with pytest.raises(ValueError, match="expected https://HOST"):
            speaker_on(replace(settings, cloud="localhost"))
        with pytest.raises(ValueError, match="certificate authority"):
            speaker_on(config(tmp_path, ca_file=tmp_path / "nothing.pem"))
        with pytest.raises(OSError, match="No such file"):
            speaker_on(settings, record=tmp_path / "nowhere" / "x.wav")
        settings.database.write_bytes(b"not a database" * 1000)
        with pytest.raises(StorageError, match="damaged"):
            speaker_on(settings)
        settings.database.unlink()
        async with speaker_on(settings):
            with pytest.raises(StorageError, match="another speaker"):
                speaker_on(settings)

    asyncio.run(evening())


def test_what_was_kept_and_can_not_be_read_leaves_nothing_open(tmp_path: Path) -> None:
    settings = config(tmp_path)
    storage = Storage(settings.database)
    storage._db.execute("INSERT INTO alerts VALUES ('a', 'no JSON')")
    storage._db.commit()
    storage.close()

    async def evening() -> None:
        for _ in range(2):
            with pytest.raises(StorageError):
                async with speaker_on(settings):
                    pass

    asyncio.run(evening())
