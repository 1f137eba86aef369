import math
import wave
from array import array
from pathlib import Path

import pytest
from rich.console import Console

from bellwire.cli import performance
from bellwire.cli.failure import Failure
from bellwire.cli.performance import Show, check_sound, perform
from bellwire.cli.processes import Process
from tests.cli.running import ran_alone


def recording(path: Path, seconds: float, loudness: int) -> Path:
    samples = array("h", (round(loudness * math.sin(n / 20)) for n in range(round(seconds * 48_000))))
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", "not compressed"))
        file.writeframes(samples.tobytes())
    return path


@pytest.fixture
def show() -> Show:
    return Show(False, Console(), math.inf)


def test_a_silent_or_short_recording_is_told(tmp_path: Path, show: Show) -> None:
    with pytest.raises(Failure, match="loudest sample is 10 of 32767"):
        check_sound(recording(tmp_path / "quiet.wav", 8, 10), show)
    with pytest.raises(Failure, match=r"has 1\.0 s of sound"):
        check_sound(recording(tmp_path / "short.wav", 1, 20_000), show)
    check_sound(recording(tmp_path / "good.wav", 8, 20_000), show)


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    out = tmp_path / "missing" / "demo.wav"
    assert f"{out}: No such file" in ran_alone("demo", "--out", out).complaint


def test_the_access_token_of_the_speaker_is_not_among_what_everybody_sees(
    tmp_path: Path, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[tuple[object, ...], dict[str, str]]] = []

    class Watched(Process):
        def __init__(self, *args: str | Path, log: Path, environment: dict[str, str]) -> None:
            seen.append((args, environment))
            super().__init__("--version", log=log)

    monkeypatch.setattr(performance, "Process", Watched)
    with pytest.raises(ValueError), performance._speaker(tmp_path, "https://localhost:1", "s3cret", tmp_path, show):
        pytest.fail("it connected")
    [(args, environment)] = seen
    assert environment == {"BELLWIRE_TOKEN": "s3cret"}
    assert "s3cret" not in map(str, args)


def test_what_did_not_happen_in_time_is_said_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(performance, "AT_MOST", 0.0)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(Failure, match=r"^the cloud did not start within 0 s$"):
        perform(tmp_path / "demo.wav", as_json=True)
    assert [file.name for file in tmp_path.iterdir()] == ["demo.wav"]
