"""Answers on stdout: a line, one JSON object, or a table.

It knows layout; it must not know what the answers are about.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime


def say(text: str) -> None:
    """One line on stdout, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def hint(text: str) -> None:
    """One line for people only, on stderr."""
    sys.stderr.write(f"{text}\n")


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


def printable(text: str) -> str:
    """The text without what would command a terminal: labels and names come from anywhere."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def local_time(instant: str) -> str:
    """An instant of the account API, on this machine's clock: ``2026-11-21 07:00:00``."""
    return f"{datetime.fromisoformat(instant).astimezone():%Y-%m-%d %H:%M:%S}"
