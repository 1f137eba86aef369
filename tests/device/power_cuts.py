"""Days of a speaker that are cut off by `kill -9`, once before each thing that its runner does.

A program of its own, for it forks: `python -m tests.device.power_cuts FOLDER`. Each run of a day is a process with a
folder of its own: real engine, runner, outbox and disk; the bell, the cloud and the clock do as the day says. What was
heard and taken before the end stands in the folder's journal, which a kill does not undo.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import msgspec

from bellwire.device import runner
from bellwire.device.inputs import DoNotDisturbPressed, LoggedOut, OtherAudio, StopPressed, VolumePressed
from bellwire.device.outbox import Outbox
from bellwire.device.storage import Storage
from bellwire.protocol.messages.alerts import (
    Asset,
    DeleteAlert,
    DeleteAlerts,
    SetAlert,
    SetVolume,
    StopAlert,
    tokens_of,
)
from bellwire.protocol.messages.system import SetEndpoint
from bellwire.protocol.profiles.clova import CIC_KO_2022
from bellwire.protocol.profiles.profile import Profile
from bellwire.protocol.profiles.tvs import TVS_2020
from tests.conversation import alarm, moment
from tests.device.house import Came, House
from tests.virtual_time import virtually

JOURNAL = "journal"


class Note(msgspec.Struct, omit_defaults=True):
    """Something that the world has seen, or the end."""

    what: str
    """`rings`, `muted`, `silent`, `took`, `settled` or `cut`."""
    of: str = ""
    """A token, a messageId, or what was about to be done."""
    event: str = ""
    about: tuple[str, ...] = ()
    """The tokens that a taken event has."""
    at: float = 0.0
    """Seconds after midnight."""


@dataclass(frozen=True)
class Day:
    profile: Profile
    live: Callable[[House], Awaitable[None]]
    forgets: bool = False
    """It ends with a log-out."""


def spoken(token: str, time: str) -> SetAlert:
    asset = Asset(asset_id="1", url=f"https://cloud.example/{token}")
    return SetAlert(
        token=token, type="REMINDER", scheduled_time=moment(time), label="tea", assets=(asset,), asset_play_order=("1",)
    )


async def _one_of_everything(house: House) -> None:
    house.runner.connected()
    await house.quiet()
    for message in (alarm("a", "00:01:00"), alarm("b", "00:01:00"), spoken("r", "00:02:00"), alarm("gone", "00:04:00")):
        house.told(message)
    await house.clock.until(moment("00:00:30"))
    house.told(DeleteAlert(token="gone", type="ALARM"))
    await house.clock.until(moment("00:01:05"))
    house.told(StopAlert(token="a", type="ALARM"))
    await house.clock.until(moment("00:01:10"))
    house.runner.happens(OtherAudio(in_front=True))
    house.runner.happens(OtherAudio(in_front=False))
    house.runner.happens(VolumePressed(40))
    house.runner.happens(StopPressed())
    await house.clock.until(moment("00:01:20"))
    house.runner.disconnected("it broke")
    house.runner.happens(DoNotDisturbPressed(is_on=True))
    await house.clock.until(moment("00:02:05"))
    house.runner.connected()
    await house.clock.until(moment("00:02:10"))
    house.told(DeleteAlert(token="r", type="REMINDER"))
    house.told(alarm("last", "00:02:40"))
    house.runner.told_time(house.clock.wall() + timedelta(seconds=20), of_another=True)
    await house.clock.until(moment("00:02:25"))
    house.runner.happens(StopPressed())
    await house.clock.until(moment("00:02:40"))


async def _another_version(house: House) -> None:
    house.cloud.script = [204, 400]
    house.runner.connected()
    await house.quiet()
    for message in (alarm("a", "00:01:00"), alarm("b", "00:01:00"), spoken("c", "00:03:00"), alarm("d", "00:02:00")):
        house.told(message)
    house.told(SetVolume(volume=30))
    await house.clock.until(moment("00:01:05"))
    house.runner.happens(StopPressed())
    await house.clock.until(moment("00:01:10"))
    house.runner.happens(OtherAudio(in_front=True))
    house.told(SetEndpoint(endpoint="https://other.example"))
    await house.quiet()
    house.told(DeleteAlerts(tokens=("b", "d")))
    await house.quiet()


async def _a_logout(house: House) -> None:
    house.runner.connected()
    house.told(spoken("a", "00:00:30"))
    house.told(spoken("b", "00:02:00"))
    await house.clock.until(moment("00:00:35"))
    house.runner.disconnected("it broke")
    house.runner.happens(LoggedOut())


DAYS: Mapping[str, Day] = {
    "one of everything": Day(CIC_KO_2022, _one_of_everything),
    "another version": Day(TVS_2020, _another_version),
    "a logout": Day(CIC_KO_2022, _a_logout, forgets=True),
}


class Watched(House):
    """A house whose runner is killed before it does its `last`-th thing."""

    def __init__(self, folder: Path, profile: Profile, last: int) -> None:
        super().__init__(folder, profile=profile)
        self.setup = replace(self.setup, firmware="8701")
        self._left = last
        self._journal = os.open(folder / JOURNAL, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.photographs = []
        self.cloud.came = _Taken(self)

    def photograph(self, moment: str) -> None:
        what, _, of = moment.partition(" ")
        if what != "sent":
            self.note(Note(what, of))

    def note(self, note: Note) -> None:
        seconds = (self.clock.wall() - moment("00:00:00")).total_seconds()
        os.write(self._journal, msgspec.json.encode(msgspec.structs.replace(note, at=seconds)) + b"\n")

    def about_to(self, do: str) -> None:
        self._left -= 1
        if self._left == 0:
            self.note(Note("cut", do))
            os.kill(os.getpid(), signal.SIGKILL)


class _Taken(list[Came]):
    def __init__(self, house: Watched) -> None:
        super().__init__()
        self._house = house

    def append(self, came: Came) -> None:
        super().append(came)
        self._house.note(Note("took", came.event.message_id, came.name, tokens_of(came.event.message)))
        self._house.about_to("hear what the cloud says to it")


def _watch(house: Watched) -> None:
    """Everything that the runner does to the world goes by `about_to`."""
    for table in (runner._ON_THE_BELL, runner._LATER, runner._AFTERWARDS):
        for output, perform in table.items():
            cast("dict[Any, Any]", table)[output] = _after(house, output.__name__, perform)
    put, keep, arrived = Outbox.put, Storage.keep, Storage.arrived

    def watched_put(outbox: Outbox, outgoing: Any) -> None:
        house.about_to("Send")
        put(outbox, outgoing)

    def watched_keep(storage: Storage, **what: Any) -> None:
        house.about_to("save")
        keep(storage, **what)

    def watched_arrived(storage: Storage, message_ids: list[str]) -> None:
        house.about_to("forget what has arrived")
        arrived(storage, message_ids)
        for message_id in message_ids:
            house.note(Note("settled", message_id))

    for owner, name, watched in (
        (Outbox, "put", watched_put),
        (Storage, "keep", watched_keep),
        (Storage, "arrived", watched_arrived),
    ):
        setattr(owner, name, watched)


def _after(house: Watched, name: str, perform: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    def watched(of: Any, output: Any) -> None:
        house.about_to(name)
        perform(of, output)

    return watched


async def _live(day: Day, folder: Path, last: int) -> None:
    house = Watched(folder, day.profile, last)
    _watch(house)
    async with house:
        await day.live(house)


def main(folder: Path) -> None:
    """For each day: a run that is cut before its first thing, its second, … and one that is not cut."""
    for name, day in DAYS.items():
        last, is_cut = 0, True
        while is_cut:
            last += 1
            run = folder / f"{name}-{last:03}"
            run.mkdir()
            child = os.fork()
            if child == 0:
                with contextlib.redirect_stdout(None):  # the log
                    virtually(_live(day, run, last))
                os._exit(0)
            _, status = os.waitpid(child, 0)
            is_cut = os.WIFSIGNALED(status)
            if not is_cut and status != 0:
                sys.exit(f"{run.name} ended with {status}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
