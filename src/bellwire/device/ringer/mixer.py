"""Turns a ring into the frames that the sound card asks for, exact to the sample and without gaps.

It knows volume, fades and what follows what; it must not know where clips come from, which device plays them, or what
time it is. How far a ring has come is its voice's affair (`voice`).
Every method may be called from any thread: the sound card's thread reads while the event loop commands.
"""

import math
import threading
from array import array
from itertools import repeat
from operator import mul
from typing import Literal, NamedTuple

from bellwire.device.ringer.sounds import FRAME_BYTES, RATE
from bellwire.device.ringer.voice import Ring, Voice


class Report(NamedTuple):
    """What became of a ring: it is heard for the first time, or it has come to its end by itself."""

    ring: Ring
    what: Literal["sounding", "ended"]


class Mixer:
    """Plays one ring at a time; silence otherwise.

    The gain never jumps: it moves from 0 to 1 or back in 5 ms at the quickest, so that no command is heard as a click.
    """

    def __init__(self, rate: int = RATE, volume: float = 1.0) -> None:
        self._lock = threading.Lock()
        self._gain_step = 1 / (rate // 200)
        self._volume = _checked(volume)
        self._gain = volume
        self._voice: Voice | None = None
        self._following: Voice | None = None
        self._leaving = False
        self._muted = False
        self._hushed = False
        self._behind = False
        self._reports: list[Report] = []

    @property
    def volume(self) -> float:
        """The gain of what is played, 0 to 1."""
        return self._volume

    @volume.setter
    def volume(self, value: float) -> None:
        """Raises ValueError outside 0 to 1."""
        with self._lock:
            self._volume = _checked(value)

    @property
    def behind(self) -> bool:
        """Whether something else is in front of what is played."""
        return self._behind

    @behind.setter
    def behind(self, value: bool) -> None:
        """What plays goes on softly or, where it has other sounds for there, begins its round anew with those."""
        with self._lock:
            if value is self._behind:
                return
            self._behind = value
            if self._voice is not None and not self._leaving and not self._voice.moves(behind=value):
                self._following = self._voice.begun_anew()
                self._leave()

    @property
    def hushed(self) -> bool:
        """Whether what is played goes on unheard, until this is taken back."""
        return self._hushed

    @hushed.setter
    def hushed(self, value: bool) -> None:
        with self._lock:
            self._hushed = value

    def play(self, ring: Ring) -> None:
        """Begins `ring` with the next frame; one that plays already fades away first."""
        with self._lock:
            self._following = Voice(ring, math.inf if ring.rounds is None else ring.rounds)
            self._muted = False
            self._leave()

    def mute(self) -> None:
        """Silent within 5 ms; the ring goes on unheard until it is stopped."""
        with self._lock:
            self._muted = True

    def stop(self) -> None:
        """Ends the ring: a fade of 5 ms, then exact silence. Nothing happens when nothing plays."""
        with self._lock:
            self._following = None
            self._leave()

    def close(self) -> None:
        """Ends everything at once: nobody reads any more."""
        with self._lock:
            self._following = None
            self._follow()

    def take_reports(self) -> list[Report]:
        """What was not reported before, oldest first."""
        with self._lock:
            taken, self._reports = self._reports, []
        return taken

    def read(self, frames: int) -> bytes:
        """The next `frames` frames of PCM."""
        pieces = []
        with self._lock:
            while frames:
                piece = self._next_piece(frames)
                frames -= len(piece) // FRAME_BYTES
                pieces.append(piece)
        return b"".join(pieces)

    def _leave(self) -> None:
        self._leaving = self._voice is not None and not self._voice.from_silence
        if not self._leaving:
            self._follow()

    def _follow(self) -> None:
        if self._voice is not None:
            self._voice.close()
            if self._following is not None:
                self._following.goes_on_after(self._voice)
        self._voice, self._following = self._following, None
        self._leaving = False

    def _goal(self, voice: "Voice") -> float:
        return 0.0 if self._leaving or self._muted or self._hushed else self._volume * voice.level

    def _next_piece(self, frames: int) -> bytes:
        """At most `frames` frames; fewer where a clip or a fade ends, none where a ring ends."""
        if self._leaving and self._gain == 0:
            self._follow()
        voice = self._voice
        if voice is None:
            return bytes(frames * FRAME_BYTES)
        if voice.is_over(behind=self._behind):
            if not self._leaving:
                self._reports.append(Report(voice.ring, "ended"))
            self._follow()
            return b""
        if self._leaving and voice.from_silence:
            self._follow()
            return b""
        goal = self._goal(voice)
        if voice.from_silence:
            self._gain = goal
        if self._gain != goal:
            frames = min(frames, round(abs(goal - self._gain) / self._gain_step) or 1)
        rise = voice.rise(frames)
        samples = voice.take(len(rise) or frames)
        # At volume 0 an alert rings too, though nobody hears it.
        if not (voice.was_heard or self._leaving or self._muted) and any(samples):
            voice.was_heard = True
            self._reports.append(Report(voice.ring, "sounding"))
        return self._amplified(samples, goal, rise)

    def _amplified(self, samples: bytes, goal: float, rise: list[float]) -> bytes:
        if self._gain == goal == 0:
            return bytes(len(samples))
        if self._gain == goal == 1 and not rise:
            return samples
        gains = repeat(goal) if self._gain == goal else self._slewed(goal, len(samples) // FRAME_BYTES)
        return array("h", map(int, map(mul, array("h", samples), map(mul, gains, rise) if rise else gains))).tobytes()

    def _slewed(self, goal: float, frames: int) -> list[float]:
        gains = []
        for _ in range(frames):
            self._gain = _towards(goal, self._gain, self._gain_step)
            gains.append(self._gain)
        return gains


def _towards(goal: float, gain: float, step: float) -> float:
    # Half a step of tolerance: what rounding leaves over would be one more frame.
    if abs(goal - gain) < 1.5 * step:
        return goal
    return gain + math.copysign(step, goal - gain)


def _checked(volume: float) -> float:
    if not 0 <= volume <= 1:
        raise ValueError(f"the volume is {volume}; it goes from 0 to 1")
    return volume
