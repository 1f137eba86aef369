"""Turns an audio file in memory into PCM, and refuses what is cut, foreign, silent or too long.

It knows file formats; it must not know where the bytes come from or where they are kept.
"""

import struct
from collections.abc import Iterator

import miniaudio

from bellwire.device.ringer.sounds import FRAME_BYTES, RATE, AssetError

MAX_SECONDS = 300

_CHUNK_FRAMES = 16_384
_LAYER_III = 0b01
# Written in place of a size by programs that cannot go back to the header; no file of ours is that large.
_UNKNOWN_SIZE = 0x7FFF_0000


def decode(data: bytes) -> bytes:
    """The sound of a WAV, MP3, Ogg Vorbis or FLAC file as PCM, at most five minutes.

    The type is told by the content. Raises AssetError when it is another type, damaged, cut short, longer, or silent.
    """
    kind = sniff(data)
    if kind == "WAV":
        _check_wav_sizes(data)
    pcm = b"".join(_bounded_chunks(data, kind))
    if kind == "FLAC":
        _check_flac_length(data, len(pcm) // FRAME_BYTES)
    if not any(pcm):
        raise AssetError(f"the {kind} file holds no sound; an alert must be heard")
    return pcm


def sniff(data: bytes) -> str:
    """WAV, MP3, Ogg Vorbis or FLAC. Raises AssetError when it is none of them."""
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return "WAV"
    if data[:4] == b"OggS" and b"\x01vorbis" in data[:64]:
        return "Ogg Vorbis"
    if data[:4] == b"fLaC":
        return "FLAC"
    if data[:3] == b"ID3" or _is_mp3_frame(data[:2]):
        return "MP3"
    raise AssetError(f"it is neither WAV, MP3, Ogg Vorbis nor FLAC: it begins with {data[:16]!r}")


def _is_mp3_frame(head: bytes) -> bool:
    return len(head) == 2 and head[0] == 0xFF and head[1] >= 0xE0 and (head[1] >> 1) & 0b11 == _LAYER_III


def _bounded_chunks(data: bytes, kind: str) -> Iterator[bytes]:
    """Decodes piece by piece: a small file may unpack to hours."""
    frames = 0
    try:
        for chunk in miniaudio.stream_memory(data, nchannels=1, sample_rate=RATE, frames_to_read=_CHUNK_FRAMES):
            frames += len(chunk)
            if frames > MAX_SECONDS * RATE:
                raise AssetError(f"the {kind} file is longer than {MAX_SECONDS // 60} minutes")
            yield chunk.tobytes()
    except miniaudio.MiniaudioError as error:
        raise AssetError(f"the {kind} file cannot be decoded: {error.args[0]}") from error


def _check_wav_sizes(data: bytes) -> None:
    """The decoder plays what is there of a cut file and says nothing: so the sizes in the file are compared."""
    _check_size(data, 0)
    at = 12
    while at + 8 <= len(data):
        size = _check_size(data, at)
        if data[at : at + 4] == b"data":
            return
        at += 8 + size + size % 2
    raise AssetError("the WAV file has no data chunk")


def _check_size(data: bytes, at: int) -> int:
    size: int = struct.unpack_from("<I", data, at + 4)[0]
    if size < _UNKNOWN_SIZE and at + 8 + size > len(data):
        raise AssetError(f"the WAV file is cut: it has {len(data)} bytes and speaks of {at + 8 + size}")
    return size


def _check_flac_length(data: bytes, frames: int) -> None:
    try:
        declared: float = miniaudio.flac_get_info(data).duration
    except miniaudio.MiniaudioError as error:
        # The decoder looks for MP3 in whatever is not FLAC after all.
        raise AssetError(f"the FLAC file cannot be decoded: {error.args[0]}") from error
    if frames < (declared - 0.1) * RATE:
        raise AssetError(f"the FLAC file is cut: {frames / RATE:.1f} s of {declared:.1f} s can be decoded")
