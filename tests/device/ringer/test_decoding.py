import math
import os
import struct
import subprocess
import sys
import time
from array import array
from collections import deque
from collections.abc import Callable
from pathlib import Path

import pytest

from bellwire.device.ringer import decoding
from bellwire.device.ringer.clip import Whole
from bellwire.device.ringer.decoding import clip_of, examine
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


@pytest.fixture
def file(tmp_path: Path) -> Callable[[bytes], Path]:
    """Puts bytes on the disk."""

    def written(content: bytes) -> Path:
        (tmp_path / "sound").write_bytes(content)
        return tmp_path / "sound"

    return written


OnDisk = Callable[[bytes], Path]


def heard(path: Path) -> bytes:
    """The file as a whole, as a ring plays it: piece by piece, as the sound card asks, but in no time."""
    passage, pcm = clip_of(path, examine(path).frames).opened(), b""
    while passage.left:
        while getattr(passage, "_waiting", True) == deque():
            time.sleep(0.0001)  # the card itself would not wait
        pcm += passage.take(960)
    return pcm


def sine(seconds: float, pitch: float, *, rate: int = RATE, level: int = 8000) -> bytes:
    turn = math.tau * pitch / rate
    return array("h", (round(level * math.sin(turn * n)) for n in range(round(seconds * rate)))).tobytes()


def strength(pcm: bytes, pitch: float) -> float:
    """How much of a sine of `pitch` is in it, as the level that it would have."""
    sound, turn = array("h", pcm), math.tau * pitch / RATE
    real = sum(sample * math.cos(turn * n) for n, sample in enumerate(sound))
    imaginary = sum(sample * math.sin(turn * n) for n, sample in enumerate(sound))
    return 2 * math.hypot(real, imaginary) / len(sound)


@pytest.mark.parametrize("rate", [48_000, 44_100])
@pytest.mark.parametrize("kind", ["WAV", "MP3", "Ogg Vorbis", "FLAC"])
def test_each_kind_is_heard_as_it_was_recorded(kind: str, rate: int, file: OnDisk, wav: Make, encoded: Make) -> None:
    path = file(encoded(kind, wav(sine(0.5, 440, rate=rate), rate=rate)))
    assert examine(path) == (kind, RATE // 2)
    pcm = heard(path)
    assert len(pcm) == RATE
    assert strength(pcm, 440) == pytest.approx(8000, rel=0.1)
    assert strength(pcm, 660) < 100


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9, -400, -1])
@pytest.mark.parametrize("kind", ["WAV", "MP3", "Ogg Vorbis", "FLAC"])
def test_a_cut_file_of_any_kind_is_refused(kind: str, kept: float, file: OnDisk, wav: Make, encoded: Make) -> None:
    whole = encoded(kind, wav(sine(0.5, 440)))
    with pytest.raises(AssetError, match="cut"):
        examine(file(whole[: int(kept * len(whole)) if 0 < kept < 1 else int(kept)]))


def test_an_mp3_that_is_cut_between_two_frames_is_refused(file: OnDisk, wav: Make, encoded: Make) -> None:
    whole = encoded("MP3", wav(sine(0.5, 440)))
    frame = 192  # of 64 kbit/s at 48 kHz
    assert len(whole) % frame == 0
    with pytest.raises(AssetError, match=r"cut: it has \d+ of \d+ frames"):
        examine(file(whole[:-frame]))


