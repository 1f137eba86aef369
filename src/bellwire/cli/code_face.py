"""How a speaker shows the code that pairs it: on a terminal large and with a QR code, else as lines, or as JSON.

It knows words and layout; it must not know where a code comes from, nor what follows from it.
"""

import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import zip_longest
from textwrap import wrap

from bellwire.cli.large_letters import large
from bellwire.cli.output import hint, printable, put_json, say
from bellwire.cli.parting import Parted, say_that
from bellwire.device.grant import DeviceCode

_QUIET_ZONES = (4, 2)
"""Modules round a QR code: as its standard has it, and as every reader in use is content with."""

_GAP = 3
_LEAST_ROOM = 24
"""Columns beside the picture in which a sentence can be read."""
_WHITE_ON_BLACK, _BOLD, _PLAIN = "\x1b[97;40m", "\x1b[1m", "\x1b[0m"


class CodeFace:
    """Shows codes, each once, and why there is none."""

    def __init__(self, cloud: str, *, as_json: bool) -> None:
        self._cloud = cloud
        self._as_json = as_json
        self._reason: str | None = None

    def code(self, code: DeviceCode) -> None:
        """Somebody is to confirm it."""
        self._reason = None
        now = datetime.now(UTC)
        if self._as_json:
            facts = {
                "user_code": code.user_code,
                "verification_uri": code.verification_uri,
                "verification_uri_complete": code.verification_uri_complete,
                "expires_in": code.expires_in,
            }
            put_json({"at": now.isoformat(timespec="milliseconds"), "event": "code", **facts})
            return
        until = f"{(now + timedelta(seconds=code.expires_in)).astimezone():%H:%M:%S}"
        for line in screen(code, until, *_terminal()):
            say(line)

    def waits(self, reason: str) -> None:
        """The cloud can't be asked; said again only when the reason is another one."""
        if reason == self._reason:
            return
        self._reason = reason
        now = datetime.now(UTC)
        if self._as_json:
            put_json({"at": now.isoformat(timespec="milliseconds"), "event": "waiting", "reason": reason})
        else:
            say(f"{now.astimezone():%H:%M:%S} waits for {self._cloud}: {printable(reason)}")

    def paired(self, device_id: str) -> None:
        """Somebody has confirmed it."""
        if self._as_json:
            now = datetime.now(UTC)
            put_json({"at": now.isoformat(timespec="milliseconds"), "event": "paired", "device_id": device_id})
        else:
            say(f"paired with {self._cloud}" + (f" as device {printable(device_id)}" if device_id else ""))

    def parted(self, parted: Parted) -> None:
        """Nothing of the account that it was in is on it any more."""
        if self._as_json:
            now = datetime.now(UTC)
            put_json({"at": now.isoformat(timespec="milliseconds"), "event": "parted", **parted._asdict()})
        else:
            say_that(parted, as_json=False)

    def keys(self) -> None:
        """What somebody at the terminal can do meanwhile."""
        hint("keys: q quit")


def screen(code: DeviceCode, until: str, columns: int, rows: int) -> list[str]:
    """The lines for a terminal of this size; for none (0, 0) without QR code and large letters.

    What one must read is always there; the QR code and the large letters are as far as they fit.
    """
    for zone in _QUIET_ZONES if columns else ():
        picture = _qr_code(code.verification_uri_complete or code.verification_uri, zone)
        room = columns - len(picture[0]) - _GAP
        if room < _LEAST_ROOM:
            continue
        text = _text(code, until, room)
        if max(len(picture), len(text)) < rows:
            return _side_by_side(picture, text, code.user_code)
    if not columns:
        return _words(code, until, columns)
    text = _text(code, until, columns)
    return _side_by_side([], text if len(text) < rows else _words(code, until, columns), code.user_code)


def _text(code: DeviceCode, until: str, room: int) -> list[str]:
    parts = [large(part) for part in code.user_code.split("-")]
    words = _words(code, until, room)
    if not all(parts) or any(len(line) > room for part in parts for line in part):
        return words
    return [*(line for part in parts for line in (*part, "")), *words]


def _words(code: DeviceCode, until: str, room: int) -> list[str]:
    """In lines no longer than `room`; 0: as long as they are."""
    told = (
        code.user_code,
        "",
        "Scan the QR code, or open",
        code.verification_uri,
        "or, on the cloud's machine:",
        f"bellwire device approve {code.user_code}",
        f"The code is good until {until}.",
    )
    if not room:
        return [
            f"code to pair this speaker: {told[0]}",
            f"open {code.verification_uri}",
            f"{told[4]} {told[5]}",
            told[6],
        ]
    return [line for words in told for line in (wrap(words, room, break_on_hyphens=False) or [""])]


def _side_by_side(picture: Sequence[str], text: Sequence[str], code: str) -> list[str]:
    emphasized = [f"{_BOLD}{line}{_PLAIN}" if line == code else line for line in text]
    if not picture:
        return emphasized
    above = (len(picture) - len(text)) // 2
    lines = zip_longest(picture, [""] * above + emphasized, fillvalue="")
    blank = " " * len(picture[0])
    return [
        (f"{_WHITE_ON_BLACK}{left}{_PLAIN}" if left else blank) + (" " * _GAP + right if right else "")
        for left, right in lines
    ]


def _qr_code(address: str, zone: int) -> list[str]:
    """Two modules a character, white on black."""
    import segno

    drawn = StringIO()
    segno.make(address, error="l", micro=False).terminal(out=drawn, border=zone, compact=True)
    return drawn.getvalue().splitlines()


def _terminal() -> tuple[int, int]:
    """Columns and rows of stdout; none where it is no terminal, or one that has not the characters."""
    stdout = sys.__stdout__  # what stands in its place knows neither
    try:
        size = os.get_terminal_size(stdout.fileno() if stdout else -1)
        "█▀▄".encode(stdout.encoding if stdout else "ascii")
    except (OSError, UnicodeEncodeError, ValueError):
        return 0, 0
    return size.columns, size.lines
