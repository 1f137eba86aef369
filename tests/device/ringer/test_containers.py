import io
import struct
from collections.abc import Callable

import pytest

from bellwire.device.ringer.containers import check_mp3, check_ogg, check_wav, sniff
from bellwire.device.ringer.sounds import AssetError

Make = Callable[..., bytes]


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "WAV"),
        (b"fLaC\x00", "FLAC"),
        (b"ID3\x04\x00", "MP3"),
        (b"\xff\xfb\x90\x00", "MP3"),
        (b"\xff\xf3\x40\x00", "MP3"),
        (b"OggS\x00\x02" + bytes(22) + b"\x01\x1e\x01vorbis", "Ogg Vorbis"),
    ],
)
def test_the_type_is_told_by_the_content(head: bytes, kind: str) -> None:
    assert sniff(head) == kind


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"<!doctype html><title>Sign in</title>",
        b"RIFF\x00\x00\x00\x00AVI ",
        b"\xff\xf1\x50\x80",
        b"OggS\x00\x02" + bytes(22) + b"\x01\x13OpusHead",
    ],
)
def test_other_content_is_refused_with_its_beginning(body: bytes) -> None:
    with pytest.raises(AssetError, match="neither WAV, MP3, Ogg Vorbis nor FLAC") as refusal:
        sniff(body[:64])
    assert repr(body[:16]) in str(refusal.value)


@pytest.mark.parametrize("kept", [100, 1000, -2])
def test_a_cut_wav_is_refused(kept: int, tone: Make, wav: Make) -> None:
    with pytest.raises(AssetError, match="cut"):
        check_wav(io.BytesIO(wav(tone(4000, 5000))[:kept]))


def test_a_wav_without_data_is_refused(tone: Make, wav: Make) -> None:
    head = bytearray(wav(tone(4000, 5000))[:36])
    head[4:8] = struct.pack("<I", 28)
    with pytest.raises(AssetError, match="no data chunk"):
        check_wav(io.BytesIO(bytes(head)))


def mp3_frame(*, says: bytes = b"") -> bytes:
    """One of 128 kbit/s at 44.1 kHz: 417 bytes; `says` stands where a first frame tells of the others."""
    return (b"\xff\xfb\x90\x00" + bytes(32) + says).ljust(417, b"\0")


def xing(frames: int) -> bytes:
    return mp3_frame(says=b"Xing" + struct.pack(">II", 1, frames))


VBRI = b"VBRI" + bytes(10) + struct.pack(">I", 5)


@pytest.mark.parametrize(
    "file",
    [
        mp3_frame() * 5,
        xing(5) + mp3_frame() * 5,
        mp3_frame(says=VBRI) + mp3_frame() * 5,
        mp3_frame(says=b"Info" + bytes(8)) + mp3_frame() * 3,
        b"ID3\x04\0\0\0\0\1\2" + bytes(130) + xing(2) + mp3_frame() * 2,
        b"ID3\x04\0\x10\0\0\0\5" + bytes(5) + b"3DI\x04\0\x10\0\0\0\5" + mp3_frame() * 2,
        xing(2) + mp3_frame() * 2 + b"TAG" + bytes(125),
        xing(2) + mp3_frame() * 2 + bytes(3000),
        b"ID3",
        mp3_frame() * 2 + b"what is this",
    ],
)
def test_an_mp3_that_is_whole_is_taken(file: bytes) -> None:
    check_mp3(io.BytesIO(file))


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ((mp3_frame() * 5)[:-1], "in its last frame: 416 of 417 bytes"),
        (xing(5) + mp3_frame() * 4, "it has 4 of 5 frames"),
        (mp3_frame(says=VBRI) + mp3_frame() * 2, "it has 2 of 5 frames"),
        (xing(5)[:417], "it has 0 of 5 frames"),
        (xing(3) + mp3_frame() * 2 + b"TAG" + bytes(125), "it has 2 of 3 frames"),
        (b"ID3\x04\0\0\0\0\1\2" + bytes(130) + xing(3) + mp3_frame() * 2, "it has 2 of 3 frames"),
    ],
)
def test_a_cut_mp3_is_refused(file: bytes, why: str) -> None:
    with pytest.raises(AssetError, match=why):
        check_mp3(io.BytesIO(file))


def page(flags: int, *segments: int) -> bytes:
    return b"OggS\0" + bytes([flags]) + bytes(20) + bytes([len(segments), *segments]) + bytes(sum(segments))


@pytest.mark.parametrize("file", [page(6, 3), page(2, 30) + page(0, 255, 255, 7) + page(4, 9), page(2, 3) + page(4)])
def test_an_ogg_that_ends_with_its_last_page_is_taken(file: bytes) -> None:
    check_ogg(io.BytesIO(file))


@pytest.mark.parametrize(
    "file",
    [
        b"",
        page(2, 30),
        page(2, 30) + page(4, 9)[:-1],
        page(2, 30) + page(4, 9)[:12],
        page(2, 30) + b"OggX" + page(4, 9)[4:],
        page(2, 30) + page(4, 9) + page(0, 1),
    ],
)
def test_a_cut_ogg_is_refused(file: bytes) -> None:
    with pytest.raises(AssetError, match="the Ogg file is cut, or damaged"):
        check_ogg(io.BytesIO(file))
