"""Feeds the sound card, and finds another one when it dies.

It knows what a sound card does and does not do; it must not know what is played.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from bellwire.device.ringer.card import Card, Feed, Output, open_card, open_nothing, tried
from bellwire.device.ringer.recording import Recording
from bellwire.device.ringer.sounds import FRAME_BYTES

log = structlog.get_logger()

STALLED_SECONDS = 3.0
"""A card that has asked for nothing for so long is dead, whatever it says. A busy machine may keep it waiting."""

SEARCH_SECONDS = 60.0
"""Between two looks for a card where there is none: somebody may plug one in."""

_LOOK_SECONDS = 1.0
_PATIENCE = 2.0
"""Seconds in which a card that is closed should be; one that hangs is left to itself."""


class Playback:
    """The sound card, or what stands in for it."""

    def __init__(self, source: Callable[[int], bytes], *, output: Output, record: Path | None = None) -> None:
        """`source` is called on the sound card's thread, with the number of frames wanted, and gives their PCM.

        `record`: a WAV file of what is heard. Raises OSError when it cannot be written.
        """
        self._source = source
        self._failing = False
        self._recording = Recording(record) if record else None
        self._wants_card = output == "auto"
        self._card: Card | None = None
        self._is_heard = False
        """Whether it is a card that plays, and not what stands in for it."""
        self._asked_at = self._searched_at = 0.0
        """When the card last asked for sound, and when one was last looked for, by time.monotonic()."""
        self._playing: object = None
        """Names the feed that counts."""
        self._wake = threading.Event()
        self._stopped = False
        self._closing = False
        self._watch = threading.Thread(target=self._keep_playing, name="sound card", daemon=True)

    def start(self) -> None:
        """Opens the first card that plays, or says plainly that nothing is heard; never fails for want of a card."""
        self._open()
        self._watch.start()

    def close(self) -> None:
        """Stops the card and completes the recording. A second call does nothing."""
        self._closing = True
        self._wake.set()
        if self._watch.ident is not None:
            self._watch.join(_PATIENCE)
        self._close_card()
        if self._recording:
            self._end_recording(self._recording)

    # The card.

    def _open(self) -> None:
        self._is_heard = self._wants_card and self._begin(open_card)
        if self._is_heard:
            return
        if self._wants_card:
            log.warning("no sound card could be opened: nothing will be heard", tried=tried())
        log.info("playing into nothing: the null output is in use")
        self._begin(open_nothing)

    def _begin(self, open_one: Callable[[Feed], Card | None]) -> bool:
        """Whether there is one, which plays from now on. It has a feed of its own: the other may hang in the last."""
        name = object()
        feed = self._feed(name)
        next(feed)
        card = open_one(feed)
        if card is None:
            return False
        self._close_card()
        self._card, self._playing, self._stopped = card, name, False
        self._asked_at = self._searched_at = time.monotonic()
        card.stop_callback = lambda: self._on_stopped(card)
        log.info("sound output started", backend=card.backend)
        return True

    def _on_stopped(self, card: Card) -> None:
        """Called on any thread, also by a card that was closed here."""
        if card is self._card:
            self._stopped = True
            self._wake.set()

    def _close_card(self) -> None:
        """A card that hangs must not take the speaker with it."""
        card, self._card = self._card, None
        if card is not None:
            closing = threading.Thread(target=card.close, name="closing a sound card", daemon=True)
            closing.start()
            closing.join(_PATIENCE)

    def _keep_playing(self) -> None:
        """On a thread of its own: to open and to close a card may take its time."""
        while not self._closing:
            self._wake.wait(_LOOK_SECONDS)
            self._wake.clear()
            try:
                if not self._closing:
                    self._look(time.monotonic())
            except Exception:
                log.exception("the sound card could not be looked after")
        self._close_card()

    def _look(self, now: float) -> None:
        if self._stopped or now - self._asked_at > STALLED_SECONDS:
            log.error("the sound card plays no more: another one is looked for", stalled=not self._stopped)
            self._close_card()
            self._open()
        elif self._wants_card and not self._is_heard and now - self._searched_at > SEARCH_SECONDS:
            self._search(now)

    def _search(self, now: float) -> None:
        self._searched_at = now
        self._is_heard = self._begin(open_card)

    # What it plays.

    def _feed(self, name: object) -> Feed:
        frames = yield b""
        while True:
            sound = self._heard(frames) if name is self._playing else bytes(frames * FRAME_BYTES)
            frames = yield sound

    def _heard(self, frames: int) -> bytes:
        self._asked_at = time.monotonic()
        sound = self._next(frames)
        self._record(sound)
        return sound

    def _next(self, frames: int) -> bytes:
        """The next sound, or silence when the source fails.

        miniaudio would drop a generator that raises or gives too much, and stay mute while it says that it runs.
        """
        try:
            sound = self._source(frames)
            if len(sound) != frames * FRAME_BYTES:
                raise ValueError(f"the source gave {len(sound)} bytes for {frames} frames")
        except Exception:
            if not self._failing:
                log.exception("sound source failed and is silent until it works again")
            self._failing = True
            return bytes(frames * FRAME_BYTES)
        self._failing = False
        return sound

    def _record(self, sound: bytes) -> None:
        if self._recording is None:
            return
        try:
            self._recording.write(sound)
        except OSError as error:
            log.warning("recording ended: the file cannot be written", reason=str(error))
            self._end_recording(self._recording)

    def _end_recording(self, recording: Recording) -> None:
        self._recording = None
        try:
            recording.close()
        except OSError as error:
            log.warning("recording is incomplete", reason=str(error))
