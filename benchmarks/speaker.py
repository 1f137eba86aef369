"""A speaker's start, until its downchannel stands, and its memory: the command as people run it, null sound card."""

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.servers import Ready, data_folder, populate, running

STARTS = 5

_LIBRARIES = "import asyncio, ssl, sqlite3, msgspec, structlog, h2.connection, miniaudio; print(flush=True); input()"
"""What any speaker in Python stands on: nothing of ours is in it."""


def measure() -> dict[str, float]:
    """Median seconds from the start of the process, and the most resident memory in MB among the starts."""
    with data_folder() as data, data_folder() as folder:
        _, devices = populate(data, STARTS, 10)
        with running("benchmarks.cloud_server", data) as cloud:
            # The first run writes the byte code, as it does wherever somebody installs it.
            _run(cloud, devices[0].token, folder / "0")
            runs = [_run(cloud, device.token, folder / str(number)) for number, device in enumerate(devices)]
    return {
        "libraries_rss_mb": _resident_libraries(),
        "speaker_start_s": statistics.median(seconds for seconds, _ in runs),
        "speaker_rss_mb": max(megabytes for _, megabytes in runs),
    }


def _run(cloud: Ready, token: str, folder: Path) -> tuple[float, float]:
    url = f"https://localhost:{cloud.port}"
    command = [sys.executable, "-m", "bellwire", "speaker", "--json", "--output", "null"]
    command += ["--url", url, "--ca", str(cloud.ca), "--data", str(folder)]
    begin = time.perf_counter()
    environment = {**_as_people_have_it(), "BELLWIRE_TOKEN": token}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        connected = 0.0
        alerts = 0
        for line in process.stdout:
            event = json.loads(line)["event"]
            connected = connected or (time.perf_counter() - begin if event == "connected" else 0.0)
            alerts += event == "set"
            if connected and alerts == 10:
                break
        megabytes = _resident(process.pid)
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    return connected, megabytes


def _as_people_have_it() -> dict[str, str]:
    """The environment, without what some machines for builds set: byte code is written."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _resident_libraries() -> float:
    with subprocess.Popen([sys.executable, "-c", _LIBRARIES], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        megabytes = _resident(process.pid)
        process.communicate(b"\n")
    return megabytes


def _resident(pid: int) -> float:
    """The memory that a process has resident, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    kilobytes = next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1]
    return int(kilobytes) / 1024


def report(figures: dict[str, float]) -> list[tuple[str, str, str]]:
    """Rows for the table: what, figure, what is to be reached."""
    return [
        ("speaker: start to connected", f"{figures['speaker_start_s']:.2f} s", ""),
        ("speaker: resident memory", f"{figures['speaker_rss_mb']:.1f} MB", "≤ 32 MB"),
        ("… the libraries alone, with nothing of ours", f"{figures['libraries_rss_mb']:.1f} MB", ""),
    ]


if __name__ == "__main__":
    print(measure())
