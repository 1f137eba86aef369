"""A long sound that is decoded while it is played, a few seconds ahead, so that it costs no memory to speak of.

It knows threads and queues; it must not know file formats, nor who listens.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable

import structlog

from bellwire.device.ringer.sounds import FRAME_BYTES, AssetError

log = structlog.get_logger()

AHEAD = 8
"""Pieces that are decoded before they are needed."""


class Streamed:
    """A clip whose beginning alone is in memory."""

    def __init__(self, pieces: Callable[[], Iterable[bytes]], frames: int, beginning: bytes) -> None:
        """`pieces` gives the whole from the start, on a thread of its own; it raises AssetError or OSError
        when it can't go on.

        `frames` is the length of the whole; `beginning` bridges the time until the first piece is there.
        """
        self.frames = frames
        self._pieces = pieces
        self._beginning = beginning

    def opened(self) -> "_Stream":
        """A passage from the beginning; the thread that decodes for it ends with it."""
        return _Stream(self._pieces, self.frames, self._beginning)


class _Stream:
    def __init__(self, pieces: Callable[[], Iterable[bytes]], frames: int, beginning: bytes) -> None:
        self.left = frames
        self._pieces = pieces
        self._to_skip = len(beginning)
        self._waiting = deque([beginning])
        """Pieces; of the first one what is before `_at` was taken already."""
        self._at = 0
        self._changed = threading.Condition()
        threading.Thread(target=self._decode, name="decoding", daemon=True).start()

    def take(self, frames: int) -> bytes:
        with self._changed:
            if not self._waiting:
                self.left = 0
                return b""
            piece = self._waiting[0]
            taken = piece[self._at : self._at + min(frames, self.left) * FRAME_BYTES]
            self._at += len(taken)
            self.left -= len(taken) // FRAME_BYTES
            if self._at == len(piece):
                self._waiting.popleft()
                self._at = 0
                self._changed.notify()
        return taken

    def close(self) -> None:
        with self._changed:
            self.left = 0
            self._changed.notify()

    def _decode(self) -> None:
        try:
            for piece in self._pieces():
                skipped = min(self._to_skip, len(piece))
                self._to_skip -= skipped
                if skipped < len(piece) and not self._put(piece[skipped:]):
                    return
        except (AssetError, OSError) as error:
            log.warning("a sound ends before its end", reason=str(error))

    def _put(self, piece: bytes) -> bool:
        """Whether somebody still listens, after waiting for room."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._waiting) < AHEAD or not self.left)
            self._waiting.append(piece)
            return bool(self.left)
