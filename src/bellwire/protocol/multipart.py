"""Parts to bytes and bytes to parts (RFC 2046), both as they come and go.

It knows delimiters and part headers; it must not know what is in a part.
A part is complete only at the *next* delimiter: so whoever writes a part ends it with one, in the same flush.
"""

import math
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

import msgspec

from bellwire.protocol.errors import MalformedMultipart, TooLarge

_BOUNDARY = re.compile(r';\s*boundary\s*=\s*(?:"([^"]{1,200})"|([^;\s"]{1,200}))', re.IGNORECASE)
_NAME = re.compile(r';\s*name="?([^";]*)"?', re.IGNORECASE)

_LONGEST_HEAD = 512
"""Bytes of a part's headers that are remembered."""

_MOST_DELIMITERS = 1000
"""In a body that is there whole: JSON, and sound in some pieces. To cut a megabyte of nothing else takes 0.2 s."""

JSON_TYPE = "application/json; charset=utf-8"
"""Lower case to the letter: one firmware compares it exactly."""


class Part(msgspec.Struct, frozen=True):
    """One part: its headers, names in lower case, and its body as it came."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def name(self) -> str:
        """The form field's name, or an empty text."""
        found = _NAME.search(self.headers.get("content-disposition", ""))
        return found[1] if found else ""

    @property
    def is_json(self) -> bool:
        """Whether it says that it is JSON, or is the metadata of an event and says nothing."""
        content_type = self.headers.get("content-type")
        if content_type is None:
            return self.name == "metadata"
        return content_type.lower().startswith("application/json")


@lru_cache(maxsize=1024)
def boundary_of(content_type: str) -> bytes:
    """The boundary that a Content-Type names, in quotes or not.

    Raises MalformedMultipart when it is not multipart or names none.
    """
    found = _BOUNDARY.search(content_type) if content_type.lower().startswith("multipart/") else None
    if found is None:
        raise MalformedMultipart(
            f"Content-Type is {content_type[:100]!r}; a multipart/form-data with its boundary is needed"
        )
    return (found[1] or found[2]).encode()


class MultipartReader:
    """Takes bytes in whatever pieces they come, gives the parts that they complete.

    A body may start with CRLF or other text before its first delimiter, delimiters may be doubled or followed by
    blanks, and the last CRLF may be missing: real clients do all of these.
    """

    def __init__(
        self, boundary: bytes, max_part: int, *, leaves_out: int = 0, most_delimiters: float = math.inf
    ) -> None:
        """`max_part`: bytes of a part with its headers and blanks after it; a longer one raises TooLarge.

        `leaves_out`: where it has no more bytes than this, it is passed over instead, and not kept meanwhile.
        `most_delimiters`: what has more of them, or of what begins like one, is malformed.
        """
        self.finished = False
        self.left_out = 0
        """Parts that were passed over."""
        self._delimiter = b"\r\n--" + boundary
        self._max_part = max_part
        self._leaves_out = leaves_out
        self._dropped = 0
        """Bytes that are over already of a part that is being passed over."""
        self._most_delimiters = most_delimiters
        self._delimiters = 0
        # The CRLF before a delimiter is part of it: lent to the first one, which may open the body.
        self._buffer = bytearray(b"\r\n")
        self._searched = 0
        self._in_part = False

    def feed(self, data: bytes) -> list[Part]:
        """The parts that `data` completes.

        Raises MalformedMultipart when a part's headers never end, TooLarge when a part is too long to be passed over.
        What comes after the closing delimiter is ignored.
        """
        if not self.finished:
            self._buffer += data
        parts = []
        while (raw := self._next_section()) is not None:
            if self._in_part and raw:
                parts.append(_parse_part(raw))
            self._in_part = True
        if self._is_too_long(len(self._buffer)):
            self._drop_what_was_searched()
        return parts

    def _is_too_long(self, reach: int) -> bool:
        """Whether a part is, that reaches so far with the line end before it, its delimiter and the end of that line.

        Raises TooLarge where it is not passed over.
        """
        around = len(self._delimiter) + 4
        length = self._dropped + reach - around
        if length > max(self._max_part, self._leaves_out):
            raise TooLarge(f"a part has more than {max(self._max_part, self._leaves_out)} bytes")
        return length > self._max_part

    def _drop_what_was_searched(self) -> None:
        del self._buffer[: self._searched]
        self._dropped += self._searched
        self._searched = 0
        if len(self._buffer) > self._max_part + len(self._delimiter) + 4:
            raise TooLarge(f"more than {self._max_part} blanks follow a delimiter")

    def _next_section(self) -> bytes | None:
        """What stands before the next delimiter, or None when that has not come whole yet."""
        while (at := self._buffer.find(self._delimiter, self._searched)) >= 0:
            self._delimiters += 1
            if self._delimiters > self._most_delimiters:
                raise MalformedMultipart(f"the body has more than {self._most_delimiters} delimiters")
            after = at + len(self._delimiter)
            if self._buffer.startswith(b"--", after):
                section = self._section(at, after + 2)
                self._buffer.clear()
                self.finished = True
                return section
            line_end = self._buffer.find(b"\r\n", after)
            padding = bytes(self._buffer[after : line_end if line_end >= 0 else None]).strip(b" \t\r")
            if padding and not (line_end < 0 and padding == b"-"):
                self._searched = at + 1  # a longer line that only begins like a delimiter
                continue
            if line_end < 0:
                self._searched = at
                return None
            section = self._section(at, line_end + 2)
            # The line end stays: it opens the next part, and a doubled delimiter needs it.
            del self._buffer[:line_end]
            self._searched = 0
            return section
        self._searched = max(self._searched, len(self._buffer) - len(self._delimiter) + 1, 0)
        return None

    def _section(self, at: int, reach: int) -> bytes:
        """What stands before `at`; nothing of a part that is passed over."""
        is_too_long = self._is_too_long(reach)
        self._dropped = 0
        self.left_out += is_too_long and self._in_part
        return b"" if is_too_long else bytes(self._buffer[:at])


