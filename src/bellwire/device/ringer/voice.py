"""Where a ring stands: which frame of which clip of which round comes next, and how loud its ramp lets it be.

It knows clips, rounds, pauses and the ramp; it must not know volume, fades or what rang before.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bellwire.device.ringer.clip import Clip, Reader, Whole
from bellwire.device.ringer.sounds import FRAME_BYTES, RATE

SOFTLY = 0.25
"""The gain of what is behind something else, of the one that it has in front."""

RAMP_START = 0.2
"""The gain of the first frame of a ramp, of the one at its end."""

_LOOK = RATE // 200
"""Frames between two looks at whether what is waited for is ready."""


@dataclass(frozen=True, eq=False)
class Ring:
    """A sequence of clips, again and again."""

    token: str
    next_round: Callable[[], Sequence[Clip]]
    """Asked at the beginning of each round, so that a clip that came meanwhile is heard from then on.

    It is called on the sound card's thread, while the mixer is locked: it must be quick and must not call the mixer.
    """
    rounds: int | None = None
    """How many; None: until it is stopped."""
    pause: int = 0
    """Frames of silence between two rounds."""
    behind: Callable[[], Sequence[Clip]] = tuple
    """Asked as `next_round`, for what is played instead behind something else; nothing: the round itself, softly."""
    ramp: int = 0
    """Frames, pauses among them, in which it becomes as loud as it is to be."""
    patience: int = 0
    """Frames that the first round waits at most for `is_ready`."""
    is_ready: Callable[[], bool] = lambda: True
    """Whether all is there that the first round should have; called as `next_round`."""


_NOTHING = Whole(b"").opened()


class Voice:
    """One ring on its way. The mixer alone uses it, under its lock."""

    def __init__(self, ring: Ring, rounds_left: float) -> None:
        self.ring = ring
        self.level = 1.0
        """Of the volume."""
        self.from_silence = True
        """It has not begun, or is in a pause: nothing need fade."""
        self.was_heard = False
        self._rounds_left = rounds_left
        self._patience = ring.patience
        self._at = 0
        """Frames since its beginning."""
        self._silent = 0
        """Frames of a pause, or of waiting, that are left."""
        self._has_begun = False
        self._is_pause_next = False
        self._has_own = False
        """Whether this round's sounds are those for behind."""
        self._clips: list[Clip] = []
        self._reader: Reader = _NOTHING

    def is_over(self, *, behind: bool) -> bool:
        """Whether there is not one frame more; begins the next clip or round where it is time to."""
        if self._silent or self._reader.left:
            return False
        if not self._clips and self._is_silent_next():
            self.from_silence = True
            return False
        if not self._clips and self._rounds_left:
            self._begin_round(behind=behind)
        # A round without one sample ends the ring: asking on would never come back to the sound card.
        if not self._clips:
            return True
        self._reader.close()
        self._reader = self._clips.pop().opened()
        return False

    def _is_silent_next(self) -> bool:
        """Whether a pause begins, or the first round must still wait."""
        if self._is_pause_next and self._rounds_left:
            self._is_pause_next, self._silent = False, self.ring.pause
        elif not self._has_begun and self._patience and not self.ring.is_ready():
            self._silent = min(self._patience, _LOOK)
            self._patience -= self._silent
        return bool(self._silent)

    def take(self, frames: int) -> bytes:
        """The next frames: fewer at the end of a clip or a pause."""
        taken = self._silence(frames) if self._silent else self._sound(frames)
        if self._has_begun:
            self._at += len(taken) // FRAME_BYTES
        return taken

    def _silence(self, frames: int) -> bytes:
        frames = min(frames, self._silent)
        self._silent -= frames
        return bytes(frames * FRAME_BYTES)

    def _sound(self, frames: int) -> bytes:
        self.from_silence = False
        # What does not come in time is lost, and a moment of silence in its place: waiting would stop the sound card.
        return self._reader.take(frames) or bytes(frames * FRAME_BYTES)

    def rise(self, frames: int) -> list[float]:
        """The ramp's gain for each of the next frames; fewer where the ramp ends among them, none where it is over."""
        ramp = self.ring.ramp
        return [RAMP_START + (1 - RAMP_START) * at / ramp for at in range(self._at, min(self._at + frames, ramp))]

    def moves(self, *, behind: bool) -> bool:
        """Goes behind, or to the front, in the midst of a round; False where that needs other sounds."""
        if self._is_between_rounds:
            return True
        if self._has_own or (behind and any(clip.frames for clip in self.ring.behind())):
            return False
        self.level = SOFTLY if behind else 1.0
        return True

    def begun_anew(self) -> "Voice":
        """The same with the present round still to come."""
        voice = Voice(self.ring, self._rounds_left + 1)
        voice.was_heard = self.was_heard
        return voice

    def goes_on_after(self, other: "Voice") -> None:
        """It takes the place of another one: where that was of the same ring, the ramp goes on."""
        if other.ring is self.ring:
            self._at = other._at

    def close(self) -> None:
        """Nobody listens any more."""
        self._reader.close()

    @property
    def _is_between_rounds(self) -> bool:
        return bool(self._silent) or not (self._reader.left or self._clips)

    def _begin_round(self, *, behind: bool) -> None:
        own = [clip for clip in self.ring.behind() if clip.frames] if behind else []
        clips = own or [clip for clip in self.ring.next_round() if clip.frames]
        self._clips = clips[::-1]
        self._has_own = bool(own)
        self.level = SOFTLY if behind and not own else 1.0
        self._rounds_left -= 1
        self._has_begun = self._is_pause_next = True
