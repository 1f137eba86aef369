"""Whether a face can be shown on the terminal that this process has.

It knows streams and what a face needs; it must not know what a face shows.
"""

import sys
from importlib.util import find_spec

from bellwire.cli.keys import may_read_keys
from bellwire.cli.machine import terminal_kind
from bellwire.cli.output import hint

_WITHOUT_CURSOR = {"", "dumb", "unknown"}


def has_terminal() -> bool:
    """Whether stdin and stdout are a terminal that can show a face, and what draws it is there."""
    streams = (sys.__stdin__, sys.__stdout__)
    if not all(stream is not None and stream.isatty() for stream in streams):
        return False
    if terminal_kind() in _WITHOUT_CURSOR or not _takes_every_character() or not may_read_keys(0):
        return False
    if find_spec("textual") is None:
        hint("plain lines, since there is nothing to draw with: pip install 'bellwire[face]' brings the face")
        return False
    return True


def _takes_every_character() -> bool:
    encoding = sys.__stdout__.encoding if sys.__stdout__ else ""
    return encoding.lower().replace("-", "") == "utf8"
