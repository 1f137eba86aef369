"""Turns a ring into the frames that the sound card asks for, exact to the sample and without gaps.

It knows clips, rounds, pauses and gains; it must not know where clips come from, which device plays them, or what time
it is.
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
    pause: int = 0
    """Frames of silence between two rounds."""
    behind: Callable[[], Sequence[bytes]] = tuple
    """Asked as `next_round`, for what is played instead behind something else; nothing: the round itself, softly."""


SOFTLY = 0.25
"""The gain of what is behind something else, of the one that it has in front."""


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
        self._voice: _Voice | None = None
        self._following: _Voice | None = None
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
            self._following = _Voice(ring, math.inf if ring.rounds is None else ring.rounds)
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
        self._leaving = self._voice is not None and not self._voice.from_silence
        if not self._leaving:
            self._follow()

    def _follow(self) -> None:
        self._voice, self._following = self._following, None
        self._leaving = False

    def _goal(self, voice: "_Voice") -> float:
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
        samples = voice.take(frames)
        # At volume 0 an alert rings too, though nobody hears it.
        if not (voice.was_heard or self._leaving or self._muted) and any(samples):
            voice.was_heard = True
            self._reports.append(Report(voice.ring, "sounding"))
        return self._amplified(samples, goal)

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

    def __init__(self, ring: Ring, rounds_left: float) -> None:
        self.ring = ring
        self.level = 1.0
        """Of the volume."""
        self.from_silence = True
        """It has not begun, or is in a pause: nothing need fade."""
        self.was_heard = False
        self._rounds_left = rounds_left
        self._silent = 0
        """Frames of the pause that are left."""
        self._is_pause_next = False
        self._has_own = False
        """Whether this round's sounds are those for behind."""
        self._clips: list[bytes] = []
        self._clip = b""
        self._at = 0

    def is_over(self, *, behind: bool) -> bool:
        """Whether there is not one frame more; begins the next clip or round where it is time to."""
        if self._silent or self._at < len(self._clip):
            return False
        if not self._clips and self._is_pause_next and self._rounds_left:
            self._is_pause_next, self._silent = False, self.ring.pause
            if self._silent:
                self.from_silence = True
                return False
        if not self._clips and self._rounds_left:
            self._begin_round(behind=behind)
        # A round without one sample ends the ring: asking on would never come back to the sound card.
        if not self._clips:
            return True
        self._clip, self._at = self._clips.pop(), 0
        return False

    def take(self, frames: int) -> bytes:
        """The next frames: fewer at the end of a clip or a pause."""
        if self._silent:
            frames = min(frames, self._silent)
            self._silent -= frames
            return bytes(frames * FRAME_BYTES)
        self.from_silence = False
        taken = self._clip[self._at : self._at + frames * FRAME_BYTES]
        self._at += len(taken)
        return taken

    def moves(self, *, behind: bool) -> bool:
        """Goes behind, or to the front, in the midst of a round; False where that needs other sounds."""
        if self._is_between_rounds:
            return True
        if self._has_own or (behind and any(self.ring.behind())):
            return False
        self.level = SOFTLY if behind else 1.0
        return True

    def begun_anew(self) -> "_Voice":
        """The same with the present round still to come."""
        voice = _Voice(self.ring, self._rounds_left + 1)
        voice.was_heard = self.was_heard
        return voice

    @property
    def _is_between_rounds(self) -> bool:
        return bool(self._silent) or (self._at == len(self._clip) and not self._clips)

    def _begin_round(self, *, behind: bool) -> None:
        own = [clip for clip in self.ring.behind() if clip] if behind else []
        clips = own or [clip for clip in self.ring.next_round() if clip]
        self._clips = clips[::-1]
        self._has_own = bool(own)
        self.level = SOFTLY if behind and not own else 1.0
        self._rounds_left -= 1
        self._is_pause_next = True


def _towards(goal: float, gain: float, step: float) -> float:
    # Half a step of tolerance: what rounding leaves over would be one more frame.
    if abs(goal - gain) < 1.5 * step:
        return goal
    return gain + math.copysign(step, goal - gain)


def _checked(volume: float) -> float:
    if not 0 <= volume <= 1:
        raise ValueError(f"the volume is {volume}; it goes from 0 to 1")
    return volume
