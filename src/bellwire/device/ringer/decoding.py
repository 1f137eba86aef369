"""Turns an audio file into PCM piece by piece, and refuses what is cut, foreign, silent or too long.

It knows which library decodes; it must not know where the file comes from or why it is kept.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

import miniaudio

from bellwire.device.ringer.clip import Clip, Whole
from bellwire.device.ringer.containers import check_mp3, check_ogg, check_wav, sniff
from bellwire.device.ringer.sounds import FRAME_BYTES, RATE, AssetError
from bellwire.device.ringer.streaming import Streamed

MAX_SECONDS = 15 * 60

_PIECE = RATE // 4
"""Frames: a quarter of a second."""

_BEGINNING = RATE
"""Frames of a clip that are in memory before they are heard."""


class Examined(NamedTuple):
    """What is known of a file that can be rung."""

    kind: str
    """WAV, MP3, Ogg Vorbis or FLAC."""
    frames: int
    """Its length at 48 kHz."""


def examine(path: Path) -> Examined:
    """Decodes a WAV, MP3, Ogg Vorbis or FLAC file to its end, keeping nothing; 15 minutes at most.

    The type is told by the content. Raises AssetError when it is another type, damaged, cut short, longer, or silent;
    OSError when it can't be read.
    """
    with path.open("rb") as file:
        kind = sniff(file.read(64))
        if kind in _CHECKS:
            _CHECKS[kind](file)
    frames, is_silent = 0, True
    for piece in pieces_of(path, kind):
        frames += len(piece) // FRAME_BYTES
        is_silent = is_silent and not any(piece)
        if frames > MAX_SECONDS * RATE:
            raise AssetError(f"the {kind} file is longer than {MAX_SECONDS // 60} minutes")
    if kind == "FLAC":
        _check_flac_length(path, frames)
    if is_silent:
        raise AssetError(f"the {kind} file holds no sound; an alert must be heard")
    return Examined(kind, frames)


_CHECKS: Mapping[str, Callable[[BinaryIO], None]] = {"WAV": check_wav, "MP3": check_mp3, "Ogg Vorbis": check_ogg}


def clip_of(path: Path, frames: int) -> Clip:
    """A file that was examined and has so many frames, ready to be played: of a long one only its first second is read.

    Raises AssetError when it can't be decoded after all, OSError when it can't be read.
    """
    beginning = b""
    for piece in pieces_of(path):
        beginning += piece
        if len(beginning) >= _BEGINNING * FRAME_BYTES:
            break
    if not beginning:
        raise AssetError("the sound file holds no sound any more")
    if len(beginning) >= frames * FRAME_BYTES:
        return Whole(beginning)
    return Streamed(lambda: pieces_of(path), frames, beginning)


def pieces_of(path: Path, kind: str = "sound") -> Iterator[bytes]:
    """The sound of a file from its beginning to its end. Raises AssetError when it can't be decoded."""
    try:
        for piece in miniaudio.stream_file(str(path), nchannels=1, sample_rate=RATE, frames_to_read=_PIECE):
            yield piece.tobytes()
    except miniaudio.MiniaudioError as error:
        raise AssetError(f"the {kind} file cannot be decoded: {error.args[0]}") from error


def _check_flac_length(path: Path, frames: int) -> None:
    try:
        declared: float = miniaudio.flac_get_file_info(str(path)).duration
    except miniaudio.MiniaudioError as error:
        # The decoder looks for MP3 in whatever is not FLAC after all.
        raise AssetError(f"the FLAC file cannot be decoded: {error.args[0]}") from error
    if frames < (declared - 0.02) * RATE:
        raise AssetError(f"the FLAC file is cut: {frames / RATE:.1f} s of {declared:.1f} s can be decoded")