def test_an_mp3_with_labels_for_players_is_taken(file: OnDisk, wav: Make, encoded: Make) -> None:
    labelled = encoded("MP3", wav(sine(0.5, 440)), "--add-id3v2", "--pad-id3v2-size", "999", "--tt", "Wake up")
    assert labelled.startswith(b"ID3")
    assert b"TAG" in labelled[-128:]
    # The decoder leaves out the frame before a label at the end.
    assert examine(file(labelled)).frames == pytest.approx(RATE // 2, abs=1152)


@pytest.mark.parametrize("kind", ["WAV", "MP3", "Ogg Vorbis", "FLAC"])
def test_a_long_file_is_heard_sample_by_sample_while_it_is_decoded(
    kind: str, file: OnDisk, wav: Make, encoded: Make
) -> None:
    path = file(encoded(kind, wav(sine(3, 440))))
    clip = clip_of(path, examine(path).frames)
    assert not isinstance(clip, Whole)
    whole = b"".join(decoding.pieces_of(path))
    assert len(whole) == 2 * 3 * RATE
    for _ in range(2):
        assert heard(path) == whole


def test_a_wav_of_our_own_kind_comes_out_sample_by_sample(file: OnDisk, tone: Make, wav: Make) -> None:
    pcm = tone(40_000, 5000)
    assert heard(file(wav(pcm))) == pcm


def test_another_rate_and_two_channels_become_48_khz_mono(file: OnDisk, wav: Make) -> None:
    stereo = array("h", [3000, 1000] * 8000).tobytes()
    sound = array("h", heard(file(wav(stereo, rate=16_000, channels=2))))
    assert len(sound) == pytest.approx(RATE // 2, abs=10)
    assert all(abs(sample - 2000) < 5 for sample in sound[100:-100])


def test_a_flac_is_decoded(file: OnDisk) -> None:
    assert heard(file(flac([700, -800]))) == array("h", [700] * 4096 + [-800] * 4096).tobytes()


def test_a_cut_flac_is_refused(file: OnDisk) -> None:
    with pytest.raises(AssetError, match=r"cut: 0\.2 s of 0\.9 s"):
        examine(file(flac([700, -800], declared=10 * 4096)))


def test_an_mp3_that_begins_like_a_flac_is_refused(file: OnDisk) -> None:
    frame = b"\xff\xfb\x90\x00" + bytes(413)
    with pytest.raises(AssetError, match="the FLAC file cannot be decoded"):
        examine(file(b"fLaC" + frame * 20))


def test_a_wav_written_to_a_pipe_has_no_sizes_and_is_taken(file: OnDisk, tone: Make, wav: Make) -> None:
    pcm = tone(4000, 5000)
    for unknown in (0x7FFF_F000, 0xFFFF_FFFF):
        streamed = bytearray(wav(pcm))
        streamed[4:8] = streamed[40:44] = struct.pack("<I", unknown)
        assert heard(file(bytes(streamed))) == pcm


def test_more_than_a_quarter_of_an_hour_is_refused(file: OnDisk, tone: Make, wav: Make) -> None:
    quarter = wav(tone(900 * 200, 100), rate=200)
    assert examine(file(quarter)).frames == pytest.approx(900 * RATE, rel=0.001)
    with pytest.raises(AssetError, match="longer than 15 minutes"):
        examine(file(wav(tone(902 * 200, 100), rate=200)))


def test_a_file_that_is_silent_is_refused(file: OnDisk, wav: Make) -> None:
    for silence in (b"", bytes(2000)):
        with pytest.raises(AssetError, match="no sound"):
            examine(file(wav(silence)))


@pytest.mark.parametrize("head", [b"ID3\x04\x00", b"\xff\xfb\x90\x00", b"fLaC", b"OggS" + bytes(30) + b"\x01vorbis"])
def test_a_right_beginning_and_then_nonsense_is_refused(head: bytes, file: OnDisk) -> None:
    with pytest.raises(AssetError):
        examine(file(head + b"not a sound at all " * 50))


def test_a_file_that_has_gone_since_it_was_examined_can_not_be_opened(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        clip_of(tmp_path / "gone", RATE)


MEASURE = """
import sys, time
from pathlib import Path
from bellwire.device.ringer.decoding import clip_of, examine

def most():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])

path = Path(sys.argv[1])
clip_of(path, examine(path).frames)
before = most()
passage = clip_of(path, examine(path).frames).opened()
while passage.left:
    while not passage._waiting:
        time.sleep(0.0001)
    passage.take(960)
print(most() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux to measure memory")
def test_minutes_cost_no_more_memory_than_a_moment(file: OnDisk, tone: Make, wav: Make) -> None:
    path = file(wav(tone(100 * 8000, 8000), rate=8000))
    measured = subprocess.run(
        [sys.executable, "-c", MEASURE, path], capture_output=True, text=True, check=True, env=os.environ
    )
    assert int(measured.stdout) < 3000  # KB; as a whole it is 9,600
