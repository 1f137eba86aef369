"""Rings: joins the mixer, the assets and the sound card, and tells the event loop what came of it.

It knows tokens, sounds and callbacks; it must not know when or why an alert rings.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

import structlog

from bellwire.device.ringer.assets import AssetCache
from bellwire.device.ringer.mixer import Mixer, Report, Ring
from bellwire.device.ringer.playback import Output, Playback
from bellwire.device.ringer.sounds import KINDS, RATE, Asset, AssetError, Source, bell, clips_of, pcm_of

log = structlog.get_logger()

MAX_FETCHES = 1000
"""Fetches that wait or run; the rest fail at once."""


class Ringer:
    """The speaker's sound. All methods and callbacks are called on the event loop."""

    def __init__(
        self,
        assets: AssetCache,
        *,
        output: Output,
        record: Path | None = None,
        volume: float = 1.0,
        on_sounding: Callable[[str, float], object],
        on_ended: Callable[[str], object],
        on_fetched: Callable[[str], object],
        on_failed: Callable[[str, str], object],
    ) -> None:
        """Opens the sound card; `output` "null" plays into nothing.

        `on_sounding(token, time)`: the first sound of this ring went to the card at that time.monotonic().
        `on_ended(token)`: its rounds are over; not called for a ring that is stopped.
        `on_fetched(url)`, `on_failed(url, reason)`: what came of `prepare`; the reason is one sentence.
        """
        self._assets = assets
        self._mixer = Mixer(volume=volume)
        self._playback = Playback(self._read, output=output, record=record)
        self._on_sounding = on_sounding
        self._on_ended = on_ended
        self._on_fetched = on_fetched
        self._on_failed = on_failed
        self._ringing: Ring | None = None
        self._fetches: dict[str, asyncio.Task[None]] = {}

    def start(self) -> None:
        """Starts the sound card, silent. The bells are made now so that none is late at its hour."""
        self._loop = asyncio.get_running_loop()
        for kind in KINDS:
            bell(kind)
        self._playback.start()

    async def close(self) -> None:
        """Ends all sound and all fetches."""
        self._playback.close()
        fetches = list(self._fetches.values())
        for fetch in fetches:
            fetch.cancel()
        await asyncio.gather(*fetches, return_exceptions=True)

    def ring(
        self,
        token: str,
        kind: str,
        sources: tuple[Source, ...],
        *,
        rounds: int | None = None,
        pause: timedelta = timedelta(),
        behind: Source | None = None,
        ramp: timedelta = timedelta(),
    ) -> None:
        """Begins at once, again and again until it is stopped, or `rounds` times with a `pause` between two.

        A ring before it ends. Assets that are not ready are sought now and heard from the round after they come. A
        round of which nothing is there is the bell of `kind`. `behind` is heard instead while the ringer is behind
        something else; where it is not there, the round itself, softly.
        """
        self._ringing = Ring(
            token,
            lambda: clips_of(sources, kind, self._assets.clip),
            rounds,
            round(pause.total_seconds() * RATE),
            lambda: self._behind(behind),
        )
        self._mixer.play(self._ringing)
        urls = dict.fromkeys(source.url for source in (*sources, behind) if isinstance(source, Asset))
        self.prepare(url for url in urls if self._assets.clip(url) is None)

    def mute(self, token: str) -> None:
        """Silences the ring at once, until it is stopped or another begins; another token changes nothing."""
        if self._ringing is not None and token == self._ringing.token:
            self._mixer.mute()

    def stop(self, token: str) -> None:
        """Ends the ring; another token changes nothing."""
        if self._ringing is not None and token == self._ringing.token:
            self._mixer.stop()

    @property
    def volume(self) -> float:
        """0 to 1."""
        return self._mixer.volume

    @volume.setter
    def volume(self, value: float) -> None:
        """Raises ValueError outside 0 to 1."""
        self._mixer.volume = value

    @property
    def behind(self) -> bool:
        """Whether what rings is heard behind something else."""
        return self._mixer.behind

    @behind.setter
    def behind(self, value: bool) -> None:
        self._mixer.behind = value

    def prepare(self, urls: Iterable[str]) -> None:
        """Makes assets ready in the background; `on_fetched` or `on_failed` is called later for each.

        One that is on its way already is not fetched twice.
        """
        for url in urls:
            if url in self._fetches:
                continue
            if len(self._fetches) >= MAX_FETCHES:
                self._loop.call_soon(self._on_failed, url, f"{MAX_FETCHES} assets are waiting already; try later")
                continue
            self._fetches[url] = self._loop.create_task(self._fetch(url))

    def forget(self, urls: Iterable[str]) -> None:
        """Deletes assets and ends their fetches, without a callback."""
        for url in urls:
            if fetch := self._fetches.pop(url, None):
                fetch.cancel()
            self._assets.forget([url])

    def _behind(self, source: Source | None) -> tuple[bytes, ...]:
        sound = pcm_of(source, self._assets.clip) if source else None
        return (sound,) if sound else ()

    def forget_all(self) -> None:
        """Deletes every asset that was ever fetched, and ends all fetches, without a callback."""
        for fetch in self._fetches.values():
            fetch.cancel()
        self._fetches.clear()
        self._assets.forget_all()

    async def _fetch(self, url: str) -> None:
        reason = None
        try:
            await self._assets.fetch(url)
        except AssetError as error:
            reason = str(error)
            log.warning("asset not fetched", reason=reason)
        except Exception as error:
            # Nobody waits for this task: what it does not tell is never tried again.
            reason = f"fetching it failed with {type(error).__name__}"
            log.exception("asset not fetched", reason=reason)
        finally:
            # After `forget` a new fetch may stand in its place.
            if self._fetches.get(url) is asyncio.current_task():
                del self._fetches[url]
        if reason is None:
            self._on_fetched(url)
        else:
            self._on_failed(url, reason)

    def _read(self, frames: int) -> bytes:
        """Called on the sound card's thread."""
        sound = self._mixer.read(frames)
        for report in self._mixer.take_reports():
            self._loop.call_soon_threadsafe(self._tell, report, time.monotonic())
        return sound

    def _tell(self, report: Report, moment: float) -> None:
        if report.ring is not self._ringing:
            # Another one has begun meanwhile, perhaps of the same token, which it would end.
            return
        if report.what == "sounding":
            self._on_sounding(report.ring.token, moment)
        else:
            self._on_ended(report.ring.token)
