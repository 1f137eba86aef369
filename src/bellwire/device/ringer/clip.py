"""A sound that can be played again and again, from its first frame to its last.

It knows frames; it must not know what is heard in them, nor where they come from.
"""

from dataclasses import dataclass
from typing import Protocol

from bellwire.device.ringer.sounds import FRAME_BYTES


class Reader(Protocol):
    """One passage through a clip."""

    @property
    def left(self) -> int:
        """Frames that are still to come."""

    def take(self, frames: int) -> bytes:
        """The next frames, at most so many; nothing: they are not there in time, and the passage is over."""

    def close(self) -> None:
        """Nobody listens any more. A second call does nothing."""


class Clip(Protocol):
    """A sound of known length, of which at least the beginning is in memory."""

    @property
    def frames(self) -> int:
        """Its length."""

    def opened(self) -> Reader:
        """A passage from the beginning. It is called on the sound card's thread and must not wait for anything."""


@dataclass(frozen=True)
class Whole:
    """A clip that is in memory as a whole."""

    pcm: bytes

    @property
    def frames(self) -> int:
        """Its length."""
        return len(self.pcm) // FRAME_BYTES

    def opened(self) -> Reader:
        """A passage from the beginning."""
        return _Passage(self.pcm)


class _Passage:
    def __init__(self, pcm: bytes) -> None:
        self._pcm = pcm
        self._at = 0

    @property
    def left(self) -> int:
        return (len(self._pcm) - self._at) // FRAME_BYTES

    def take(self, frames: int) -> bytes:
        taken = self._pcm[self._at : self._at + frames * FRAME_BYTES]
        self._at += len(taken)
        return taken

    def close(self) -> None:
        self._at = len(self._pcm)
