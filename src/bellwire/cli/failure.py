"""How a command says that it could not do its work: one line on stderr, and an exit code.

It must not know which command failed, nor what it was doing.
"""

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bellwire.cli.output import printable


class Failure(Exception):
    """A command could not do its work. The text is the one line that is shown: what is wrong, and how to mend it."""

    def __init__(self, sentence: str, status: int = 1) -> None:
        """`status`: the exit code; 2 where 1 has another meaning, that something was found."""
        super().__init__(sentence)
        self.status = status


@contextmanager
def shown_in_one_line(*foreseen: type[Exception], status: int = 1) -> Iterator[None]:
    """Turn errors whose text is meant for people, and those of files, into a Failure with that text and `status`."""
    try:
        yield
    except foreseen as error:
        raise Failure(str(error), status) from error
    except OSError as error:
        raise Failure(_of_a_file(error), status) from error


def _of_a_file(error: OSError) -> str:
    reason = "the disk is full; make room on it" if error.errno == errno.ENOSPC else error.strerror or str(error)
    return f"{error.filename}: {reason}" if error.filename else reason


def tell(sentence: str, status: int = 1) -> int:
    """Show the line; gives the exit code."""
    sys.stderr.write(f"bellwire: {printable(' '.join(sentence.split()))}\n")
    return status
