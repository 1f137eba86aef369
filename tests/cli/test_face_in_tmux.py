"""The face in a real terminal, with real keys, at a real cloud."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.running import Bellwire, RunningCloud

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux to drive a terminal with")

PATIENCE = 30.0


class Terminal:
    """A terminal of 80 by 24, in which a command runs."""

    def __init__(self, folder: Path, *command: str | Path) -> None:
        self._socket = folder / "tmux"
        environment = {name: value for name, value in os.environ.items() if name not in {"TMUX", "TERM"}}
        environment |= {"COLUMNS": "80", "LINES": "24"}  # as some shells export them
        size = ("-x", "80", "-y", "24")
        # A shell tells how the command ended, and keeps what it leaves on the screen: tmux's own "Pane is dead" does
        # not come each time.
        shell = ("sh", "-c", '"$@"; echo "ended with $?"; read -r _', "sh", *map(str, command))
        arguments = ("-f", os.devnull, "new-session", "-d", *size, *shell)
        subprocess.run(self._tmux(*arguments), check=True, timeout=30, env=environment)

    def presses(self, *keys: str) -> None:
        subprocess.run(self._tmux("send-keys", *keys), check=True, timeout=30)

    def resizes(self, columns: int, rows: int) -> None:
        subprocess.run(self._tmux("resize-window", "-x", str(columns), "-y", str(rows)), check=True, timeout=30)

    @property
    def screen(self) -> str:
        done = subprocess.run(self._tmux("capture-pane", "-p"), capture_output=True, text=True, check=True, timeout=30)
        return done.stdout

    def until(self, *texts: str, without: str | None = None) -> str:
        """What is on the screen, once all of this is."""
        deadline = time.monotonic() + PATIENCE
        while True:
            screen = self.screen
            if all(text in screen for text in texts) and (without is None or without not in screen):
                return screen
            assert time.monotonic() < deadline, screen
            time.sleep(0.05)

    def ends(self) -> None:
        subprocess.run(self._tmux("kill-server"), check=False, timeout=30, capture_output=True)

    def _tmux(self, *args: str) -> list[str]:
        return ["tmux", "-u", "-S", str(self._socket), *args]


@pytest.fixture
def home(bellwire: Bellwire, cloud: RunningCloud, tmp_path: Path) -> Iterator[tuple[str, Terminal]]:
    """An account, and a terminal in which a speaker of it runs."""
    account = tmp_path.name
    of_account = ("--account", account, "--data", cloud.data)
    assert bellwire("account", "add", account, "--data", cloud.data).status == 0
    token = bellwire("device", "add", *of_account, "--json").answer["access_token"]
    where = ("--url", cloud.url, "--ca", cloud.data / "ca.pem", "--token", token)
    command = (sys.executable, "-m", "bellwire", "speaker", *where, "--data", tmp_path / "speaker", "--output", "null")
    terminal = Terminal(tmp_path, *command)
    yield account, terminal
    terminal.ends()


def test_one_full_round(bellwire: Bellwire, cloud: RunningCloud, home: tuple[str, Terminal]) -> None:
    account, terminal = home
    of_account = ("--account", account, "--data", cloud.data)
    terminal.until(f"● connected to {cloud.url}", "No alert is set.", "Alerts.SynchronizeAlert", "q quit")
    bellwire("alert", "add", "Green tea", "--in", "2s", *of_account)
    terminal.until("REMINDER", "Green tea", "rings for", "Alerts.AlertStarted")
    terminal.presses("s")
    terminal.until("No alert is set.", "Alerts.AlertStopped", "Alerts.DeleteAlertSucceeded", without="rings for")

    bellwire("alert", "add", "Later", "--in", "1h", *of_account)
    terminal.until("› ", "in 59 min", "Later")
    terminal.presses("u")
    terminal.until("○ unplugged from the network", "u plug in")
    terminal.presses("u")
    terminal.until(f"● connected to {cloud.url}")
    terminal.presses("-")
    terminal.until("volume", "90 %")
    terminal.resizes(40, 10)
    terminal.until("90 %", "59 min  Later", "q quit", without="▮")
    terminal.resizes(80, 24)
    terminal.presses("d")
    terminal.until("Alerts.DeleteAlertSucceeded", "No alert is set.")

    terminal.presses("q")
    terminal.until("ended with 0")


def test_logging_out_shows_a_code(cloud: RunningCloud, home: tuple[str, Terminal]) -> None:
    _, terminal = home
    terminal.until(f"● connected to {cloud.url}")
    terminal.presses("l")
    terminal.until("Log out?")
    terminal.presses("n")
    terminal.until("q quit", without="Log out?")
    terminal.presses("l")
    terminal.until("Log out?")
    terminal.presses("y")
    terminal.until("bellwire device approve", "█", "q quit")
    terminal.presses("q")
    terminal.until("ended with 0")
