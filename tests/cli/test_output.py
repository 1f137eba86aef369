"""Output for what must not wait for its reader."""

import os
import subprocess
import sys
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path

import pytest

from bellwire.cli.output import Unwaiting, printable
from tests.cli.test_speaker import options


@pytest.fixture
def pipe() -> Iterator[tuple[int, TextIOWrapper]]:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w", encoding="utf-8") as stream:
        yield reader, stream
    os.close(reader)


def test_a_sign_of_several_characters_stays_one_and_what_commands_a_terminal_goes() -> None:
    for whole in ("👩\u200d👩\u200d👧", "می\u200cخواهم", "❤\ufe0f", "ก็"):
        assert printable(whole) == whole
    assert printable("a\x1b[31m\u202eb\u2066c\u2028d") == "a�[31m�b�c�d"


def test_what_is_written_comes_out_whole_and_in_order(pipe: tuple[int, TextIOWrapper]) -> None:
    reader, stream = pipe
    out = Unwaiting(stream)
    for number in range(1000):
        assert out.write(f"Linie {number} ü\n") == len(f"Linie {number} ü\n")
    out.finish(10)
    assert os.read(reader, 65_536).decode() == "".join(f"Linie {number} ü\n" for number in range(1000))


def test_it_waits_for_nobody_and_leaves_out_what_is_too_much(pipe: tuple[int, TextIOWrapper]) -> None:
    reader, stream = pipe
    gaps: list[str] = []
    out = Unwaiting(stream, on_gap=lambda: gaps.append("gap"))
    line = "x" * 999_999 + "\n"
    for _ in range(10):
        out.write(line)
    assert gaps == ["gap"]
    out.finish(0.01)
    read = 0
    while read < 4 * len(line):
        read += len(os.read(reader, 1_000_000))
    out.finish(10)
    out.write("on\n")
    out.finish(10)
    assert os.read(reader, 65_536) == b"on\n"
    assert read == 4 * len(line)


def test_a_reader_that_is_gone_is_no_trouble(pipe: tuple[int, TextIOWrapper]) -> None:
    _, stream = pipe
    with open(os.devnull, "w") as gone:  # noqa: PTH123
        os.dup2(gone.fileno(), stream.fileno())
    out = Unwaiting(stream)
    out.write("nobody\n")
    out.finish(10)


def test_a_speaker_whose_lines_nobody_reads_goes_on_and_ends(tmp_path: Path) -> None:
    """A pipe that is full: what a terminal is that somebody holds with Ctrl-S."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(writer, b"x" * 65_536)
    os.set_blocking(writer, True)
    command = [sys.executable, "-m", "bellwire", *options(tmp_path, "https://127.0.0.1:9")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=writer, stderr=subprocess.DEVNULL) as speaker:
        os.close(writer)
        try:
            # Each of the words before the last one has a line said.
            speaker.communicate(b"softer\n" * 10 + b"quit\n", timeout=30)
        finally:
            speaker.kill()
    assert speaker.returncode == 0
    os.close(reader)
