"""The process that is a speaker: its face, its keys, and the signals that end it.

It knows settings and what runs with them; it must not know a command line, nor import what reads one.
"""

import sys
from types import ModuleType

if __name__ == "__main__":
    # structlog takes rich, where it is installed, for tracebacks in colour: 4 MB that no speaker shows.
    sys.modules["rich"] = None  # type: ignore[assignment]
    # miniaudio takes these for its internet radio: 2 MB that no speaker plays, for sounds are fetched by our own code.
    sys.modules |= {unused: ModuleType(unused) for unused in ("html", "urllib.request")}

import asyncio
import signal
from collections.abc import Callable, Coroutine, Mapping
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any, TextIO, cast

from bellwire.cli import logs
from bellwire.cli.face import Face
from bellwire.cli.failure import Failure, shown_in_one_line, tell
from bellwire.cli.keys import Word, words_from
from bellwire.cli.output import Unfailing, hint
from bellwire.cli.settings import Settings, become_pairing, settings_from
from bellwire.device.app import Speaker, run
from bellwire.device.config import Config, default_firmware_version, this_product
from bellwire.device.ringer.sounds import AssetError
from bellwire.device.storage import StorageError

VOLUME_STEP = 10
"""What a press of louder or softer changes, of 100."""


def main(settings: Settings) -> int:
    """Run until it is told to end; gives the exit code."""
    sys.stdout = cast("TextIO", Unfailing(sys.stdout))
    logs.configure(brief=True)
    try:
        with shown_in_one_line(ValueError, AssetError, StorageError):
            face = Face(settings.cloud, as_json=settings.json, keeps_offline=settings.offline_grace is None)
            is_unpaired = asyncio.run(_run(config_of(settings), face))
    except Failure as failure:
        return tell(str(failure))
    if is_unpaired:
        become_pairing(settings)
    return 0


def config_of(settings: Settings) -> Config:
    """The speaker that is meant. Raises ValueError for a setting that can't be."""
    return Config(
        cloud=settings.cloud,
        access_token=settings.access_token,
        profile=settings.profile,
        folder=Path(settings.folder),
        ca_file=Path(settings.ca) if settings.ca else None,
        output=settings.output,
        record=Path(settings.record) if settings.record else None,
        firmware_version=settings.firmware_version or default_firmware_version(),
        product=this_product(settings.tags),
        offline_grace=None if settings.offline_grace is None else timedelta(seconds=settings.offline_grace),
    )


async def _run(config: Config, face: Face) -> bool:
    """Until it is told to end, or has nobody's account any more: then it is to be paired anew."""
    loop = asyncio.get_running_loop()
    quitting = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, quitting.set)
    speaker = await run(config, face)

    def heard(word: Word) -> None:
        loop.call_soon_threadsafe(_obey, word, speaker, face, quitting)

    try:
        with words_from(sys.stdin.fileno(), heard) if sys.stdin else nullcontext() as by_key:
            if by_key:
                hint("keys: s stop, z snooze, d delete, + louder, - softer, t talk, h hush, q quit")
            await either(quitting.wait(), speaker.ended(), speaker.logged_out.wait())
        return speaker.logged_out.is_set() and not quitting.is_set()
    finally:
        await speaker.close()


def _obey(word: Word, speaker: Speaker, face: Face, quitting: asyncio.Event) -> None:
    if word == "quit":
        quitting.set()
    else:
        _PRESSED[word](speaker, face)


def _delete(speaker: Speaker, face: Face) -> None:
    if not speaker.can_delete:
        face.can_not_delete()
    if face.meant is not None:
        speaker.press_delete(face.meant.token)


def _talk(speaker: Speaker, face: Face) -> None:
    speaker.user_active()
    speaker.other_audio_began()
    face.talks()


def _hush(speaker: Speaker, face: Face) -> None:
    speaker.other_audio_ended()
    face.is_silent()


_PRESSED: Mapping[Word, Callable[[Speaker, Face], None]] = {
    "stop": lambda speaker, _: speaker.press_stop(),
    "snooze": lambda speaker, _: speaker.press_snooze(),
    "delete": _delete,
    "louder": lambda speaker, _: speaker.set_alert_volume(speaker.alert_volume + VOLUME_STEP),
    "softer": lambda speaker, _: speaker.set_alert_volume(speaker.alert_volume - VOLUME_STEP),
    "talk": _talk,
    "hush": _hush,
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
