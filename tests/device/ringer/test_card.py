"""What is looked for where there is no sound card, and what the libraries of those that are not there may print."""

import subprocess
import sys
from pathlib import Path

import miniaudio
import pytest

from bellwire.device.ringer import card


@pytest.mark.parametrize(
    ("left", "runs"),
    [
        ([], False),
        (["jack_db-0", "sem.other"], False),
        (["jack_db-0", "jack_default_1000_0"], True),
        (["jack-0"], True),
    ],
)
def test_jack_is_asked_only_where_its_server_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: list[str], runs: bool
) -> None:
    for name in left:
        (tmp_path / name).mkdir()
    monkeypatch.setattr(card, "_SHARED_MEMORY", tmp_path)
    is_there = {backend.name for backend in miniaudio.get_enabled_backends()}
    assert ("JACK" in card.tried()) is (runs and "JACK" in is_there)
    assert {"NULL", "CUSTOM"}.isdisjoint(card.tried().split(", "))


LOOK = """
from bellwire.device.ringer.card import open_card
def silence():
    frames = yield b""
    while True:
        frames = yield bytes(frames * 2)
feed = silence()
next(feed)
card = open_card(feed)
print("a card" if card else "none")
"""


def test_where_there_is_no_card_nothing_but_the_log_says_so() -> None:
    looked = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, timeout=30, check=True)
    if looked.stdout == "none\n":
        assert looked.stderr == ""
