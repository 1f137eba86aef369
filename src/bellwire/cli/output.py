"""Answers on stdout: a line, one JSON object, or a table.

It knows layout; it must not know what the answers are about.
"""

import io
import json
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TextIO


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


def printable(text: str) -> str:
    """The text without what would command a terminal: labels and names come from anywhere."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def local_time(instant: str) -> str:
    """An instant of the account API, on this machine's clock: ``2026-11-21 07:00:00``."""
    return f"{datetime.fromisoformat(instant).astimezone():%Y-%m-%d %H:%M:%S}"
