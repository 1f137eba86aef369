"""Writes what is heard to a WAV file while it is played.

It knows the file; it must not know who plays.
"""

import wave
from pathlib import Path

from bellwire.device.ringer.sounds import FRAME_BYTES, RATE

MAX_SECONDS = 600


class Recording:
    """Begins with the first sound, so that a long wait before it costs nothing; ten minutes at most."""

    def __init__(self, path: Path) -> None:
        """Raises OSError when `path` cannot be written; a file that is there is replaced."""
        self._file = path.open("wb")
        self._wave = wave.Wave_write(self._file)
        self._wave.setnchannels(1)
        self._wave.setsampwidth(FRAME_BYTES)
        self._wave.setframerate(RATE)
        self._frames_left = MAX_SECONDS * RATE
        self._begun = False

    def write(self, pcm: bytes) -> None:
        """Adds what was played. The file is whole after each call, header and all. Raises OSError."""
        self._begun = self._begun or any(pcm)
        if self._begun and self._frames_left:
            kept = pcm[: self._frames_left * FRAME_BYTES]
            self._wave.writeframes(kept)
            self._frames_left -= len(kept) // FRAME_BYTES

    def close(self) -> None:
        """Raises OSError."""
        try:
            self._wave.close()
        finally:
            self._file.close()
