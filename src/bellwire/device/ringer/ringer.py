"""Rings: joins the mixer, the assets and the sound card, and tells the event loop what came of it.

It knows tokens, sounds and callbacks; it must not know when or why an alert rings.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable
from datetime import timedelta
from typing import Any

import structlog

from bellwire.device.hardware import AudioOut, Samples
from bellwire.device.ringer.assets import AssetCache
from bellwire.device.ringer.clip import Clip
from bellwire.device.ringer.mixer import Mixer, Report
from bellwire.device.ringer.rounds import round_of, sound_of
from bellwire.device.ringer.sounds import RATE, Asset, AssetError, Bell, Source, bell, is_made
from bellwire.device.ringer.voice import Ring

log = structlog.get_logger()

MAX_FETCHES = 1000
"""Fetches that wait or run; the rest fail at once."""

PATIENCE = timedelta(milliseconds=50)
"""How long the first round waits for assets to come from the disk, before bells are heard in their place."""

_LOOK_SECONDS = 600.0
"""Between two looks at whether what is kept is still whole and fresh."""


class Ringer:
    """The speaker's sound. All methods and callbacks are called on the event loop."""

    def __init__(
        self,
        assets: AssetCache,
        *,
        audio: Callable[[Samples], AudioOut],
        amplified: Callable[[float], bool] = lambda _: False,
        volume: float = 1.0,
        on_sounding: Callable[[str, float], object],
        on_ended: Callable[[str], object],
        on_fetched: Callable[[str], object],
        on_failed: Callable[[str, str], object],
    ) -> None:
        """Opens the sound output with `audio`. `amplified(volume)`: whether the hardware makes it so loud by itself.

        `on_sounding(token, time)`: the first sound of this ring went to the card at that time.monotonic().
        `on_ended(token)`: its rounds are over; not called for a ring that is stopped.
        `on_fetched(url)`, `on_failed(url, reason)`: what came of `prepare`; the reason is one sentence.
        """
        self._assets = assets
        self._volume = volume
        self._amplified = amplified
        self._mixer = Mixer(volume=volume)
        self._playback = audio(self._read)
        self._on_sounding = on_sounding
        self._on_ended = on_ended
        self._on_fetched = on_fetched
        self._on_failed = on_failed
        self._ringing: Ring | None = None
        self._hushed: str | None = None
        self._wanted: dict[str, Clip | None] = {}
        """By url, what the present ring plays, as far as it is there."""
        self._fetches: dict[str, asyncio.Task[None]] = {}
        self._others: set[asyncio.Task[None]] = set()
        """Tasks beside the fetches, for nobody else holds them."""

    def start(self) -> None:
        """Starts the sound card, silent. One bell is made now, and stands in for those that are not there in time."""
        self._loop = asyncio.get_running_loop()
        bell("ALARM")
        self.volume = self._volume
        self._playback.start()
        self._begin(self._look_after())

    async def close(self) -> None:
        """Ends all sound and all fetches."""
        self._playback.close()
        self._mixer.close()
        tasks = [*self._fetches.values(), *self._others]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._assets.close()

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

        A ring before it ends. Assets come from the disk, for which the first round waits 50 ms at most; what is not
        there is fetched now and heard from the round after it came. A round of which nothing is there is the bell of
        `kind`. `behind` is heard instead while the ringer is behind something else; where it is not there, the round
        itself, softly. The gain rises from a fifth to all of it over `ramp`.
        """
        urls = dict.fromkeys(source.url for source in (*sources, behind) if isinstance(source, Asset))
        bells = {kind, *(source.kind for source in sources if isinstance(source, Bell))}
        unmade = [each for each in bells if not is_made(each)]
        sounds, sought = dict[str, Clip | None].fromkeys(urls), set[object]([*urls, *map(Bell, unmade)])
        self._wanted = sounds
        self._ringing = Ring(
            token,
            lambda: round_of(sources, kind, sounds.get),
            rounds,
            _frames_in(pause),
            lambda: [sound for source in (behind,) if source and (sound := sound_of(source, sounds.get))],
            _frames_in(ramp),
            _frames_in(PATIENCE),
            lambda: not sought,
        )
        self.hush(token, token == self._hushed)
        self._mixer.play(self._ringing)
        for url in urls:
            self._begin(self._seek(url, sounds, sought))
        for each in unmade:
            self._begin(self._make(each, sought))

    def mute(self, token: str) -> None:
        """Silences the ring at once, until it is stopped or another begins; another token changes nothing."""
        if self._ringing is not None and token == self._ringing.token:
            self._mixer.mute()

    def stop(self, token: str) -> None:
        """Ends the ring; another token changes nothing."""
        if self._ringing is not None and token == self._ringing.token:
            self._mixer.stop()
            self._ringing, self._wanted = None, {}
        if token == self._hushed:
            self._hushed = None

    def hush(self, token: str, is_hushed: bool) -> None:
        """Lets the ring go on unheard, or be heard again; another token changes nothing."""
        if self._ringing is not None and token == self._ringing.token:
            self._mixer.hushed = is_hushed
            self._hushed = token if is_hushed else None

    @property
    def volume(self) -> float:
        """0 to 1."""
        return self._volume

    @volume.setter
    def volume(self, value: float) -> None:
        """Raises ValueError outside 0 to 1."""
        self._mixer.volume = 1.0 if self._amplified(value) else value
        self._volume = value

    @property
    def behind(self) -> bool:
        """Whether what rings is heard behind something else."""
        return self._mixer.behind

    @behind.setter
    def behind(self, value: bool) -> None:
        self._mixer.behind = value

    def expect(self, kinds: Iterable[str]) -> None:
        """Makes the bells of these kinds in the background, so that none is late at its hour."""
        for kind in kinds:
            if not is_made(kind):
                self._begin(self._make(kind, set()))

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
        """These are not needed any more; their fetches end without a callback."""
        for url in urls:
            if fetch := self._fetches.pop(url, None):
                fetch.cancel()
            self._assets.forget([url])

    def forget_all(self) -> None:
        """Deletes every asset that was ever fetched, and ends all fetches, without a callback."""
        for fetch in self._fetches.values():
            fetch.cancel()
        self._fetches.clear()
        self._assets.forget_all()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._others.add(task)
        task.add_done_callback(self._others.discard)

    async def _seek(self, url: str, sounds: dict[str, Clip | None], sought: set[object]) -> None:
        """Brings a sound from the disk into a ring, or has it fetched."""
        try:
            sounds[url] = await self._assets.clip(url)
        finally:
            sought.discard(url)
        if sounds[url] is None and sounds is self._wanted:
            self.prepare([url])

    async def _make(self, kind: str, sought: set[object]) -> None:
        await asyncio.to_thread(bell, kind)
        sought.discard(Bell(kind))

    async def _look_after(self) -> None:
        """Fetches again what has got lost, and what its server may have anew, while it can be had."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            self.prepare(await self._assets.outdated())

    async def _fetch(self, url: str) -> None:
        reason = None
        try:
            await self._assets.fetch(url)
            wanted = self._wanted
            if url in wanted:
                wanted[url] = await self._assets.clip(url)
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
            self._ringing, self._wanted = None, {}
            self._on_ended(report.ring.token)


def _frames_in(time: timedelta) -> int:
    return round(time.total_seconds() * RATE)
