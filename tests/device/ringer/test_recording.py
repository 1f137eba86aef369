import wave
from collections.abc import Callable
from pathlib import Path

import pytest

from bellwire.device.ringer import recording
from bellwire.device.ringer.recording import Recording

Make = Callable[..., bytes]


def frames_of(path: Path) -> bytes:
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 48_000)
        return file.readframes(file.getnframes())


def test_it_begins_with_the_first_sound_and_keeps_later_silence(tmp_path: Path, tone: Make) -> None:
    written = Recording(tmp_path / "heard.wav")
    for piece in (bytes(960), tone(480, 5000), bytes(960), tone(480, 6000)):
        written.write(piece)
    written.close()
    assert frames_of(tmp_path / "heard.wav") == tone(480, 5000) + bytes(960) + tone(480, 6000)


def test_it_can_be_read_while_it_is_written(tmp_path: Path, tone: Make) -> None:
    written = Recording(tmp_path / "heard.wav")
    written.write(tone(4800, 5000))
    written.write(tone(4800, 6000))
    with wave.open(str(tmp_path / "heard.wav"), "rb") as file:
        assert file.getnframes() == 9600
    written.close()


def test_it_is_bounded(tmp_path: Path, tone: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "MAX_SECONDS", 1)
    written = Recording(tmp_path / "heard.wav")
    for _ in range(5):
        written.write(tone(20_000, 5000))
    written.close()
    assert frames_of(tmp_path / "heard.wav") == (tone(20_000, 5000) * 3)[: 48_000 * 2]


def test_nothing_heard_is_a_sound_file_without_frames(tmp_path: Path) -> None:
    Recording(tmp_path / "heard.wav").close()
    assert frames_of(tmp_path / "heard.wav") == b""
