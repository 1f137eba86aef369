"""Keeps fetched sounds on the disk, as they came: each content once, however many urls lead to it.

It knows files, their sizes and how long they are fresh; it must not know alerts, rings or how a file is fetched.

Beside the files, which are called by the SHA-256 of what is in them, lies a note for each url, called by that of the
url. What is needed stays; of the rest, what was not used for longest goes when there is need of room.
"""

import asyncio
import hashlib
import os
import ssl
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar
from uuid import uuid4

import msgspec
import structlog

from bellwire.device.cable import UNPLUGGED, Cable
from bellwire.device.reach import parse_url
from bellwire.device.ringer.clip import Clip
from bellwire.device.ringer.decoding import clip_of, examine
from bellwire.device.ringer.download import Downloader, Limits
from bellwire.device.ringer.sounds import AssetError

log = structlog.get_logger()

MAX_DISK = 64 * 1024 * 1024
"""Bytes of all files together."""

LEFT_FREE = 4 * 1024 * 1024
"""Bytes of the disk that no sound may take: alerts, and what the cloud must hear of them, need some."""

LEAST_FRESH = 6 * 3600.0
"""Seconds in which a file that came is not asked for again, however short its server says that it is fresh."""

EARLY = 1200.0
"""Seconds before the end of its freshness at which a file is asked for again."""

_NEXT_TRY = 3600.0
"""Seconds until a file is asked for again that was not given anew."""

_AT_ONCE = 4
_UNFINISHED = ".part"
_NOTE = ".json"


class Note(msgspec.Struct, frozen=True):
    """What is known of the file to which a url leads."""

    content: str
    """SHA-256 in hexadecimal digits: its name."""
    size: int
    """Bytes."""
    frames: int
    """How long it is heard, at 48 kHz."""
    fresh_until: float | None
    """Until then its server has no other, as seconds since 1970; None: it did not say."""


