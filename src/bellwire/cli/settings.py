"""What a command line says of a speaker, and how it reaches the process that is one (`speaker_process`).

To read a command line, and to pair with a cloud's database, takes 12 to 27 MB of code that a speaker on a small
board should not carry for months. So the process that has read them becomes the other one.
"""

import os
import sys
from typing import Literal, NoReturn

import msgspec


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How a speaker runs."""

    cloud: str
    access_token: str
    folder: str
    ca: str | None
    output: Literal["auto", "null"]
    record: str | None
    json: bool


def become_speaker(settings: Settings) -> NoReturn:
    """Be a speaker from now on; the process keeps its id and its terminal."""
    # Through a pipe, because arguments are seen by everybody; it holds 64 KB, and they are below one.
    reader, writer = os.pipe()
    os.write(writer, msgspec.json.encode(settings))
    os.close(writer)
    os.set_inheritable(reader, True)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-P", "-m", "bellwire.cli.speaker_process", str(reader)])  # noqa: S606


def settings_from(reader: int) -> Settings:
    """The settings that `become_speaker` handed over."""
    with os.fdopen(reader, "rb") as pipe:
        return msgspec.json.decode(pipe.read(), type=Settings)
