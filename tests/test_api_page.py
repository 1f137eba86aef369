"""docs/api.md: its examples run as they stand, and give what the page says that they give."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bellwire.cli.processes import Process, free_port

PAGE = Path(__file__).parents[1] / "docs" / "api.md"
GIVES = "#> "


def examples() -> str:
    return "\n".join(re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE))


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")
def test_the_examples_give_what_the_page_says(tmp_path: Path) -> None:
    port, data = free_port(), tmp_path / "data"
    made = subprocess.run(
        [sys.executable, "-P", "-m", "bellwire", "account", "add", "home", "--data", str(data), "--json"],
        capture_output=True,
        check=True,
    )
    token = re.findall(r'"token":"([^"]+)"', made.stdout.decode())[0]
    with Process("cloud", "--port", str(port), "--data", data, "--speech", "none", log=tmp_path / "log") as cloud:
        cloud.line(within=30)
        there = {"CLOUD": f"https://localhost:{port}", "CA": str(data / "ca.pem"), "TOKEN": token}
        script = f"set -euo pipefail\n{examples()}"
        ran = subprocess.run(
            ["bash", "-c", script],
            env={**os.environ, **there},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        place = 0
        for line in examples().splitlines():
            if line.startswith(GIVES):
                expected = line.removeprefix(GIVES)
                place = ran.stdout.find(expected, place)
                assert place >= 0, f"{expected!r} is not in:\n{ran.stdout}"
        assert cloud.end() == 0
