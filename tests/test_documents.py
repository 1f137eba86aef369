"""What the documents say of the speaker is so: their programs, their keys, their services."""

import re
import shlex
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar, get_args

import pytest

from bellwire.cli.face_layout import keys_of
from bellwire.cli.keys import KEYS, Word
from bellwire.cli.shown import Shown
from bellwire.device import Button, Lights
from tests.cli.running import ran_alone

ROOT = Path(__file__).parent.parent
UNITS = sorted((ROOT / "examples" / "systemd").rglob("*.service"))


def programs(document: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / "docs" / document).read_text(encoding="utf-8"), re.DOTALL)


class Line:
    """A pin of a board that is not there."""

    lines: ClassVar[dict[int, "Line"]] = {}

    def __init__(self, pin: int, **_how: float) -> None:
        self.lines[pin] = self
        self.when_pressed: Any = None
        self.value = 0.0
        self.blinks = self.is_closed = False

    def blink(self, _on: float, _off: float) -> None:
        self.blinks = True

    def close(self) -> None:
        self.is_closed = True


def test_the_bedside_clock_of_the_raspberry_pi(monkeypatch: pytest.MonkeyPatch) -> None:
    board = ModuleType("gpiozero")
    board.__dict__.update(Button=Line, PWMLED=Line)
    monkeypatch.setitem(sys.modules, "gpiozero", board)
    [program] = programs("raspberry-pi.md")
    names: dict[str, Any] = {"__name__": "bedside"}
    exec(compile(program, "raspberry-pi.md", "exec"), names)
    clock = names["Bedside"]()
    pressed: list[Button] = []
    clock.listen(pressed.append)
    for pin in (22, 17, 27):
        Line.lines[pin].when_pressed()
    assert pressed == [Button.MUTE, Button.STOP, Button.SNOOZE]
    lamp = Line.lines[18]
    clock.show(Lights())
    assert (lamp.value, lamp.blinks) == (0.1, False)
    clock.show(Lights(connected=True, alert_set=True))
    assert (lamp.value, lamp.blinks) == (0.0, False)
    clock.show(Lights(connected=True, ringing=True))
    assert lamp.blinks
    clock.close()
    assert all(line.is_closed for line in Line.lines.values())


def test_the_amplifier_of_the_library_s_page() -> None:
    example, bedside = programs("speaker.md")
    compile(example, "speaker.md", "exec")
    names: dict[str, Any] = {"__name__": "bedside"}
    exec(compile(bedside, "speaker.md", "exec"), names)
    amplifier, lamp = SimpleNamespace(), SimpleNamespace()
    clock = names["Bedside"](amplifier, lamp)
    assert clock.set_volume(30)
    clock.show(Lights(connected=True))
    assert (amplifier.gain, lamp.on) == (0.3, False)


def test_every_key_and_word_stands_in_the_page() -> None:
    page = (ROOT / "docs" / "speaker.md").read_text(encoding="utf-8")
    rows = {row for row in page.splitlines() if row.startswith("| `") and row.count("|") == 4}
    told = {key for row in rows for key in re.findall(r"`([^`])`", row.split("|")[1])}
    assert told == {key for key, _ in keys_of(Shown("https://cloud"))} == {*KEYS, "l"}
    words = {word for row in rows for word in re.findall(r"`([a-z-]+)`", row.split("|")[2])}
    assert words == set(get_args(Word))


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.parent.name)
def test_what_a_service_starts_can_be_started(unit: Path) -> None:
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(unit)
    program, *arguments = shlex.split(parser["Service"]["ExecStart"])
    assert Path(program).name == "bellwire"
    assert arguments.pop() == "$SPEAKER_OPTIONS"
    assert "--plain" in ran_alone(*arguments, "--help").text


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze to ask")
def test_the_machine_s_service_is_shut_in() -> None:
    [unit] = [unit for unit in UNITS if unit.parent.name == "systemd"]
    command = ["systemd-analyze", "security", "--offline=yes", "--threshold=25", "--no-pager", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stdout
