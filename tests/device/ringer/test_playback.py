import threading
import time
import wave
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bellwire.device.ringer import playback as playback_module
from bellwire.device.ringer.card import Card, Feed, open_nothing
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


def until(is_so: Callable[[], bool]) -> None:
    """Waits, for what happens on another thread."""
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.001)


class Sounds:
    """A source that counts, and can be waited for."""

    def __init__(self) -> None:
        self.asked = threading.Semaphore(0)

    def __call__(self, frames: int) -> bytes:
        self.asked.release()
        return bytes(2 * frames)

    def wait(self, times: int = 5) -> None:
        for _ in range(times):
            assert self.asked.acquire(timeout=10)

    def forget(self) -> None:
        while self.asked.acquire(blocking=False):
            pass


def stops(playback: Playback) -> None:
    """As when the card is pulled out: the library says that it has stopped."""
    playback._card._stop_callback(None)  # type: ignore[union-attr]


def falls_mute(playback: Playback) -> None:
    """As when its thread hangs, or an exception has got into the library: it says that it runs, and asks no more."""
    playback._card.callback_generator = None  # type: ignore[union-attr]


@pytest.mark.parametrize("death", [stops, falls_mute])
def test_a_card_that_dies_is_noticed_and_another_one_plays_on(
    death: Callable[[Playback], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playback_module, "STALLED_SECONDS", 0.2)
    monkeypatch.setattr(playback_module, "_LOOK_SECONDS", 0.02)
    sounds = Sounds()
    with capture_logs() as said:
        playback = Playback(sounds, output="null")
        playback.start()
        sounds.wait()
        first = playback._card
        death(playback)
        until(lambda: playback._card not in {first, None})
        sounds.forget()
        sounds.wait()
        playback.close()
    events = [entry["event"] for entry in said]
    assert "the sound card plays no more: another one is looked for" in events
    assert events.count("sound output started") >= 2


class Plug:
    """A socket for sound cards, in which there may be one: the null device, which is as real as any."""

    def __init__(self) -> None:
        self.has_card = False
        self.looked = threading.Semaphore(0)

    def open_card(self, feed: Feed) -> Card | None:
        self.looked.release()
        return open_nothing(feed) if self.has_card else None


@pytest.fixture
def plug(monkeypatch: pytest.MonkeyPatch) -> Plug:
    made = Plug()
    monkeypatch.setattr(playback_module, "open_card", made.open_card)
    monkeypatch.setattr(playback_module, "SEARCH_SECONDS", 0.01)
    monkeypatch.setattr(playback_module, "_LOOK_SECONDS", 0.01)
    return made


def test_without_a_card_it_is_said_and_one_that_is_plugged_in_later_is_taken(plug: Plug) -> None:
    sounds = Sounds()
    with capture_logs() as said:
        playback = Playback(sounds, output="auto")
        playback.start()
        sounds.wait()
        assert not playback._is_heard
        for _ in range(5):
            assert plug.looked.acquire(timeout=10)
        sounds.forget()
        sounds.wait()
        plug.has_card = True
        until(lambda: playback._is_heard)
        sounds.forget()
        sounds.wait()
        playback.close()
    warned = [entry["event"] for entry in said if entry["log_level"] == "warning"]
    assert warned == ["no sound card could be opened: nothing will be heard"]
    assert [entry["event"] for entry in said].count("sound output started") == 2


def test_a_card_that_is_pulled_out_is_followed_by_nothing_and_then_by_itself(plug: Plug) -> None:
    plug.has_card, sounds = True, Sounds()
    with capture_logs() as said:
        playback = Playback(sounds, output="auto")
        playback.start()
        sounds.wait()
        plug.has_card = False
        stops(playback)
        until(lambda: not playback._is_heard)
        sounds.forget()
        sounds.wait()
        plug.has_card = True
        until(lambda: playback._is_heard)
        sounds.forget()
        sounds.wait()
        playback.close()
    assert [entry["event"] for entry in said if entry["log_level"] != "info"] == [
        "the sound card plays no more: another one is looked for",
        "no sound card could be opened: nothing will be heard",
    ]


def test_a_card_that_is_closed_hanging_holds_up_nothing(plug: Plug, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playback_module, "_PATIENCE", 0.01)
    may_close, closed = threading.Event(), threading.Event()

    class Hanging:
        backend, stop_callback = "hanging", None

        def __init__(self, feed: Feed) -> None:
            feed.send(10)

        def close(self) -> None:
            assert may_close.wait(10)
            closed.set()

    monkeypatch.setattr(playback_module, "open_nothing", Hanging)
    playback = Playback(Sounds(), output="null")
    playback.start()
    playback.close()
    assert not closed.is_set()
    may_close.set()
    assert closed.wait(10)
