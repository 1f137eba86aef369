"""What somebody at the speaker's terminal wants: keys there, words on a pipe.

It knows terminals and pipes; it must not know what follows from a word.
"""

import os
import select
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Literal, NamedTuple, get_args

Word = Literal[
    "stop",
    "snooze",
    "delete",
    "louder",
    "softer",
    "mute",
    "do-not-disturb",
    "talk",
    "hush",
    "unplug",
    "log-out",
    "quit",
]

KEYS: dict[str, Word] = {
    "s": "stop",
    "z": "snooze",
    "d": "delete",
    "+": "louder",
    "-": "softer",
    "m": "mute",
    "n": "do-not-disturb",
    "t": "talk",
    "h": "hush",
    "u": "unplug",
    "q": "quit",
}
_WORDS: dict[str, Word] = {word: word for word in get_args(Word)}
_LONGEST_LINE = 1024


class Wish(NamedTuple):
    """What is wanted, and of which alert; empty: of the one that is meant."""

    word: Word
    token: str = ""


Heard = Callable[[Wish], None]


@contextmanager
def words_from(source: int, heard: Heard, *, at_end: Word | None = None) -> Iterator[bool]:
    """Listen on a file descriptor for the length of a block; gives whether single keys count.

    On a terminal keys count at once, and its mode is put back at the end; elsewhere lines do: a word, and after
    ``delete`` perhaps the token of an alert. `heard` is called on a thread of its own, which ends with the block: what
    comes later is for others. The end of the input says `at_end`, or nothing.
    """
    by_key = may_read_keys(source)
    before = termios.tcgetattr(source) if by_key else None
    if by_key:
        tty.setcbreak(source)
    try:
        with _listening(source, by_key, heard, at_end) if by_key or not os.isatty(source) else nullcontext():
            yield by_key
    finally:
        if before is not None:
            termios.tcsetattr(source, termios.TCSADRAIN, before)


def may_read_keys(source: int) -> bool:
    """Whether it is a terminal whose keys are for this process: to read them in the background would stop it."""
    if not os.isatty(source):
        return False
    try:
        return os.tcgetpgrp(source) == os.getpgrp()
    except OSError:  # not the terminal of our session: nobody shares it out
        return True


@contextmanager
def _listening(source: int, by_key: bool, heard: Heard, at_end: Word | None) -> Iterator[None]:
    over, end = os.pipe()  # closed at one end it can be read at the other, and that ends a wait for both
    thread = threading.Thread(target=_listen, args=(source, over, by_key, heard, at_end), daemon=True)
    thread.start()
    try:
        yield
    finally:
        os.close(end)
        thread.join()
        os.close(over)


def _listen(source: int, over: int, by_key: bool, heard: Heard, at_end: Word | None) -> None:
    for wish in _wishes(source, over, by_key=by_key):
        heard(wish)
    if at_end is not None and not _is_over(over):
        heard(Wish(at_end))


def _wishes(source: int, over: int, *, by_key: bool) -> Iterator[Wish]:
    line = b""
    while data := _read(source, over):
        if by_key:
            yield from (Wish(KEYS[key]) for key in data.decode(errors="replace").lower() if key in KEYS)
        else:
            *lines, line = (line + data)[-_LONGEST_LINE:].split(b"\n")
            yield from (wish for each in lines if (wish := _wish_of(each.decode(errors="replace"))))


def _is_over(over: int) -> bool:
    return bool(select.select([over], [], [], 0)[0])


def _read(source: int, over: int) -> bytes:
    if over in select.select([source, over], [], [])[0]:
        return b""
    try:
        return os.read(source, _LONGEST_LINE)
    except OSError:  # the terminal has gone: nobody is there any more
        return b""


def _wish_of(line: str) -> Wish | None:
    word, _, token = line.strip().partition(" ")
    known = _WORDS.get(word.lower())
    return Wish(known, token.strip()) if known else None
