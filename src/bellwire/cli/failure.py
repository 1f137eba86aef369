"""How a command says that it could not do its work: one line on stderr, and an exit code.

It must not know which command failed, nor what it was doing.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bellwire.cli.output import printable


class Failure(Exception):
    """A command could not do its work. The text is the one line that is shown: what is wrong, and how to mend it."""


@contextmanager
def shown_in_one_line(*foreseen: type[Exception]) -> Iterator[None]:
    """Turn errors whose text is meant for people, and those of files, into a Failure with that text."""
    try:
        yield
    except foreseen as error:
        raise Failure(str(error)) from error
    except OSError as error:
        raise Failure(f"{error.filename}: {error.strerror}" if error.filename else str(error)) from error


def tell(sentence: str, status: int = 1) -> int:
    """Show the line; gives the exit code."""
    sys.stderr.write(f"bellwire: {printable(' '.join(sentence.split()))}\n")
    return status
