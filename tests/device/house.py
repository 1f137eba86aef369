"""A speaker's runner with a real disk, and with a bell, a cloud and a clock that do as a test says."""

import asyncio
import shutil
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from bellwire.device.connection import Answer
from bellwire.device.held import Setup
from bellwire.device.observer import Observer
from bellwire.device.ringer.sounds import Source
from bellwire.device.runner import Runner
from bellwire.device.storage import Storage
from bellwire.device.stream import Unreachable
from bellwire.protocol.codec import Codec
from bellwire.protocol.messages import Message
from bellwire.protocol.messages.envelope import Directive, Event
from bellwire.protocol.multipart import read_json
from bellwire.protocol.profiles.clova import CIC_KO_2022
from bellwire.protocol.profiles.profile import Profile
from tests.virtual_time import VirtualClock, virtually

CODEC = Codec(CIC_KO_2022)


@dataclass(frozen=True)
class Came:
    """An event that came to the cloud."""

    at: datetime
    event: Event
    content_type: str

    @property
    def name(self) -> str:
        return type(self.event.message).__name__


@dataclass(frozen=True)
class Photograph:
    """The disk as it is at the moment at which something is heard or sent: what a boot would find."""

    moment: str
    folder: Path


class FakeBell:
    def __init__(self, house: "House") -> None:
        self._house = house
        self.rang: list[tuple[datetime, str]] = []
        self.sounding: str | None = None
        self.prepared: list[str] = []
        self.volume = 1.0
        self.behind = False

    def ring(self, token: str, kind: str, sources: tuple[Source, ...], **_how: Any) -> None:
        self._house.photograph(f"rings {token}")
        self.rang.append((self._house.clock.wall(), token))
        self.sounding = token

    def mute(self, token: str) -> None:
        self._house.photograph(f"muted {token}")
        self.sounding = None

    def stop(self, token: str) -> None:
        self._house.photograph(f"silent {token}")
        self.sounding = None

    def expect(self, kinds: Iterable[str]) -> None:
        pass

    def prepare(self, urls: Iterable[str]) -> None:
        self.prepared.extend(urls)

    def forget(self, urls: Iterable[str]) -> None:
        self.prepared = [url for url in self.prepared if url not in set(urls)]

    def forget_all(self) -> None:
        self.prepared.clear()


class FakeCloud:
    """Takes events, and answers with what was scripted, then with 204; `seconds` is how long it takes for each."""

    def __init__(self, house: "House") -> None:
        self._house = house
        self.came: list[Came] = []
        self.script: list[int | Answer | Unreachable | Exception] = []
        self.seconds = 0.0
        self.at_once = 0
        self.most_at_once = 0

    async def post(self, body: bytes, content_type: str) -> Answer:
        event = self._house.codec.decode_event(read_json(content_type, body))
        self._house.photograph(f"sent {type(event.message).__name__}")
        self.came.append(Came(self._house.clock.wall(), event, content_type))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self.seconds)
        self.at_once -= 1
        answer = self.script.pop(0) if self.script else 204
        if isinstance(answer, Exception):
            raise answer
        return Answer(answer, ()) if isinstance(answer, int) else answer

    @property
    def names(self) -> list[str]:
        return [came.name for came in self.came]


class House:
    """One run of a speaker after another, on the same disk."""

    def __init__(self, folder: Path, observer: Observer | None = None, profile: Profile = CIC_KO_2022) -> None:
        self.codec = Codec(profile)
        self.path = folder / "speaker.db"
        self.observer = observer or Observer()
        self.clock = VirtualClock()
        self.bell = FakeBell(self)
        self.cloud = FakeCloud(self)
        self.setup = Setup(cloud="https://cloud.example")
        self.disk_is_broken = False
        """Whether the next run can write nothing, from its first moment on."""
        self.reconnects: list[str] = []
        """Where the speaker wanted to go at once."""
        self.photographs: list[Photograph] | None = None
        """Taken when this is a list."""

    async def __aenter__(self) -> Self:
        self.storage = Storage(self.path)
        self.storage._db.execute(f"PRAGMA query_only = {int(self.disk_is_broken)}")
        self.runner = Runner(self.codec.profile, self.storage, self.observer, self.clock)
        self.runner.start(self.bell, self.setup, reconnect=lambda: self.reconnects.append(self.runner.clouds.current))
        self._sending = asyncio.create_task(self.runner.send(self.cloud.post))
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self.runner.close()
        self._sending.cancel()
        await asyncio.gather(self._sending, return_exceptions=True)
        self.storage.close()

    def told(self, message: Message) -> None:
        """The cloud says something on the downchannel."""
        self.runner.directive(self.codec.encode_directive(Directive(message=message, message_id="m")))

    async def quiet(self) -> None:
        """Until all that can happen at once has happened."""
        await asyncio.sleep(0.01)

    def photograph(self, moment: str) -> None:
        if self.photographs is None:
            return
        folder = self.path.parent / f"photograph-{len(self.photographs)}"
        folder.mkdir()
        for suffix in ("", "-wal"):
            shutil.copy(f"{self.path}{suffix}", folder)
        self.photographs.append(Photograph(moment, folder))


def talk(
    house_talk: Callable[[House], Coroutine[Any, Any, None]],
    folder: Path,
    *,
    connected: bool = True,
    profile: Profile = CIC_KO_2022,
) -> None:
    """Run a talk in a house, in virtual time."""

    async def whole() -> None:
        async with House(folder, profile=profile) as house:
            if connected:
                house.runner.connected()
                await house.quiet()
                house.cloud.came.clear()
            await house_talk(house)

    virtually(whole())
