"""What a command line says of a speaker, and how it reaches the process that is one (`speaker_process`).

To read a command line, and to pair with a cloud's database or by a code, takes 12 to 27 MB of code that a speaker on a
small board should not carry for months. So the process that has done it becomes the other one; and a speaker whose
pairing is over becomes the one that pairs (`pairing_process`).
"""

import os
import sys
from typing import Literal, NoReturn

import msgspec

from bellwire.cli.output import finish

FRUGAL = {
    # What is free goes back to the system, from so many bytes on: what making the bells took is 3 MB, and every sound
    # that is decoded takes more.
    "MALLOC_TRIM_THRESHOLD_": "65536",
    # One heap for all threads, which never compete for it: 0.3 MB.
    "MALLOC_ARENA_MAX": "1",
}
"""What the C library is told about memory. One that does not know these variables leaves them alone."""

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
    has_face: bool = False
    """A terminal's face (`face_process`) reads its lines, has the messages on the wire among them, and outlives it."""
    must_pair: bool = False
    """It is to be paired by a code first."""
    log_out: bool = False
    """All of the account is to be deleted before it is paired anew."""


SPEAKER = "bellwire.cli.speaker_process"
PAIRING = "bellwire.cli.pairing_process"


def become_speaker(settings: Settings) -> NoReturn:
    """Be a speaker from now on; the process keeps its id and its terminal. Raises ModuleNotFoundError."""
    _needs_its_libraries()
    _become(SPEAKER, settings)


def become_pairing(settings: Settings) -> NoReturn:
    """Pair by a code from now on, and then be a speaker again. Raises ModuleNotFoundError."""
    _needs_its_libraries()
    _become(PAIRING, settings)


def become_face(settings: Settings) -> NoReturn:
    """Be the terminal's face of a speaker from now on, which is a process of its own."""
    _become("bellwire.cli.face_process", settings)


def _needs_its_libraries() -> None:
    """While there is still somebody to say in a line what is missing, and how to get it."""
    from importlib.util import find_spec

    if find_spec("h2") is None:
        raise ModuleNotFoundError("a speaker speaks HTTP/2", name="h2")


def _become(module: str, settings: Settings) -> NoReturn:
    reader = handed_over(settings)
    os.set_inheritable(reader, True)
    finish()
    os.environ.update(FRUGAL | os.environ)
    os.execv(sys.executable, command_of(module, reader))  # noqa: S606


def handed_over(settings: Settings) -> int:
    """A descriptor from which a process can read the settings; to be closed here when it was inherited.

    A pipe, because arguments are seen by everybody; it holds 64 KB, and they are below one.
    """
    reader, writer = os.pipe()
    os.write(writer, msgspec.json.encode(settings))
    os.close(writer)
    return reader


def command_of(module: str, reader: int) -> list[str]:
    """What runs a process of ours; -P: nothing that lies in the current folder may take the place of a module."""
    return [sys.executable, "-P", *_BRIEF, "-m", module, str(reader)]


def settings_from(reader: int) -> Settings:
    """The settings that the process before handed over."""
    with os.fdopen(reader, "rb") as pipe:
        return msgspec.json.decode(pipe.read(), type=Settings)
