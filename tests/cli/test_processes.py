import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bellwire.cli.processes import Ended, Process, free_port


def test_lines_and_the_end(tmp_path: Path) -> None:
    with Process("--version", log=tmp_path / "log") as process:
        assert process.line(within=30).startswith("bellwire ")
        for _ in range(2):
            with pytest.raises(Ended, match="it did not say why"):
                process.line(within=30)
        process.say("anything")
        assert process.end() == 0


def test_last_words(tmp_path: Path) -> None:
    with Process("ring", log=tmp_path / "log") as process:
        with pytest.raises(Ended, match="No such command 'ring'"):
            process.line(within=30)
        assert process.end() == 2


def test_the_environment_is_added_to_ours(tmp_path: Path) -> None:
    args = ("speaker", "--url", "https://localhost:1", "--data", tmp_path, "--output", "null", "--json")
    with Process(*args, log=tmp_path / "log", environment={"BELLWIRE_TOKEN": "t"}) as process:
        assert "disconnected" in process.line(within=30)
    with Process(*args, log=tmp_path / "log2") as process:
        assert "waiting" in process.line(within=30), "without a token it asks for a code"


def test_silence_and_a_power_cut(tmp_path: Path) -> None:
    args = ("speaker", "--url", "https://localhost:1", "--data", tmp_path, "--output", "null")
    with Process(*args, log=tmp_path / "log", environment={"BELLWIRE_TOKEN": "t"}) as process:
        with pytest.raises(TimeoutError):
            process.line(within=0)
        process.kill()
        assert process.end() == -9


GIVEN = """
import socket
for _ in range(5_000):
    with socket.socket() as place:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        place.bind(("127.0.0.1", 0))
        print(place.getsockname()[1])
"""


def test_a_port_that_is_free_for_one_is_given_to_nobody_else() -> None:
    ports = {free_port() for _ in range(100)}
    given = subprocess.run([sys.executable, "-c", GIVEN], capture_output=True, text=True, check=True).stdout
    assert len(ports) == 100
    assert ports.isdisjoint(map(int, given.split()))
    for _ in "again":
        with socket.create_server(("127.0.0.1", min(ports))):
            pass
