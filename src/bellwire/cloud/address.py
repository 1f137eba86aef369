"""Where the cloud of a data folder answers, so that commands on the same machine need no flags.

It knows the lock and the address file in the folder; it must not know what runs there.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep

import msgspec

_LOCK = "cloud.lock"
_ADDRESS = "cloud.json"
_TRIES = 10
_BETWEEN_TRIES = 0.01
"""Seconds. Who looks whether a cloud runs shares the lock for less than that."""


class FolderError(RuntimeError):
    """What should be the data folder can't be one."""


class AlreadyRunningError(RuntimeError):
    """Another cloud has this data folder."""


class NotRunningError(RuntimeError):
    """No cloud runs on this data folder."""


class Address(msgspec.Struct, frozen=True):
    """How to reach a running cloud."""

    url: str
    pid: int


@contextmanager
def holding(folder: Path) -> Iterator[None]:
    """Have the folder to oneself; made where it is missing. The lock goes with the process, however that ends.

    Raises FolderError, AlreadyRunningError. Waits up to 0.1 s for those who look whether a cloud runs.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise FolderError(
            f"{folder} cannot be the cloud's data folder ({error.strerror}); mend that, or name another with --data"
        ) from error
    try:
        if not any(_has_locked(descriptor) for _ in range(_TRIES)):
            raise AlreadyRunningError(
                f"another cloud runs on {folder}; stop it, or give this one its own folder with --data"
            )
        (folder / _ADDRESS).unlink(missing_ok=True)  # of a cloud that was killed
        yield
        (folder / _ADDRESS).unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _has_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sleep(_BETWEEN_TRIES)
        return False
    return True


def announce(folder: Path, url: str) -> None:
    """Say that the cloud of this folder answers at `url`."""
    temporary = folder / f"{_ADDRESS}.new"
    temporary.write_bytes(msgspec.json.encode(Address(url, os.getpid())))
    temporary.replace(folder / _ADDRESS)


def address_of(folder: Path) -> Address:
    """Where the cloud of this folder answers. Raises NotRunningError, also when it ended without saying so."""
    try:
        address = msgspec.json.decode((folder / _ADDRESS).read_bytes(), type=Address)
        running = _is_held(folder)
    except (FileNotFoundError, msgspec.DecodeError):
        running = False
    if not running:
        raise NotRunningError(f"no cloud runs on {folder}; start one with: bellwire cloud --data {folder}")
    return address


def _is_held(folder: Path) -> bool:
    descriptor = os.open(folder / _LOCK, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
