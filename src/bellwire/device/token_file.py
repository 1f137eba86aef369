"""The tokens of a speaker that was paired by code, on its disk.

It knows one file, and how to replace it so that a power cut leaves the old one or the new one, whole; it must not know
when tokens are renewed.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from bellwire.device.grant import UNREADABLE
from bellwire.device.storage import StorageError

NAME = "tokens.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """A cloud, and the right to speak to it for some time."""

    url: str
    profile: str
    """The version of the protocol that the tokens are for."""
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    issued_at: datetime
    """UTC, by the clock of this machine, which may have been wrong."""
    lifetime: float
    """Seconds that the access token lives."""
    device_id: str = ""
    ca: str | None = None
    """The authority of the cloud's certificate; None: the system's."""
    cloud: str | None = None
    """The cloud's data folder, when it is on this machine: there its present port can be found."""

    def left(self, now: datetime) -> float:
        """Seconds that the access token lives yet, as far as the clock of this machine can tell."""
        age = (now - self.issued_at).total_seconds()
        return max(0.0, self.lifetime - max(0.0, age))


class TokenFile:
    """`tokens.json` in a speaker's data folder. Every method raises StorageError."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._unfinished = self.path.with_suffix(".new")

    def read(self) -> Tokens | None:
        """What was written last; None: this speaker is not paired by code."""
        with self._errors_named():
            try:
                return msgspec.json.decode(self.path.read_bytes(), type=Tokens)
            except FileNotFoundError:
                return None
            except UNREADABLE as error:
                problem = f"{self.path} is damaged ({error}); delete it, and the speaker pairs anew"
                raise StorageError(problem) from error

    def write(self, tokens: Tokens) -> None:
        """When it returns the tokens are on the disk; when it raises, those that were there still are."""
        with self._errors_named():
            for _ in self.writing(tokens):
                pass

    def writing(self, tokens: Tokens) -> Iterator[None]:
        """The same, step by step. Raises OSError."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        descriptor = os.open(self._unfinished, flags, 0o600)
        try:
            os.fchmod(descriptor, 0o600)
            yield
            rest = memoryview(msgspec.json.encode(tokens))
            while rest:
                rest = rest[os.write(descriptor, rest) :]
                yield
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        yield
        self._unfinished.replace(self.path)
        yield
        self._sync_folder()

    def delete(self) -> None:
        """The speaker is not paired any more."""
        with self._errors_named():
            self._unfinished.unlink(missing_ok=True)
            if self.path.exists():
                self.path.unlink()
                self._sync_folder()

    def _sync_folder(self) -> None:
        descriptor = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    @contextmanager
    def _errors_named(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageError(f"{self.path} can't be used: {error.strerror}") from error
