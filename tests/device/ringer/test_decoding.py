import struct
from array import array
from collections.abc import Callable

import pytest

from bellwire.device.ringer.decoding import decode, sniff
from bellwire.device.ringer.sounds import RATE, AssetError

Make = Callable[..., bytes]


def crc(data: bytes, *, bits: int, polynomial: int) -> int:
    value, top, mask = 0, 1 << (bits - 1), (1 << bits) - 1
    for byte in data:
        value ^= byte << (bits - 8)
        for _ in range(8):
            value = ((value << 1) ^ (polynomial if value & top else 0)) & mask
    return value


def flac(levels: list[int], *, declared: int | None = None) -> bytes:
    """A FLAC file of one constant block of 4096 frames for each level (RFC 9639), 48 kHz mono."""
    frames = 4096 * len(levels) if declared is None else declared
    stream_info = struct.pack(">HHHIQ", 4096, 4096, 0, 0, (RATE << 44) | (15 << 36) | frames) + bytes(16)
    file = b"fLaC\x80" + len(stream_info).to_bytes(3, "big") + stream_info
    for n, level in enumerate(levels):
        head = bytes([0xFF, 0xF8, 0xCA, 0x08, n])
        block = head + bytes([crc(head, bits=8, polynomial=0x07), 0]) + struct.pack(">h", level)
        file += block + crc(block, bits=16, polynomial=0x8005).to_bytes(2, "big")
    return file


def test_a_wav_of_our_own_kind_comes_out_sample_by_sample(tone: Make, wav: Make) -> None:
    pcm = tone(40_000, 5000)
    assert decode(wav(pcm)) == pcm


def test_another_rate_and_two_channels_become_48_khz_mono(wav: Make) -> None:
    stereo = array("h", [3000, 1000] * 16_000).tobytes()
    sound = array("h", decode(wav(stereo, rate=16_000, channels=2)))
    assert len(sound) == pytest.approx(RATE, abs=10)
    assert all(abs(sample - 2000) < 5 for sample in sound[100:-100])


def test_a_flac_is_decoded() -> None:
    assert decode(flac([700, -800])) == array("h", [700] * 4096 + [-800] * 4096).tobytes()


def test_a_cut_flac_is_refused() -> None:
    with pytest.raises(AssetError, match=r"cut: 0\.2 s of 0\.9 s"):
        decode(flac([700, -800], declared=10 * 4096))


def test_an_mp3_that_begins_like_a_flac_is_refused() -> None:
    frame = b"\xff\xfb\x90\x00" + bytes(413)
    with pytest.raises(AssetError, match="the FLAC file cannot be decoded"):
        decode(b"fLaC" + frame * 20)


@pytest.mark.parametrize("kept", [100, 1000, -2])
def test_a_cut_wav_is_refused(kept: int, tone: Make, wav: Make) -> None:
    with pytest.raises(AssetError, match="cut"):
        decode(wav(tone(4000, 5000))[:kept])


def test_a_wav_without_data_is_refused(tone: Make, wav: Make) -> None:
    head = bytearray(wav(tone(4000, 5000))[:36])
    head[4:8] = struct.pack("<I", 28)
    with pytest.raises(AssetError, match="no data chunk"):
        decode(bytes(head))


def test_a_wav_written_to_a_pipe_has_no_sizes_and_is_taken(tone: Make, wav: Make) -> None:
    pcm = tone(4000, 5000)
    for unknown in (0x7FFF_F000, 0xFFFF_FFFF):
        streamed = bytearray(wav(pcm))
        streamed[4:8] = streamed[40:44] = struct.pack("<I", unknown)
        assert decode(bytes(streamed)) == pcm


def test_more_than_five_minutes_are_refused(tone: Make, wav: Make) -> None:
    five_minutes = wav(tone(300 * 2000, 100), rate=2000)
    assert len(decode(five_minutes)) == pytest.approx(300 * RATE * 2, rel=0.001)
    with pytest.raises(AssetError, match="longer than 5 minutes"):
        decode(wav(tone(301 * 2000, 100), rate=2000))


def test_a_file_that_is_silent_is_refused(wav: Make) -> None:
    for silence in (b"", bytes(2000)):
        with pytest.raises(AssetError, match="no sound"):
            decode(wav(silence))


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
        decode(body)
    assert repr(body[:16]) in str(refusal.value)


@pytest.mark.parametrize("head", [b"ID3\x04\x00", b"\xff\xfb\x90\x00", b"fLaC", b"OggS" + bytes(30) + b"\x01vorbis"])
def test_a_right_beginning_and_then_nonsense_is_refused(head: bytes) -> None:
    with pytest.raises(AssetError):
        decode(head + b"not a sound at all " * 50)