class AssetCache:
    """The assets of this speaker. All methods are called on the event loop."""

    def __init__(
        self,
        folder: Path,
        *,
        trusted_origin: str | None = None,
        trust: Callable[[], ssl.SSLContext] | None = None,
        limits: Limits | None = None,
        cable: Cable | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """`folder` is made when it is missing, and holds nothing else.

        `trusted_origin` is that of the cloud that a person has set, such as ``https://localhost:8443``: it may be on
        this machine or link, and its certificate is checked with what `trust` makes. `wall` gives seconds since 1970.
        Raises OSError, ValueError when the origin is malformed.
        """
        self._folder = folder
        self._downloader = Downloader(trusted_origin, trust, limits or Limits())
        self._cable = cable or Cable()
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._wall = wall
        self._needed: dict[str, Note | None] = {}
        """By url, with what is known of their files."""
        self._total: int | None = None
        """Bytes on the disk, at most; None: nobody has counted yet."""
        # Not the loop's own threads: those may all wait for servers while something is to ring.
        self._reading = ThreadPoolExecutor(1, "assets")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for unfinished in folder.glob("*" + _UNFINISHED):
            unfinished.unlink()

    def close(self) -> None:
        """Ends its thread. A second call does nothing."""
        self._reading.shutdown(wait=False, cancel_futures=True)

    async def fetch(self, url: str) -> None:
        """Has `url` on the disk, whole and fresh, and keeps it until `forget`.

        What its server does not give anew stays as it is. Raises AssetError with one sentence on why there is none.
        """
        self._needed.setdefault(url, None)
        note = await asyncio.to_thread(self._note, url)
        if note is None or not self._is_fresh(note):
            async with self._gate:
                note = await self._renewed(url, note)
        if url in self._needed:
            self._needed[url] = note

    async def clip(self, url: str) -> Clip | None:
        """The sound of `url`, ready to be played; None: it is not on the disk, or can't be read."""
        return await asyncio.get_running_loop().run_in_executor(self._reading, self._clip, url)

    async def outdated(self) -> list[str]:
        """What is needed, was there and is lost or damaged, or will soon be fresh no longer: `fetch` mends it."""
        needed = [url for url, note in self._needed.items() if note]
        return await asyncio.to_thread(self._outdated, needed)

    def forget(self, urls: Iterable[str]) -> None:
        """They are not needed any more, and go when there is need of room."""
        for url in urls:
            self._needed.pop(url, None)

    def forget_all(self) -> None:
        """Deletes all, also what an earlier run has left. A file that the disk does not let go is logged."""
        self._needed.clear()
        for file in self._folder.iterdir():
            try:
                file.unlink(missing_ok=True)
            except OSError as error:
                log.warning("asset not deleted", file=file.name, reason=error.strerror)

    def trust(self, origins: Iterable[str]) -> None:
        """The certificates of these are checked as that of `trusted_origin` from now on, and of no others.

        They may be on this machine or link only if that one is there too. Raises ValueError when one is malformed.
        """
        self._downloader.trust(origins)

    # Fetching, on the loop.

    async def _renewed(self, url: str, old: Note | None) -> Note:
        try:
            return await self._downloaded(url)
        except AssetError as error:
            if old is None:
                raise
            log.info("asset kept as it was", place=parse_url(url).place, reason=str(error))
            note = msgspec.structs.replace(old, fresh_until=self._wall() + _NEXT_TRY)
            with suppress(OSError):  # what can't be noted is asked for again sooner
                self._write_note(url, note)
            return note

    async def _downloaded(self, url: str) -> Note:
        if not self._cable.is_plugged:
            raise AssetError(UNPLUGGED)
        part = self._folder / (uuid4().hex + _UNFINISHED)
        try:
            with part.open("xb") as file:
                received = await self._downloader.fetch(url, file)
                fresh = None if received.fresh is None else self._wall() + max(received.fresh, LEAST_FRESH)
                note = await _to_its_end(partial(_examined, file, part, url, received.length, fresh))
            await asyncio.to_thread(self._make_room, self._kept_for(url, note))
            self._check_room(url, note)
            # Here and not in a thread: a `forget_all` comes before both files have their names, or after.
            part.rename(self._folder / note.content)
            self._write_note(url, note)
            await asyncio.to_thread(self._trim, self._kept_for(url, note), note.size)
        except OSError as error:
            raise AssetError(f"it cannot be kept in {self._folder}: {error.strerror}") from error
        finally:
            with suppress(OSError):  # what can't be deleted goes with the next start
                part.unlink(missing_ok=True)
        return note

    def _check_room(self, url: str, note: Note) -> None:
        sizes = {other.content: other.size for key, other in self._needed.items() if other and key != url}
        taken = sum(sizes.values())
        if note.content not in sizes and taken + note.size > MAX_DISK:
            raise AssetError(
                f"there is no room for its {note.size} bytes: the sounds of other alerts take {taken} of {MAX_DISK}"
            )
        if free_bytes(self._folder) < LEFT_FREE:
            raise AssetError(
                f"there is no room for its {note.size} bytes: the last {LEFT_FREE} of the disk are for alerts"
            )

    def _kept_for(self, url: str, note: Note) -> set[str]:
        """The names of all files that must stay."""
        needed = self._needed | {url: note}
        return {name for key, each in needed.items() if each for name in (each.content, _name_of(key))}

    # What lies on the disk.

    def _write_note(self, url: str, note: Note) -> None:
        file = self._folder / _name_of(url)
        written = file.with_suffix(_UNFINISHED)
        written.write_bytes(msgspec.json.encode(note))
        written.rename(file)

    def _note(self, url: str) -> Note | None:
        """What is known of a url whose file is there, and as long as it was."""
        try:
            note = msgspec.json.decode((self._folder / _name_of(url)).read_bytes(), type=Note)
            is_whole = (self._folder / note.content).stat().st_size == note.size
        except (OSError, msgspec.DecodeError):
            return None
        return note if is_whole else None

    def _is_fresh(self, note: Note) -> bool:
        return note.fresh_until is None or note.fresh_until > self._wall() + EARLY

    def _clip(self, url: str) -> Clip | None:
        note = self._note(url)
        if note is None:
            return None
        file = self._folder / note.content
        try:
            for used in (file, self._folder / _name_of(url)):
                os.utime(used)
            return clip_of(file, note.frames)
        except (AssetError, OSError) as error:
            log.warning("kept asset is damaged and fetched again", file=file.name, reason=str(error))
            with suppress(OSError):
                (self._folder / _name_of(url)).unlink()
            return None

    def _outdated(self, urls: list[str]) -> list[str]:
        notes = ((url, self._note(url)) for url in urls)
        return [url for url, note in notes if note is None or not self._is_fresh(note)]

    def _trim(self, kept: set[str], added: int) -> None:
        if self._total is not None:
            self._total += added
        if self._total is None or self._total > MAX_DISK:
            self._total = self._trimmed(kept)

    def _make_room(self, kept: set[str]) -> None:
        if free_bytes(self._folder) < LEFT_FREE:
            self._total = self._trimmed(kept)

    def _trimmed(self, kept: set[str]) -> int:
        by_age = []
        for file in self._folder.iterdir():
            # Another fetch may have given it its name, or `forget_all` have taken it, a moment ago.
            with suppress(FileNotFoundError):
                by_age.append((file.stat().st_mtime_ns, file.stat().st_size, file))
        total = sum(size for _, size, _ in by_age)
        room = min(MAX_DISK, total + free_bytes(self._folder) - LEFT_FREE)
        for _, size, file in sorted(by_age):
            if total > room and file.name not in kept and file.suffix != _UNFINISHED:
                file.unlink(missing_ok=True)
                total -= size
        return total


def free_bytes(folder: Path) -> int:
    """What is free on the disk of a folder, for this program."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def _name_of(url: str) -> str:
    """Of the note."""
    return hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest() + _NOTE


T = TypeVar("T")


async def _to_its_end(work: Callable[[], T]) -> T:
    """What a thread gives; who is cancelled waits for it, so that it writes and reads nothing any more."""
    working = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        with suppress(AssetError, OSError):
            await working
        raise


def _examined(file: BinaryIO, path: Path, url: str, size: int, fresh_until: float | None) -> Note:
    """What is to be noted of a file that is on the disk after that, also when the power goes."""
    file.flush()
    os.fsync(file.fileno())
    try:
        frames = examine(path).frames
    except AssetError as error:
        raise AssetError(f"the file from {parse_url(url).place} cannot be rung: {error}") from error
    with path.open("rb") as content:
        return Note(hashlib.file_digest(content, "sha256").hexdigest(), size, frames, fresh_until)
