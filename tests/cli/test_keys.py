import os
import pty
import queue
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import pytest

from bellwire.cli.keys import Wish, words_from


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    source, sink = os.pipe()
    yield source, sink
    os.close(source)


def test_lines_on_a_pipe(pipe: tuple[int, int]) -> None:
    source, sink = pipe
    heard: queue.SimpleQueue[Wish] = queue.SimpleQueue()
    with words_from(source, heard.put) as by_key:
        assert not by_key
        for piece in (b"st", b"op\nnonsense\n", b"DELETE \r\ns\nqu", b"it\n", b"delete a-b\n"):
            os.write(sink, piece)
        os.close(sink)
        wanted = [Wish("stop"), Wish("delete"), Wish("quit"), Wish("delete", "a-b")]
        assert [heard.get(timeout=5) for _ in wanted] == wanted


def test_the_end_of_the_input_says_nothing(pipe: tuple[int, int]) -> None:
    source, sink = pipe
    heard: queue.SimpleQueue[Wish] = queue.SimpleQueue()
    with words_from(source, heard.put):
        os.close(sink)
        with pytest.raises(queue.Empty):
            heard.get(timeout=0.05)


def test_the_end_of_the_input_says_what_it_is_to_say(pipe: tuple[int, int]) -> None:
    source, sink = pipe
    heard: queue.SimpleQueue[Wish] = queue.SimpleQueue()
    with words_from(source, heard.put, at_end="quit"):
        os.close(sink)
        assert heard.get(timeout=5) == Wish("quit")


def test_when_it_is_over_what_comes_is_for_others(pipe: tuple[int, int]) -> None:
    source, sink = pipe
    heard: queue.SimpleQueue[Wish] = queue.SimpleQueue()
    before = threading.enumerate()
    with words_from(source, heard.put):
        os.write(sink, b"stop\n")
        assert heard.get(timeout=5) == Wish("stop")
    assert threading.enumerate() == before
    os.write(sink, b"delete\n")
    assert os.read(source, 100) == b"delete\n"
    os.close(sink)
    assert heard.empty()


def test_keys_on_a_terminal_without_job_control() -> None:
    master, terminal = pty.openpty()
    before = termios.tcgetattr(terminal)
    heard: queue.SimpleQueue[Wish] = queue.SimpleQueue()
    with words_from(terminal, heard.put) as by_key:
        assert by_key
        assert termios.tcgetattr(terminal) != before
        os.write(master, b"szxD+-tHmnuq")
        wanted = [
            "stop",
            "snooze",
            "delete",
            "louder",
            "softer",
            "talk",
            "hush",
            "mute",
            "do-not-disturb",
            "unplug",
            "quit",
        ]
        assert [heard.get(timeout=5).word for _ in wanted] == wanted
    assert termios.tcgetattr(terminal) == before
    os.close(master)
    os.close(terminal)


ON_ITS_TERMINAL = """
import queue
from bellwire.cli.keys import words_from
heard = queue.SimpleQueue()
try:
    with words_from(0, heard.put) as by_key:
        print(by_key, flush=True)
        print(heard.get(timeout=20).word, flush=True)
        raise RuntimeError
except RuntimeError:
    print("over", flush=True)
"""

IN_THE_BACKGROUND = """
import os
from bellwire.cli.keys import words_from
if child := os.fork():
    os.waitpid(child, 0)
else:
    os.setpgid(0, 0)
    with words_from(0, print) as by_key:
        print(by_key, flush=True)
"""


# A session leader that opens a terminal has it as its own.
OWN_TERMINAL = "import os; os.open(os.ttyname(0), os.O_RDWR)"


@contextmanager
def on_a_terminal(code: str) -> Iterator[tuple[int, IO[bytes]]]:
    """A process in a session of its own, and the other side of its terminal."""
    master, terminal = pty.openpty()
    command = [sys.executable, "-c", OWN_TERMINAL + code]
    with (
        subprocess.Popen(command, stdin=terminal, stdout=terminal, start_new_session=True) as process,
        os.fdopen(master, "rb", buffering=0) as shown,
    ):
        yield terminal, shown
        assert process.wait(timeout=20) == 0
    os.close(terminal)


def test_the_terminal_is_as_before_also_after_an_error() -> None:
    with on_a_terminal(ON_ITS_TERMINAL) as (terminal, shown):
        before = termios.tcgetattr(terminal)
        assert shown.readline() == b"True\r\n"
        assert termios.tcgetattr(terminal) != before
        os.write(shown.fileno(), b"s")
        assert [shown.readline() for _ in range(2)] == [b"stop\r\n", b"over\r\n"]
        assert termios.tcgetattr(terminal) == before


def test_in_the_background_the_terminal_is_left_alone() -> None:
    with on_a_terminal(IN_THE_BACKGROUND) as (terminal, shown):
        before = termios.tcgetattr(terminal)
        assert shown.readline() == b"False\r\n"
        assert termios.tcgetattr(terminal) == before
