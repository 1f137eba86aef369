"""What somebody at the speaker's terminal wants: keys there, words on a pipe.

It knows terminals and pipes; it must not know what follows from a word.
"""

import os
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

Word = Literal["stop", "snooze", "delete", "louder", "softer", "talk", "hush", "quit"]

KEYS: dict[str, Word] = {
    "s": "stop",
    "z": "snooze",
    "d": "delete",
    "+": "louder",
    "-": "softer",
    "t": "talk",
    "h": "hush",
    "q": "quit",
}
_WORDS: dict[str, Word] = {word: word for word in KEYS.values()}
_LONGEST_LINE = 1024


@contextmanager
def words_from(source: int, heard: Callable[[Word], None]) -> Iterator[bool]:
    """Listen on a file descriptor for the length of a block; gives whether single keys count.

    On a terminal keys count at once, and its mode is put back at the end; elsewhere lines do. `heard` is called on a
    thread of its own. The end of the input says nothing.
    """
    by_key = _may_read_keys(source)
    before = termios.tcgetattr(source) if by_key else None
    over = threading.Event()
    if by_key:
        tty.setcbreak(source)
    try:
        if by_key or not os.isatty(source):
            threading.Thread(target=_listen, args=(source, by_key, heard, over), daemon=True).start()
        yield by_key
    finally:
        over.set()
        if before is not None:
            termios.tcsetattr(source, termios.TCSADRAIN, before)


def _may_read_keys(source: int) -> bool:
    """Whether it is a terminal whose keys are for this process: to read them in the background would stop it."""
    if not os.isatty(source):
        return False
    try:
        return os.tcgetpgrp(source) == os.getpgrp()
    except OSError:  # not the terminal of our session: nobody shares it out
        return True


def _listen(source: int, by_key: bool, heard: Callable[[Word], None], over: threading.Event) -> None:
    line = b""
    wanted: list[Word | None]
    while True:
        try:
            data = os.read(source, _LONGEST_LINE)
        except OSError:  # the terminal has gone: nobody is there any more
            return
        if not data:
            return
        if by_key:
            wanted = [KEYS.get(key) for key in data.decode(errors="replace").lower()]
        else:
            *lines, line = (line + data)[-_LONGEST_LINE:].split(b"\n")
            wanted = [_WORDS.get(each.decode(errors="replace").strip().lower()) for each in lines]
        for word in wanted:
            if word is not None and not over.is_set():
                heard(word)
