"""One `bellwire` command in a process of its own.

It knows processes and lines; it must not know what the lines mean.
"""

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

TO_END = 10.0
"""Seconds for a process to end in good order before it is killed."""


class Ended(Exception):
    """The process is over and has said all that it had to say."""


class Process:
    """Runs from its making to the end of the block that it is used in."""

    def __init__(self, *args: str | Path, log: Path, environment: Mapping[str, str] | None = None) -> None:
        """`args` are those of `bellwire`, the name of the command first; `log` takes what it says on stderr.

        `environment` is added to ours: for what other users must not see, as they see `args`.
        """
        self.name = str(args[0])
        self.log = log
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        with log.open("ab") as stderr:
            # -P: nothing that lies in the current folder may take the place of a module.
            self._popen = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-P", "-m", "bellwire", *map(str, args)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                bufsize=1,
                env={**os.environ, **(environment or {})},
            )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    @property
    def pid(self) -> int:
        """Its id."""
        return self._popen.pid

    @property
    def last_words(self) -> str:
        """The last line of its stderr."""
        return self.log.read_text(encoding="utf-8").strip().rpartition("\n")[2] or "it did not say why"

    def line(self, within: float) -> str:
        """The next line of its stdout. Raises TimeoutError when none comes in so many seconds, Ended."""
        try:
            line = self._lines.get(timeout=within)
        except queue.Empty:
            raise TimeoutError(f"the {self.name} said nothing for {within:g} s") from None
        if line is None:
            self._lines.put(None)
            raise Ended(f"the {self.name} has ended: {self.last_words}")
        return line

    def say(self, word: str) -> None:
        """One line into its stdin; a process that has ended hears nothing."""
        if self._popen.stdin is not None:
            with suppress(BrokenPipeError):
                self._popen.stdin.write(f"{word}\n")

    def end(self) -> int:
        """Ask it to end, and see to it; gives its exit code."""
        self._popen.send_signal(signal.SIGTERM)
        return self.code()

    def kill(self) -> None:
        """End it as a power cut would."""
        self._popen.kill()
        self.code()

    def code(self) -> int:
        """The exit code of a process that is about to end; one that does not is killed."""
        try:
            code = self._popen.wait(TO_END)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            code = self._popen.wait()
        self._reader.join()
        self.close_input()
        return code

    def close_input(self) -> None:
        """Say nothing more."""
        if self._popen.stdin is not None:
            with suppress(BrokenPipeError):
                self._popen.stdin.close()

    def _read(self) -> None:
        if self._popen.stdout is not None:
            with self._popen.stdout as stdout:
                for line in stdout:
                    self._lines.put(line.rstrip("\n"))
        self._lines.put(None)


def free_port() -> int:
    """A port of this machine for a server that is about to begin; as long as this process lives nobody else gets it."""
    place = socket.socket()
    place.bind(("127.0.0.1", 0))
    port: int = place.getsockname()[1]
    # From now on somebody may listen there who asks for just this port. It is this process that keeps it from all
    # others, until it ends: a server that is begun again finds it free, too.
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    place.detach()
    return port
