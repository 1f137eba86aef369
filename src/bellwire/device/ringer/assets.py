"""Keeps fetched sounds: on disk as they came, in memory ready to play.

It knows files and their sizes; it must not know alerts, rings or how a file is fetched and decoded.
"""

import asyncio
import hashlib
import os
import ssl
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

import structlog

from bellwire.device.cable import UNPLUGGED, Cable
from bellwire.device.reach import parse_url
from bellwire.device.ringer.decoding import decode
from bellwire.device.ringer.download import Downloader, Limits
from bellwire.device.ringer.sounds import AssetError

log = structlog.get_logger()

MAX_DISK = 64 * 1024 * 1024
"""Bytes of all files together; the oldest go first."""

MAX_MEMORY = 32 * 1024 * 1024
"""Bytes of PCM: five and a half minutes, so that the longest asset fits."""

_AT_ONCE = 4
_UNFINISHED = ".part"


class AssetCache:
    """The assets of this speaker. All methods are called on the event loop; `clip` from any thread."""

    def __init__(
        self,
        folder: Path,
        *,
        trusted_origin: str | None = None,
        trusted_context: ssl.SSLContext | None = None,
        limits: Limits | None = None,
        cable: Cable | None = None,
    ) -> None:
        """`folder` is made when it is missing, and holds nothing else.

        `trusted_origin` is that of the cloud that a person has set, such as ``https://localhost:8443``: it may be on
        this machine or link, and its certificate is checked with `trusted_context`. Raises OSError, ValueError when
        the origin is malformed.
        """
        self._folder = folder
        self._downloader = Downloader(trusted_origin, trusted_context, limits or Limits())
        self._cable = cable or Cable()
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._decoded: dict[str, bytes] = {}
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for unfinished in folder.glob("*" + _UNFINISHED):
            unfinished.unlink()

    async def fetch(self, url: str) -> None:
        """Makes `url` ready to play: from memory, from disk, or from its server.

        Raises AssetError with one sentence on why it cannot be had.
        """
        pcm = self._decoded.get(url) or await asyncio.to_thread(self._load, url)
        if pcm is None:
            async with self._gate:
                pcm = await self._download(url)
        self._keep(url, pcm)

    def clip(self, url: str) -> bytes | None:
        """The PCM of `url`, or None when it is not ready. Only looks, so that the sound card's thread never waits."""
        return self._decoded.get(url)

    def forget(self, urls: Iterable[str]) -> None:
        """Drops them from memory and disk; those that are not there are passed over.

        A file that the disk does not let go is logged: it goes when there is need of room.
        """
        for url in urls:
            self._decoded.pop(url, None)
            try:
                self._path(url).unlink(missing_ok=True)
            except OSError as error:
                log.warning("asset not deleted", file=self._path(url).name, reason=error.strerror)

    def forget_all(self) -> None:
        """Drops all from memory and disk, also what an earlier run has left; logs as `forget`."""
        self._decoded.clear()
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

    async def _download(self, url: str) -> bytes:
        if not self._cable.is_plugged:
            raise AssetError(UNPLUGGED)
        body = await self._downloader.fetch(url)
        try:
            pcm = await asyncio.to_thread(decode, body)
        except AssetError as error:
            raise AssetError(f"the file from {parse_url(url).place} cannot be rung: {error}") from error
        try:
            written = await self._written(body)
            # Renamed here: a fetch that is cancelled while its thread still writes leaves nothing to be found.
            written.rename(self._path(url))
            await asyncio.to_thread(self._trim)
        except OSError as error:
            raise AssetError(f"it cannot be kept in {self._folder}: {error.strerror}") from error
        return pcm

    async def _written(self, body: bytes) -> Path:
        """A fetch that is cancelled waits for its thread, which goes on, perhaps beyond a `forget_all`."""
        writing = asyncio.get_running_loop().run_in_executor(None, self._write, body)
        try:
            return await asyncio.shield(writing)
        except asyncio.CancelledError:
            with suppress(OSError):  # what can't be deleted goes with the next start
                (await writing).unlink(missing_ok=True)
            raise

    def _path(self, url: str) -> Path:
        return self._folder / hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()

    def _keep(self, url: str, pcm: bytes) -> None:
        self._decoded.pop(url, None)
        self._decoded[url] = pcm
        while sum(map(len, self._decoded.values())) > MAX_MEMORY:
            del self._decoded[next(iter(self._decoded))]

    def _load(self, url: str) -> bytes | None:
        path = self._path(url)
        try:
            pcm = decode(path.read_bytes())
            os.utime(path)
        except FileNotFoundError:
            return None
        except (AssetError, OSError) as error:
            log.warning("kept asset is damaged and fetched again", file=path.name, reason=str(error))
            return None
        return pcm

    def _write(self, body: bytes) -> Path:
        """A file without its final name, whole even after a power cut."""
        with NamedTemporaryFile(dir=self._folder, suffix=_UNFINISHED, delete=False) as file:
            try:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                Path(file.name).unlink()
                raise
        return Path(file.name)

    def _trim(self) -> None:
        by_age = []
        for file in self._folder.iterdir():
            # Another fetch may have given it its name, or `forget` have taken it, a moment ago.
            with suppress(FileNotFoundError):
                by_age.append((file.stat().st_mtime_ns, file.stat().st_size, file))
        total = sum(size for _, size, _ in by_age)
        for _, size, file in sorted(by_age):
            if total <= MAX_DISK:
                return
            file.unlink(missing_ok=True)
            total -= size
