"""The process that is a speaker: its face, its keys, and the signals that end it.

It knows settings and what runs with them; it must not know a command line, nor import what reads one.
"""

import sys

if __name__ == "__main__":
    # structlog takes rich, where it is installed, for tracebacks in colour: 4 MB that no speaker shows.
    sys.modules["rich"] = None  # type: ignore[assignment]

import asyncio
import signal
from collections.abc import Coroutine
from contextlib import nullcontext
from pathlib import Path
from typing import TextIO, cast

from bellwire.cli import logs
from bellwire.cli.face import Face
from bellwire.cli.failure import Failure, shown_in_one_line, tell
from bellwire.cli.keys import Word, words_from
from bellwire.cli.output import Unfailing, hint
from bellwire.cli.settings import Settings, settings_from
from bellwire.device.app import Speaker, run
from bellwire.device.config import Config
from bellwire.device.ringer.sounds import AssetError
from bellwire.device.storage import StorageError


def main(settings: Settings) -> int:
    """Run until it is told to end; gives the exit code."""
    sys.stdout = cast("TextIO", Unfailing(sys.stdout))
    logs.configure(brief=True)
    try:
        with shown_in_one_line(ValueError, AssetError, StorageError):
            asyncio.run(_run(_config(settings), Face(settings.cloud, as_json=settings.json)))
    except Failure as failure:
        return tell(str(failure))
    return 0


def _config(settings: Settings) -> Config:
    return Config(
        cloud=settings.cloud,
        access_token=settings.access_token,
        folder=Path(settings.folder),
        ca_file=Path(settings.ca) if settings.ca else None,
        output=settings.output,
        record=Path(settings.record) if settings.record else None,
    )


async def _run(config: Config, face: Face) -> None:
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
                hint("keys: s stop, d delete, q quit")
            await _either(quitting.wait(), speaker.ended())
    finally:
        await speaker.close()


def _obey(word: Word, speaker: Speaker, face: Face, quitting: asyncio.Event) -> None:
    if word == "stop":
        speaker.press_stop()
    elif word == "quit":
        quitting.set()
    elif face.meant is not None:
        speaker.press_delete(face.meant.token)


async def _either(*endings: Coroutine[None, None, object]) -> None:
    """Returns with the first; raises what that one raises."""
    tasks = [asyncio.ensure_future(ending) for ending in endings]
    done, others = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        task.cancel()
    for task in done:
        task.result()


if __name__ == "__main__":
    sys.exit(main(settings_from(int(sys.argv[1]))))
