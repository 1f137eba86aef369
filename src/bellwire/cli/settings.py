"""What a command line says of a speaker, and how it reaches the process that is one (`speaker_process`).

To read a command line, and to pair with a cloud's database or by a code, takes 12 to 27 MB of code that a speaker on a
small board should not carry for months. So the process that has done it becomes the other one; and a speaker whose
pairing is over becomes the one that pairs (`pairing_process`).
"""

import os
import sys
from typing import Literal, NoReturn

import msgspec

GIVEN_BACK = ("MALLOC_TRIM_THRESHOLD_", "65536")
"""Has the C library return memory that is free, from so many bytes on: what making the bells took is 3 MB, and every
sound that is decoded takes more. A library that does not know this variable leaves it alone."""


_BRIEF = ("-X", "no_debug_ranges")
"""Has Python forget in which columns of a line a mistake was: a sixth of a megabyte."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How a speaker runs."""

    cloud: str
    access_token: str | None
    """None: the tokens that a pairing by code left in the folder."""
    profile: str
    folder: str
    ca: str | None
    output: Literal["auto", "null"]
    record: str | None
    json: bool
    firmware_version: str | None = None
    """As the cloud is told; None: this program's own."""
    tags: tuple[str, ...] = ()
    """Words by which the cloud may tell it from others."""
    offline_grace: float | None = None
    """Seconds without a network until the account's data is deleted; None: it is kept."""
    cloud_folder: str | None = None
    """The cloud's data folder, when it is on this machine."""


def become_speaker(settings: Settings) -> NoReturn:
    """Be a speaker from now on; the process keeps its id and its terminal."""
    _become("bellwire.cli.speaker_process", settings)


def become_pairing(settings: Settings) -> NoReturn:
    """Pair by a code from now on, and then be a speaker again."""
    _become("bellwire.cli.pairing_process", settings)


def _become(module: str, settings: Settings) -> NoReturn:
    # Through a pipe, because arguments are seen by everybody; it holds 64 KB, and they are below one.
    reader, writer = os.pipe()
    os.write(writer, msgspec.json.encode(settings))
    os.close(writer)
    os.set_inheritable(reader, True)
    sys.stdout.flush()
    os.environ.setdefault(*GIVEN_BACK)
    os.execv(sys.executable, [sys.executable, "-P", *_BRIEF, "-m", module, str(reader)])  # noqa: S606


def settings_from(reader: int) -> Settings:
    """The settings that the process before handed over."""
    with os.fdopen(reader, "rb") as pipe:
        return msgspec.json.decode(pipe.read(), type=Settings)
