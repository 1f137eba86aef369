"""A speaker's runner with the machine's own clocks, which says line by line what happens and ends when it has rung.

A program of its own, for its clocks are faked from outside: `python -m tests.device.faked_speaker FOLDER`.
"""

import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bellwire.device.held import Setup
from bellwire.device.observer import Observer
from bellwire.device.runner import Runner
from bellwire.device.storage import Storage
from bellwire.device.timer import Clock
from bellwire.protocol.profiles import DEFAULT_PROFILE


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Booted(Clock):
    """Of a machine that was just switched on, and on which nothing has set the clock yet."""

    def is_kept_by_ntp(self) -> bool:
        return False

    def boot(self) -> str:
        return "this boot"


class Says(Observer):
    def time_doubted(self) -> None:
        say("doubted")

    def time_believed(self) -> None:
        say("believed")


class Bell:
    volume = 1.0
    behind = False

    def __init__(self) -> None:
        self.rang = asyncio.Event()

    def ring(self, token: str, *_how: Any, **_more: Any) -> None:
        say(f"rings {token} {Clock().wall().timestamp()}")
        self.rang.set()

    def mute(self, token: str) -> None:
        pass

    def stop(self, token: str) -> None:
        pass

    def expect(self, kinds: Iterable[str]) -> None:
        pass

    def prepare(self, urls: Iterable[str]) -> None:
        pass

    def forget(self, urls: Iterable[str]) -> None:
        pass

    def forget_all(self) -> None:
        pass


async def main(folder: Path) -> None:
    """Until it has rung."""
    bell, storage = Bell(), Storage(folder / "speaker.db")
    runner = Runner(DEFAULT_PROFILE, storage, Says(), Booted())
    runner.start(bell, Setup(), reconnect=lambda: None)
    await bell.rang.wait()
    runner.close()
    storage.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
