"""Answers on stdout: a line, one JSON object, or a table.

It knows layout; it must not know what the answers are about.
"""

import io
import json
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TextIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def say(text: str) -> None:
    """One line on stdout, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def hint(text: str) -> None:
    """One line for people only, on stderr."""
    sys.stderr.write(f"{printable(text)}\n")


def put_json(value: object) -> None:
    """One line of JSON on stdout, at once."""
    say(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def put_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table on stdout, a line each row: ids must stay whole, so that they can be copied."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*head, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    Console(width=10_000).print(table, soft_wrap=True)


def put_pairs(pairs: Iterable[tuple[str, str]]) -> None:
    """What is known of one thing on stdout, a line each: its name, then what it is."""
    from rich.console import Console
    from rich.text import Text

    console, pairs = Console(highlight=False), list(pairs)
    width = max((len(name) for name, _ in pairs), default=0) + 2
    for name, value in pairs:
        console.print(Text.assemble((name.ljust(width), "bold"), printable(value)), soft_wrap=True)


def let_go_of(stream: TextIO) -> None:
    """Whoever read it has gone: what is still written goes nowhere, at the end of the process too."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class Unwaiting(io.TextIOBase):
    """A text stream for what must not wait for its reader, nor end because there is none: a thread writes.

    A terminal that is held with Ctrl-S, or a program that has stopped reading, would else keep an alarm from ringing.
    When the reader is too far behind, what comes is left out, write by write, and `on_gap` is called once.
    """

    MOST = 4 * 1024 * 1024
    """Bytes that wait at most."""

    def __init__(self, stream: TextIO, on_gap: Callable[[], object] = lambda: None) -> None:
        self._on_gap = on_gap
        self._is_behind = False
        self._descriptor = stream.fileno()
        self._encoding = stream.encoding
        self._pieces: deque[bytes] = deque()
        self._waiting = 0
        self._changed = threading.Condition()
        threading.Thread(target=self._write_all, name="output", daemon=True).start()

    def fileno(self) -> int:
        """Of what is written to."""
        return self._descriptor

    def isatty(self) -> bool:
        """Whether a person reads it."""
        return os.isatty(self._descriptor)

    def write(self, text: str) -> int:
        """Have it written, soon."""
        data = text.encode(self._encoding, "replace")
        was_behind = self._is_behind
        with self._changed:
            self._is_behind = self._waiting + len(data) > self.MOST
            if not self._is_behind:
                self._pieces.append(data)
                self._waiting += len(data)
                self._changed.notify_all()
        if self._is_behind and not was_behind:
            self._on_gap()
        return len(text)

    def finish(self, within: float = 1.0) -> None:
        """Returns when all is written, or after so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting, within)

    def _write_all(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._pieces))
                data = self._pieces.popleft()
            self._write(data)
            with self._changed:
                self._waiting -= len(data)
                self._changed.notify_all()

    def _write(self, data: bytes) -> None:
        # Not by way of a file object: its lock, held by a thread that waits, would not let the process end.
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:  # nobody reads any more, or the disk is full
            return


def finish() -> None:
    """All that was said is out, or whoever is told does not take it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, Unwaiting):
            stream.finish()
        else:
            stream.flush()


class Unfailing(io.TextIOBase):
    """A text stream for what must not end because nobody reads, or because the disk under a log is full."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write at once, if that is possible."""
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            let_go_of(self._stream)
        return len(text)


_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
"""They hold signs together, or letters apart, and count as no signs themselves."""


def printable(text: str) -> str:
    """The text without what would command a terminal: labels and names come from anywhere."""
    return "".join(
        character if character.isprintable() or character in _JOINERS else "\N{REPLACEMENT CHARACTER}"
        for character in text
    )


def local_time(instant: str) -> str:
    """An instant of the account API, on this machine's clock: ``2026-11-21 07:00:00``."""
    return f"{datetime.fromisoformat(instant).astimezone():%Y-%m-%d %H:%M:%S}"


def wall_time(instant: str, zone: str) -> str:
    """An instant of the account API, on the clocks of this zone: ``Sat 2026-11-21 07:00:00 KST``."""
    try:
        place: ZoneInfo | None = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        place = None  # the cloud's machine knows zones that this one does not
    return f"{datetime.fromisoformat(instant).astimezone(place):%a %Y-%m-%d %H:%M:%S %Z}"
