"""Turns a ring into the frames that the sound card asks for, exact to the sample and without gaps.

It knows clips, rounds and gains; it must not know where clips come from, which device plays them, or what time it is.
Every method may be called from any thread: the sound card's thread reads while the event loop commands.
"""

import math
import threading
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import mul
from typing import Literal, NamedTuple

from bellwire.device.ringer.sounds import FRAME_BYTES, RATE


@dataclass(frozen=True, eq=False)
class Ring:
    """A sequence of clips, again and again."""

    token: str
    next_round: Callable[[], Sequence[bytes]]
    """Asked at the beginning of each round, so that a clip that came meanwhile is heard from then on.

    It is called on the sound card's thread, while the mixer is locked: it must be quick and must not call the mixer.
    """
    rounds: int | None = None
    """How many; None: until it is stopped."""


class Report(NamedTuple):
    """What became of a ring: it is heard for the first time, or it has come to its end by itself."""

    token: str
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
        self._voice: _Voice | None = None
        self._following: _Voice | None = None
        self._leaving = False
        self._muted = False
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

    def play(self, ring: Ring) -> None:
        """Begins `ring` with the next frame; one that plays already fades away first."""
        with self._lock:
            self._following = _Voice(ring)
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
        self._leaving = self._voice is not None
        if not self._leaving:
            self._follow()

    def _follow(self) -> None:
        self._voice, self._following = self._following, None
        self._leaving = False
        self._gain = self._goal()

    def _goal(self) -> float:
        return 0.0 if self._leaving or self._muted else self._volume

    def _next_piece(self, frames: int) -> bytes:
        """At most `frames` frames; fewer where a clip or a fade ends, none where a ring ends."""
        if self._leaving and self._gain == 0:
            self._follow()
        if self._voice is None:
            return bytes(frames * FRAME_BYTES)
        goal = self._goal()
        if self._gain != goal:
            frames = min(frames, round(abs(goal - self._gain) / self._gain_step) or 1)
        samples = self._voice.take(frames)
        if not samples:
            if not self._leaving:
                self._reports.append(Report(self._voice.ring.token, "ended"))
            self._follow()
            return b""
        piece = self._amplified(samples, goal)
        if not self._voice.was_heard and any(piece):
            self._voice.was_heard = True
            self._reports.append(Report(self._voice.ring.token, "sounding"))
        return piece

    def _amplified(self, samples: bytes, goal: float) -> bytes:
        if self._gain == goal == 1:
            return samples
        if self._gain == goal == 0:
            return bytes(len(samples))
        gains = repeat(goal) if self._gain == goal else self._ramp(goal, len(samples) // FRAME_BYTES)
        return array("h", map(int, map(mul, array("h", samples), gains))).tobytes()

    def _ramp(self, goal: float, frames: int) -> list[float]:
        gains = []
        for _ in range(frames):
            self._gain = _towards(goal, self._gain, self._gain_step)
            gains.append(self._gain)
        return gains


class _Voice:
    """Where a ring stands."""

    def __init__(self, ring: Ring) -> None:
        self.ring = ring
        self.was_heard = False
        self._rounds_left = math.inf if ring.rounds is None else ring.rounds
        self._clips: list[bytes] = []
        self._clip = b""
        self._at = 0

    def take(self, frames: int) -> bytes:
        """The next frames: fewer at the end of a clip, none at the end of the ring."""
        if self._at == len(self._clip) and not self._next_clip():
            return b""
        taken = self._clip[self._at : self._at + frames * FRAME_BYTES]
        self._at += len(taken)
        return taken

    def _next_clip(self) -> bool:
        if not self._clips:
            if not self._rounds_left:
                return False
            self._clips = [clip for clip in reversed(self.ring.next_round()) if clip]
            self._rounds_left -= 1
        # A round without one sample ends the ring: asking on would never come back to the sound card.
        if not self._clips:
            return False
        self._clip, self._at = self._clips.pop(), 0
        return True


def _towards(goal: float, gain: float, step: float) -> float:
    # Half a step of tolerance: what rounding leaves over would be one more frame.
    if abs(goal - gain) < 1.5 * step:
        return goal
    return gain + math.copysign(step, goal - gain)


def _checked(volume: float) -> float:
    if not 0 <= volume <= 1:
        raise ValueError(f"the volume is {volume}; it goes from 0 to 1")
    return volume
