"""What sound costs: the mixer's share of a processor, and the memory of a sound of ten minutes, whole and streamed."""

import io
import shutil
import subprocess
import sys
import tempfile
import time
import wave
from array import array
from pathlib import Path

from bellwire.device.ringer.clip import Whole
from bellwire.device.ringer.decoding import pieces_of
from bellwire.device.ringer.mixer import Mixer
from bellwire.device.ringer.sounds import RATE, bell
from bellwire.device.ringer.voice import Ring

SECONDS = 60
PERIOD = RATE // 50
"""Frames for which the card asks at a time."""


def measure() -> dict[str, float]:
    """Per cent of one processor while it plays, and megabytes that a process grows by."""
    with tempfile.TemporaryDirectory() as folder:
        long = _ten_minutes(Path(folder))
        return {
            "mixer_silent_percent": _share(None, 1.0),
            "mixer_bell_percent": _share(0, 1.0),
            "mixer_soft_percent": _share(0, 0.5),
            "mixer_ramp_percent": _share(SECONDS * RATE, 0.5),
            "decoding_percent": _decoding_share(long),
            "long_sound_streamed_mb": _growth(_STREAMED, long),
            "long_sound_whole_mb": _growth(_WHOLE, long),
        }


def _share(ramp: int | None, volume: float) -> float:
    mixer, clip = Mixer(volume=volume), Whole(bell("ALARM"))
    if ramp is not None:
        mixer.play(Ring("bench", lambda: [clip], ramp=ramp))
    begin = time.process_time()
    for _ in range(SECONDS * RATE // PERIOD):
        mixer.read(PERIOD)
    return 100 * (time.process_time() - begin) / SECONDS


def _decoding_share(path: Path) -> float:
    begin = time.process_time()
    frames = sum(len(piece) // 2 for piece in pieces_of(path))
    return 100 * (time.process_time() - begin) * RATE / frames


def _ten_minutes(folder: Path) -> Path:
    """An MP3 where something makes one, else a WAV, at 44.1 kHz, so that it is resampled too."""
    tone = array("h", (8000 if n % 100 < 50 else -8000 for n in range(44_100))).tobytes()
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(44_100)
        writer.writeframes(tone * 600)
    (folder / "long.wav").write_bytes(file.getvalue())
    if shutil.which("lame"):
        subprocess.run(["lame", "--quiet", "-b", "128", "long.wav", "long.mp3"], cwd=folder, check=True)
        return folder / "long.mp3"
    return folder / "long.wav"


_STREAMED = """
passage = clip_of(path, examine(path).frames).opened()
while passage.left:
    while not passage._waiting:
        time.sleep(0.0001)
    passage.take(960)
"""
_WHOLE = """
whole = b"".join(pieces_of(path))
"""
_GROWTH = """
import sys, time
from pathlib import Path
from bellwire.device.ringer.decoding import clip_of, examine, pieces_of

def most():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024

path, before = Path(sys.argv[1]), most()
{what}
print(most() - before)
"""


def _growth(what: str, path: Path) -> float:
    command = [sys.executable, "-c", _GROWTH.format(what=what), str(path)]
    return float(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


def report(figures: dict[str, float]) -> list[tuple[str, str, str]]:
    """Rows for the table: what, figure, what is to be reached."""

    def per_cent(name: str) -> str:
        return f"{figures[f'{name}_percent']:.2f} %"

    return [
        ("mixer, of one processor: silent (floor)", per_cent("mixer_silent"), ""),
        ("… a bell, at full and at half volume", f"{per_cent('mixer_bell')}, {per_cent('mixer_soft')}", ""),
        ("… a bell in a ramp", per_cent("mixer_ramp"), ""),
        ("decoding while it plays", per_cent("decoding"), ""),
        ("memory of a sound of ten minutes, streamed", f"{figures['long_sound_streamed_mb']:.1f} MB", ""),
        ("… as a whole", f"{figures['long_sound_whole_mb']:.1f} MB", ""),
    ]


if __name__ == "__main__":
    print(measure())
