"""Sounds for devices to fetch, made when they are needed.

It knows how a tone becomes a WAV file; it must not know who hears it.
"""

import io
import math
import struct
import wave

_RATE = 16_000
_TONE = 440.0
_LEVEL = 8_000


def wave_of(seconds: float) -> bytes:
    """A WAV file with a tone: mono, 16 bits."""
    samples = [round(_LEVEL * math.sin(2 * math.pi * _TONE * n / _RATE)) for n in range(int(seconds * _RATE))]
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(_RATE)
        writer.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return file.getvalue()
