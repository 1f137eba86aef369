import threading
import wave
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bellwire.device.ringer.playback import Playback

Make = Callable[..., bytes]


def play_until(source: Callable[[int], bytes], enough: threading.Event, record: Path | None = None) -> None:
    playback = Playback(source, output="null", record=record)
    try:
        playback.start()
        assert enough.wait(10)
    finally:
        playback.close()


def test_the_null_output_asks_for_frames_and_says_what_it_is() -> None:
    enough, asked = threading.Event(), []

    def source(frames: int) -> bytes:
        asked.append(frames)
        if sum(asked) > 4800:
            enough.set()
        return bytes(2 * frames)

    with capture_logs() as said:
        play_until(source, enough)
    assert all(0 < frames <= 4800 for frames in asked)
    assert [entry["event"] for entry in said] == [
        "playing into nothing: the null output is in use",
        "sound output started",
    ]
    assert said[1]["backend"] == "Null"


def failing(_frames: int) -> bytes:
    raise RuntimeError("no sound today")


def too_much(frames: int) -> bytes:
    return bytes(2 * frames + 2)


@pytest.mark.parametrize("fault", [failing, too_much])
def test_a_source_that_fails_is_asked_again_and_complained_of_once(
    fault: Callable[[int], bytes], tmp_path: Path, tone: Make
) -> None:
    enough, calls = threading.Event(), []

    def source(frames: int) -> bytes:
        calls.append(frames)
        if len(calls) <= 3:
            return fault(frames)
        if len(calls) > 5:
            enough.set()
        return tone(frames, 5000)

    with capture_logs() as said:
        play_until(source, enough, record=tmp_path / "heard.wav")
    assert [entry["log_level"] for entry in said].count("error") == 1
    with wave.open(str(tmp_path / "heard.wav"), "rb") as file:
        assert file.readframes(calls[3]) == tone(calls[3], 5000)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_a_recording_that_fails_does_not_end_the_sound(tone: Make) -> None:
    enough, calls = threading.Event(), []

    def source(frames: int) -> bytes:
        calls.append(frames)
        if len(calls) > 5:
            enough.set()
        return tone(frames, 5000)

    with capture_logs() as said:
        play_until(source, enough, record=Path("/dev/full"))
    assert [entry["event"] for entry in said if entry["log_level"] == "warning"] == [
        "recording ended: the file cannot be written",
        "recording is incomplete",
    ]


def test_a_recording_that_cannot_be_begun_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        Playback(failing, output="null", record=tmp_path / "missing" / "heard.wav")


def test_close_twice_is_close_once() -> None:
    playback = Playback(lambda frames: bytes(2 * frames), output="null")
    playback.start()
    playback.close()
    playback.close()
