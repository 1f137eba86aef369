"""The process that is a speaker: its face, its keys, and the signals that end it.

It knows settings and what runs with them; it must not know a command line, nor import what reads one.
"""

import sys

if __name__ == "__main__":
    from bellwire.cli.unburdened import unburden

    unburden()

import asyncio
import signal
from collections.abc import Callable, Coroutine, Mapping
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, TextIO, cast

import structlog
from msgspec.structs import replace

from bellwire.cli import logs
from bellwire.cli.face import Face
from bellwire.cli.failure import Failure, shown_in_one_line, tell
from bellwire.cli.keys import Wish, Word, words_from
from bellwire.cli.output import Unwaiting, finish, hint
from bellwire.cli.settings import Settings, become_pairing, settings_from
from bellwire.device.app import Speaker
from bellwire.device.config import Config
from bellwire.device.hardware import Button
from bellwire.device.laptop import Laptop, this_product
from bellwire.device.ringer.sounds import AssetError
from bellwire.device.storage import StorageError

log = structlog.get_logger()

KEYS = (
    "keys: s stop, z snooze, d delete, m mute, + louder, - softer, n do not disturb, u unplug, t talk, h hush, q quit"
)

Ending = Literal["quit", "log-out", "unpaired"]
"""Why a speaker is over: somebody wants to leave it, or its account, or the cloud has ended its pairing."""


def main(settings: Settings) -> int:
    """Run until it is told to end; gives the exit code."""
    sys.stdout = cast("TextIO", Unwaiting(sys.stdout, on_gap=_behind))
    sys.stderr = cast("TextIO", Unwaiting(sys.stderr))
    logs.configure(brief=True)
    # asyncio's own handler would be described, with all that takes (0.6 MB), when `_run` puts another in its place.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        with shown_in_one_line(ValueError, AssetError, StorageError):
            ending = asyncio.run(_run(settings))
    except Failure as failure:
        status = tell(str(failure))
        finish()
        return status
    if ending == "log-out":
        become_pairing(replace(settings, access_token=None, log_out=True))
    if ending == "unpaired":
        become_pairing(settings)
    finish()
    return 0


def _behind() -> None:
    log.warning("lines are left out: whoever reads them is too far behind")


def config_of(settings: Settings) -> Config:
    """The speaker that is meant. Raises ValueError for a setting that can't be."""
    return Config(
        cloud=settings.cloud,
        access_token=settings.access_token,
        profile=settings.profile,
        folder=Path(settings.folder),
        ca_file=Path(settings.ca) if settings.ca else None,
        offline_grace=None if settings.offline_grace is None else timedelta(seconds=settings.offline_grace),
    )


def hardware_of(settings: Settings) -> Laptop:
    """What it is built of. Raises ValueError for a setting that can't be."""
    return Laptop(
        output=settings.output,
        record=Path(settings.record) if settings.record else None,
        product=this_product(settings.tags),
        firmware_version=settings.firmware_version,
    )


async def _run(settings: Settings) -> Ending:
    """Until it is told to end, or has nobody's account any more: then it is to be paired anew."""
    face = Face(
        settings.cloud,
        as_json=settings.json,
        keeps_offline=settings.offline_grace is None,
        shows_messages=settings.has_face,
    )
    speaker = Speaker(config_of(settings), hardware_of(settings), face)
    desk = Desk(speaker, face)
    async with speaker:
        return await desk.until_over(at_end="quit" if settings.has_face else None)


class Desk:
    """Where somebody sits who uses the speaker: has keys and words obeyed, and ends it, from its making on."""

    def __init__(self, speaker: Speaker, face: Face) -> None:
        self._speaker = speaker
        self._face = face
        self._ending: Ending = "quit"
        self._over = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._end, "quit")

    async def until_over(self, *, at_end: Word | None) -> Ending:
        """Obeys until it is to end; `at_end` is what the end of the input says."""
        loop = asyncio.get_running_loop()

        def heard(wish: Wish) -> None:
            loop.call_soon_threadsafe(self._obey, wish)

        with words_from(sys.stdin.fileno(), heard, at_end=at_end) if sys.stdin else nullcontext() as by_key:
            if by_key:
                hint(KEYS)
            await either(self._over.wait(), self._speaker.ended(), self._speaker.logged_out.wait())
        return self._ending if self._over.is_set() else "unpaired"

    def _end(self, ending: Ending) -> None:
        self._ending = ending
        self._over.set()

    def _obey(self, wish: Wish) -> None:
        if wish.word in _BUTTONS:
            self._speaker.press(_BUTTONS[wish.word])
        else:
            _WORDS[wish.word](self, wish)

    def _delete(self, wish: Wish) -> None:
        if not self._speaker.can_delete:
            self._face.can_not_delete()
        self._speaker.press_delete(wish.token or None)

    def _talk(self, _wish: Wish) -> None:
        self._speaker.user_active()
        self._speaker.other_audio_began()
        self._face.talks()

    def _hush(self, _wish: Wish) -> None:
        self._speaker.other_audio_ended()
        self._face.is_silent()

    def _unplug(self, _wish: Wish) -> None:
        if self._speaker.is_plugged:
            self._speaker.unplug()
        else:
            self._speaker.plug()
        self._face.plugged(self._speaker.is_plugged)


_BUTTONS: Mapping[Word, Button] = {
    "stop": Button.STOP,
    "snooze": Button.SNOOZE,
    "louder": Button.LOUDER,
    "softer": Button.SOFTER,
    "mute": Button.MUTE,
    "do-not-disturb": Button.DO_NOT_DISTURB,
}

_WORDS: Mapping[Word, Callable[[Desk, Wish], None]] = {
    "delete": Desk._delete,
    "talk": Desk._talk,
    "hush": Desk._hush,
    "unplug": Desk._unplug,
    "log-out": lambda desk, _: desk._end("log-out"),
    "quit": lambda desk, _: desk._end("quit"),
}


async def either(*endings: Coroutine[None, None, object] | asyncio.Task[Any]) -> None:
    """Returns with the first; raises what that one raises."""
    tasks = [asyncio.ensure_future(ending) for ending in endings]
    done, others = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        task.cancel()
    for task in done:
        task.result()


if __name__ == "__main__":
    sys.exit(main(settings_from(int(sys.argv[1]))))
