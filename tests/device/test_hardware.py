"""A maker's own hardware, at a speaker whose cloud is away."""

import asyncio
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bellwire.alerts.alert import Kind, Occurrence
from bellwire.device import Button, Laptop, Lights, Observer, Product, Speaker
from bellwire.device.cable import UNPLUGGED
from bellwire.device.held import Held
from bellwire.device.storage import Storage
from tests.device.test_app import Watching, config, kept

CLOCK = Product(maker="Acme", product="Bedside", version="2.0.1", os="RTOS", hardware="rev-b")


class Bedside(Laptop):
    """An alarm clock with an amplifier, a lamp and buttons."""

    def __init__(self) -> None:
        super().__init__(output="null", product=CLOCK, firmware_version="20001")
        self.shown: list[Lights] = []
        self.volumes: list[int] = []
        self.is_closed = False
        self.pressed: Callable[[Button], None]

    def set_volume(self, volume: int) -> bool:
        self.volumes.append(volume)
        return True

    def show(self, lights: Lights) -> None:
        self.shown.append(lights)

    def listen(self, pressed: Callable[[Button], None]) -> None:
        self.pressed = pressed

    def close(self) -> None:
        self.is_closed = True

    def press(self, button: Button) -> None:
        """On a thread of its own, as drivers of buttons do."""
        pressing = threading.Thread(target=self.pressed, args=(button,))
        pressing.start()
        pressing.join()


class Volumes(Observer):
    def __init__(self) -> None:
        self.muted_states: list[bool] = []
        self.volume: asyncio.Queue[int] = asyncio.Queue()
        self.mute: asyncio.Queue[bool] = asyncio.Queue()

    def volume_changed(self, volume: int) -> None:
        self.volume.put_nowait(volume)

    def muted(self, is_muted: bool) -> None:
        self.mute.put_nowait(is_muted)


def test_its_buttons_lights_and_amplifier(tmp_path: Path) -> None:
    settings, clock = config(tmp_path), Bedside()
    storage = Storage(settings.database)
    storage.keep(save=[Held(Occurrence("a", Kind.ALARM, datetime.now(UTC) - timedelta(seconds=1)))])
    storage.close()

    async def evening() -> None:
        watching, volumes = Watching(), Volumes()
        async with Speaker(settings, clock, watching, volumes):
            await asyncio.wait_for(watching.rang, 10)
            assert clock.shown == [Lights(), Lights(alert_set=True), Lights(alert_set=True, ringing=True)]
            for button, volume in ((Button.SOFTER, 90), (Button.SOFTER, 80), (Button.LOUDER, 90)):
                clock.press(button)
                assert await asyncio.wait_for(volumes.volume.get(), 10) == volume
            assert clock.volumes == [100, 90, 80, 90]
            for is_muted in (True, False, True):
                clock.press(Button.MUTE)
                assert await asyncio.wait_for(volumes.mute.get(), 10) is is_muted
                assert clock.shown[-1].muted is is_muted
            clock.press(Button.SNOOZE)
            await asyncio.wait_for(_until(lambda: not clock.shown[-1].ringing), 10)
            assert clock.shown[-1].alert_set
            clock.press(Button.DO_NOT_DISTURB)
            await asyncio.wait_for(_until(lambda: clock.shown[-1].do_not_disturb), 10)
            clock.press(Button.DO_NOT_DISTURB)
            await asyncio.wait_for(_until(lambda: not clock.shown[-1].do_not_disturb), 10)
            clock.press(Button.DELETE)
            await asyncio.wait_for(_until(lambda: "removed a" in watching.told), 10)
        assert clock.is_closed

    asyncio.run(evening())
    assert [token for token, _ in kept(settings)[0]] in ([], ["a"])


async def _until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0.005)


class Broken(Bedside):
    """Everything in it that may fail does."""

    def set_volume(self, volume: int) -> bool:
        raise OSError("the amplifier does not answer")

    def show(self, lights: Lights) -> None:
        raise OSError("the lamp is gone")

    def listen(self, pressed: Callable[[Button], None]) -> None:
        raise OSError("no buttons")

    def close(self) -> None:
        raise OSError("it does not let go")


def test_a_broken_lamp_keeps_no_alarm_from_ringing(tmp_path: Path) -> None:
    settings = config(tmp_path)
    storage = Storage(settings.database)
    storage.keep(save=[Held(Occurrence("a", Kind.ALARM, datetime.now(UTC) - timedelta(seconds=1)))])
    storage.close()

    async def evening() -> None:
        watching = Watching()
        with capture_logs() as logs:
            async with Speaker(settings, Broken(), watching):
                await asyncio.wait_for(watching.rang, 10)
        told = [
            (entry["event"], entry.get("what") or entry.get("hook")) for entry in logs if entry["log_level"] == "error"
        ]
        assert ("the hardware failed", "lights") in told
        assert ("the hardware failed", "buttons") in told
        assert ("the hardware failed", "closing") in told
        assert ("the hardware failed", "volume") in told
        assert ("an observer failed", "alert_ringing") in told

    asyncio.run(evening())


@pytest.mark.parametrize("version", ["0", "1.2"])
def test_a_version_of_its_software_that_is_none(tmp_path: Path, version: str) -> None:
    clock = Bedside()
    clock.firmware_version = version
    with pytest.raises(ValueError, match="is not a number from 1 to 4294967295"):
        Speaker(config(tmp_path), clock)


def test_unplugged_it_goes_nowhere_and_plugged_in_again_it_does_at_once(tmp_path: Path) -> None:
    async def evening() -> None:
        came: asyncio.Queue[None] = asyncio.Queue()

        def taken(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            came.put_nowait(None)
            writer.close()

        cloud = await asyncio.start_server(taken, "127.0.0.1", 0, family=socket.AF_INET)
        port = cloud.sockets[0].getsockname()[1]
        settings = replace(config(tmp_path), cloud=f"https://127.0.0.1:{port}")
        watching = Watching()
        async with cloud, Speaker(settings, Bedside(), watching) as speaker:
            await asyncio.wait_for(came.get(), 10)
            await asyncio.wait_for(watching.away, 10)
            watching.away = asyncio.get_running_loop().create_future()
            speaker.unplug()
            assert not speaker.is_plugged
            assert await asyncio.wait_for(watching.away, 10) == UNPLUGGED
            while not came.empty():
                came.get_nowait()
            speaker._connection.try_now()
            await asyncio.sleep(0.3)
            assert came.empty()
            watching.away = asyncio.get_running_loop().create_future()
            speaker.plug()
            assert bool(speaker.is_plugged)
            await asyncio.wait_for(came.get(), 10)
            assert "hung up" in await asyncio.wait_for(watching.away, 10)

    asyncio.run(evening())