def _parse_part(raw: bytes) -> Part:
    head, blank_line, body = raw.partition(b"\r\n\r\n")
    if not blank_line:
        raise MalformedMultipart("a part has no blank line between its headers and its body")
    headers = {}
    for line in head.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if colon:
            headers[name.strip().decode("utf-8", "replace").lower()] = value.strip().decode("utf-8", "replace")
    return Part(headers, body)


def read_parts(content_type: str, body: bytes) -> list[Part]:
    """The parts of a body that is there whole.

    Raises MalformedMultipart when the framing is broken, nothing but framing, or has no closing delimiter.
    """
    reader = MultipartReader(boundary_of(content_type), max_part=len(body), most_delimiters=_MOST_DELIMITERS)
    parts = reader.feed(body)
    if not reader.finished:
        raise MalformedMultipart("the body ends without the closing delimiter")
    return parts


def read_json(content_type: str, body: bytes) -> bytes:
    """The first JSON part of a body that is there whole. Raises MalformedMultipart also when there is none.

    Nearly every event is one JSON part and nothing else: those are cut out without a reader.
    """
    delimiter = b"--" + boundary_of(content_type)
    if body.startswith(delimiter + b"\r\n") and body.count(delimiter) == 2:
        start = len(delimiter) + 2
        end = body.find(b"\r\n" + delimiter + b"--", start)
        blank_line = body.find(b"\r\n\r\n", start, max(end, start))
        if start <= blank_line < start + _LONGEST_HEAD and _is_json(body[start:blank_line]):
            return body[blank_line + 4 : end]
    return json_part(read_parts(content_type, body))


@lru_cache(maxsize=1024)
def _is_json(head: bytes) -> bool:
    """Whether the headers of a part say that it is JSON: a client writes the same ones each time."""
    return _parse_part(head + b"\r\n\r\n").is_json


def json_part(parts: Iterable[Part]) -> bytes:
    """The body of the first JSON part. Raises MalformedMultipart when there is none."""
    for part in parts:
        if part.is_json:
            return part.body
    raise MalformedMultipart("there is no part with Content-Type application/json")


class MultipartWriter:
    """The bytes of a multipart body of JSON parts; sound by itself, it only needs a boundary that no part contains."""

    def __init__(self, boundary: str, subtype: str) -> None:
        """`boundary` begins with ``----``: one client drops everything otherwise. `subtype`: related or form-data."""
        self.content_type = f"multipart/{subtype}; boundary={boundary}"
        self.opening = f"--{boundary}\r\n".encode()
        self.closing = f"--{boundary}--\r\n".encode()
        self._head = f'Content-Disposition: form-data; name="metadata"\r\nContent-Type: {JSON_TYPE}\r\n\r\n'.encode()
        self._tail = f"\r\n--{boundary}\r\n".encode()

    def part(self, json: bytes) -> bytes:
        """One JSON part (on one line) with the delimiter that completes it."""
        return self._head + json + self._tail

    def whole(self, parts: Iterable[bytes]) -> bytes:
        """A whole body: opening, parts, closing."""
        framed = b"".join(self._head + json + self._tail for json in parts)
        return (
            self.opening + framed[: -len(self._tail)] + b"\r\n" + self.closing
            if framed
            else self.opening + self.closing
        )
