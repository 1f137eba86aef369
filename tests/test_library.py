"""The speaker as a library, at a real cloud: the example, and two speakers in one process."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import bellwire.device
from bellwire.cli.processes import Process, free_port
from bellwire.device import Config, Laptop, Observer, Occurrence, Speaker
from bellwire.protocol.profiles import PROFILES
from tests.test_every_profile import PATIENCE, Account

EXAMPLE = Path(__file__).parent.parent / "examples" / "speaker.py"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    folder = tmp_path_factory.mktemp("cloud")
    options = ("--port", str(free_port()), "--data", folder / "data")
    with Process("cloud", *options, log=folder / "log") as process:
        yield folder / "data", process.line(PATIENCE).removeprefix("ready ")
        assert process.end() == 0


@pytest.fixture
def account(cloud: tuple[Path, str], tmp_path: Path) -> Account:
    return Account(cloud, tmp_path.name)


def test_what_is_public_is_there_and_no_more() -> None:
    for name in bellwire.device.__all__:
        assert getattr(bellwire.device, name).__name__ in {name, "Callable"}
    assert bellwire.device.__all__ == sorted(bellwire.device._HOMES)
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        _ = bellwire.device.Nonsense


def test_the_example_of_the_docstring_is_python() -> None:
    _, _, rest = (bellwire.device.__doc__ or "").partition("\n\n")
    example, _, _ = rest.partition("\n`examples")
    compile("\n".join(line.removeprefix("    ") for line in example.splitlines()), "docstring", "exec")


def test_the_example_rings(account: Account, tmp_path: Path) -> None:
    assert len(EXAMPLE.read_text().split("async def main")[1].splitlines()) < 10
    token = account.does("device", "add")["access_token"]
    where = (account.url, account.data / "ca.pem", token, tmp_path / "speaker")
    command = [sys.executable, "-u", str(EXAMPLE), *map(str, where)]
    # What logs say is on the same stream, unless somebody sets it up otherwise.
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None

        lines = iter(process.stdout)
        next(line for line in lines if "connected" in line)
        account.does("alert", "add", "Tea", "--in", "1s")
        assert next(line for line in lines if line.startswith("set: ")).startswith("set: Tea for 2")
        assert next(line for line in lines if line.startswith("rings: ")) == "rings: Tea\n"
        os.kill(process.pid, signal.SIGINT)
        process.communicate(timeout=PATIENCE)
        assert process.returncode in {-signal.SIGINT, 1}


class Diary(Observer):
    """What was seen of a speaker, and a way to wait for it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._written = asyncio.Event()

    def write(self, line: str) -> None:
        self.lines.append(line)
        self._written.set()

    async def until(self, line: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while line not in self.lines:
                    self._written.clear()
                    await self._written.wait()
        except TimeoutError:
            raise AssertionError(f"not seen: {line}\nseen: {self.lines}") from None

    def connected(self) -> None:
        self.write("connected")

    def disconnected(self, reason: str) -> None:
        self.write(f"disconnected: {reason}")

    def alert_set(self, occurrence: Occurrence) -> None:
        self.write(f"set {occurrence.token}")

    def alert_ringing(self, occurrence: Occurrence, late: timedelta) -> None:
        self.write(f"rings {occurrence.token}")

    def alert_stopped(self, occurrence: Occurrence) -> None:
        self.write(f"stopped {occurrence.token}")

    def alert_removed(self, occurrence: Occurrence) -> None:
        self.write(f"removed {occurrence.token}")


async def _beside(blocking: Callable[[], str]) -> str:
    """The account's commands wait for the cloud; the speakers go on meanwhile."""
    return await asyncio.to_thread(blocking)


def test_two_speakers_of_two_versions_in_one_process_ring_for_one_alarm(account: Account, tmp_path: Path) -> None:
    def speaker(profile: str, diary: Diary) -> Speaker:
        token = account.does("device", "add", "--profile", profile)["access_token"]
        folder = tmp_path / profile
        config = Config(
            cloud=account.url, ca_file=account.data / "ca.pem", access_token=token, folder=folder, profile=profile
        )
        return Speaker(config, Laptop(output="null", record=tmp_path / f"{profile}.wav"), diary)

    async def evening() -> None:
        names = ("cic-ko-2022", "tvs-2020")
        assert set(names) <= set(PROFILES)
        one, other = Diary(), Diary()
        async with speaker(names[0], one) as first, speaker(names[1], other) as second:
            for diary in (one, other):
                await diary.until("connected")
            tea = await _beside(lambda: account.sets_an_alarm("2s"))
            for diary in (one, other):
                await diary.until(f"rings {tea}")
            second.set_alert_volume(30)
            assert (first.alert_volume, second.alert_volume) == (100, 30)
            first.press_stop()
            for diary in (one, other):
                await diary.until(f"stopped {tea}")
                await diary.until(f"removed {tea}")
            first.unplug()
            await one.until("disconnected: the network is unplugged")
            coffee = await _beside(lambda: account.sets_an_alarm("1h"))
            await other.until(f"set {coffee}")
            assert f"set {coffee}" not in one.lines
            first.plug()
            await one.until(f"set {coffee}")
        for diary in (one, other):
            heard = [line.removesuffix(f" {tea}") for line in diary.lines if tea in line]
            assert heard == ["set", "rings", "stopped", "removed"]
        for name in names:
            assert any((tmp_path / f"{name}.wav").read_bytes()[44:]), "something was heard"

    asyncio.run(evening())
