"""A real process whose real clock is wrong at boot, and then is set, by libfaketime."""

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bellwire.alerts.alert import Kind, Occurrence
from bellwire.device.held import Held, Noted
from bellwire.device.storage import Storage, noted_fact

FAKETIME = shutil.which("faketime")


def preload() -> str:
    """What the command `faketime` has its programs load, of the kind for programs with threads."""
    assert FAKETIME is not None
    command = [FAKETIME, "-m", "-f", "+0s", sys.executable, "-c", "import os; print(os.environ['LD_PRELOAD'])"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def set_to(clock: Path, wanted: datetime) -> None:
    offset = wanted - datetime.now(UTC)
    before = clock.with_suffix(".new")
    before.write_text(f"{offset.total_seconds():+.3f}s\n")
    before.rename(clock)


@pytest.mark.skipif(FAKETIME is None, reason="needs libfaketime (Debian: apt install faketime)")
def test_a_clock_that_boots_a_day_back_is_doubted_until_it_is_set_and_then_rings(tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    due = now + timedelta(hours=2)
    storage = Storage(tmp_path / "speaker.db")
    alerts = [
        Held(Occurrence("soon", Kind.ALARM, due)),
        Held(Occurrence("by the wrong clock", Kind.ALARM, now - timedelta(days=1))),
    ]
    storage.keep(save=alerts, facts=noted_fact(Noted(now, "the boot before")))
    storage.close()
    clock = tmp_path / "clock"
    set_to(clock, now - timedelta(days=1))
    environment = {
        **os.environ,
        "LD_PRELOAD": preload(),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    command = [sys.executable, "-m", "tests.device.faked_speaker", str(tmp_path)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as speaker:
        assert speaker.stdout is not None
        assert speaker.stdout.readline() == "doubted\n"
        set_to(clock, due - timedelta(seconds=3))
        said = [line.split() for line in speaker.stdout]
        assert speaker.wait(20) == 0
    believed, rings = said
    assert (believed, rings[:2]) == (["believed"], ["rings", "soon"])
    assert due.timestamp() <= float(rings[2])
