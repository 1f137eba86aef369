"""What files say of themselves: their type, and whether they are whole, which decoders do not tell.

It knows the frames, pages and chunks of WAV, MP3 and Ogg; it must not decode, nor know why somebody asks.
"""

import io
import struct
from typing import BinaryIO

from bellwire.device.ringer.sounds import AssetError

# Written in place of a size by programs that cannot go back to the header; no file of ours is that large.
_UNKNOWN_SIZE = 0x7FFF_0000


def sniff(head: bytes) -> str:
    """WAV, MP3, Ogg Vorbis or FLAC, by the first 64 bytes. Raises AssetError when it is none of them."""
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "WAV"
    if head[:4] == b"OggS" and b"\x01vorbis" in head[:64]:
        return "Ogg Vorbis"
    if head[:4] == b"fLaC":
        return "FLAC"
    if head[:3] == b"ID3" or _looks_like_mp3(head[:2]):
        return "MP3"
    raise AssetError(f"it is neither WAV, MP3, Ogg Vorbis nor FLAC: it begins with {head[:16]!r}")


def _size_of(file: BinaryIO) -> int:
    return file.seek(0, io.SEEK_END)


def _read_at(file: BinaryIO, at: int, count: int) -> bytes:
    file.seek(at)
    return file.read(count)


# WAV: chunks that say their size.


def check_wav(file: BinaryIO) -> None:
    """Raises AssetError when the file is shorter than it says: the decoder plays what is there and says nothing."""
    size, at = _size_of(file), 12
    _check_chunk(file, 0, size)
    while at + 8 <= size:
        name, length = _check_chunk(file, at, size)
        if name == b"data":
            return
        at += 8 + length + length % 2
    raise AssetError("the WAV file has no data chunk")


def _check_chunk(file: BinaryIO, at: int, size: int) -> tuple[bytes, int]:
    name, length = struct.unpack("<4sI", _read_at(file, at, 8).ljust(8, b"\0"))
    if length < _UNKNOWN_SIZE and at + 8 + length > size:
        raise AssetError(f"the WAV file is cut: it has {size} bytes and speaks of {at + 8 + length}")
    return name, length


# Ogg: pages, the last of which says that it is.

_PAGE = struct.Struct("<4sxB20xB")
"""OggS, the page's flags, and how many segments it has (RFC 3533, 6)."""
_LAST_PAGE = 0x04


def check_ogg(file: BinaryIO) -> None:
    """Raises AssetError when a page, or all after one that is not the last, is missing."""
    size, at, flags = _size_of(file), 0, 0
    while at < size:
        head = _read_at(file, at, _PAGE.size)
        if len(head) < _PAGE.size or head[:4] != b"OggS":
            break
        _, flags, segments = _PAGE.unpack(head)
        at += _PAGE.size + segments + sum(file.read(segments))
    if at != size or not flags & _LAST_PAGE:
        raise AssetError(f"the Ogg file is cut, or damaged, after {min(at, size)} bytes")


# MP3: frames, whose number the first one says in most files.

_LAYER_III = 0b01
_KBITS = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = {0b11: (44_100, 48_000, 32_000), 0b10: (22_050, 24_000, 16_000), 0b00: (11_025, 12_000, 8_000)}
_AFTERWORD = (b"TAG", b"APE", b"ID3", b"LYR", b"\0\0\0")
"""How what may follow the last frame begins: the labels that players show, or padding."""


def check_mp3(file: BinaryIO) -> None:
    """Raises AssetError when the last frame is cut, or there are fewer than the first one says."""
    size, at, frames = _size_of(file), _end_of_label(file), 0
    declared = _declared(_read_at(file, at, 256))
    while length := _frame_length(head := _read_at(file, at, 4)):
        if at + length > size:
            raise AssetError(f"the MP3 file is cut in its last frame: {size - at} of {length} bytes are there")
        at, frames = at + length, frames + 1
    if frames and at < size and not head.startswith(_AFTERWORD):
        return  # what stands there the decoder may or may not skip: nothing follows from the count
    if declared is not None and frames - 1 < declared:
        raise AssetError(f"the MP3 file is cut: it has {max(frames - 1, 0)} of {declared} frames")


def _looks_like_mp3(head: bytes) -> bool:
    return len(head) == 2 and head[0] == 0xFF and head[1] >= 0xE0 and (head[1] >> 1) & 0b11 == _LAYER_III


def _end_of_label(file: BinaryIO) -> int:
    """Where the first frame begins: after the ID3v2 label, whose size has seven bits a byte."""
    head = _read_at(file, 0, 10)
    if len(head) < 10 or head[:3] != b"ID3":
        return 0
    length = 0
    for byte in head[6:]:
        length = length << 7 | byte & 0x7F
    has_footer = head[5] & 0x10
    return 10 + length + (10 if has_footer else 0)


def _frame_length(head: bytes) -> int:
    """In bytes, with the header; 0 where no frame begins, or one that does not say how long it is."""
    if len(head) < 4 or not _looks_like_mp3(head[:2]):
        return 0
    version, kbits, rate = (head[1] >> 3) & 0b11, head[2] >> 4, (head[2] >> 2) & 0b11
    if version not in _RATES or kbits in {0, 15} or rate == 3:
        return 0
    family = 1 if version == 0b11 else 2
    slots = 144_000 if family == 1 else 72_000
    padding = (head[2] >> 1) & 1
    return slots * _KBITS[family][kbits] // _RATES[version][rate] + padding


def _declared(first: bytes) -> int | None:
    """How many frames follow the first one, as that says; None: it does not."""
    for name in (b"Xing", b"Info"):
        at = first.find(name, 4, 48)
        if at >= 0:
            flags, frames = struct.unpack_from(">II", first.ljust(at + 12, b"\0"), at + 4)
            return frames if flags & 1 else None
    if first[36:40] == b"VBRI":
        return int(struct.unpack_from(">I", first.ljust(54, b"\0"), 50)[0])
    return None
