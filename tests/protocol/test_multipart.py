import re
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellwire.protocol.errors import MalformedMultipart, ProtocolError, TooLarge
from bellwire.protocol.multipart import (
    JSON_TYPE,
    MultipartReader,
    MultipartWriter,
    Part,
    boundary_of,
    json_part,
    read_json,
    read_parts,
)

lawful = settings(deadline=None, derandomize=True, max_examples=60)

HEAD = b'Content-Disposition: form-data; name="metadata"\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n'
AUDIO = bytes(range(256)) + b"\r\n\r\n--\r\n"

BODIES: dict[str, tuple[bytes, bytes, list[bytes]]] = {
    "one part": (b"b", b"--b\r\n" + HEAD + b"{}\r\n--b--\r\n", [b"{}"]),
    "a body that starts with CRLF": (b"b", b"\r\n--b\r\n" + HEAD + b"{}\r\n--b--\r\n", [b"{}"]),
    "text before the first delimiter": (b"b", b"hello\r\nthere\r\n--b\r\n" + HEAD + b"{}\r\n--b--\r\n", [b"{}"]),
    "no final CRLF": (b"b", b"--b\r\n" + HEAD + b"{}\r\n--b--", [b"{}"]),
    "text after the closing delimiter": (b"b", b"--b\r\n" + HEAD + b"{}\r\n--b--\r\n--b\r\nbye\r\n--b", [b"{}"]),
    "a doubled delimiter": (
        b"b",
        b"--b\r\n--b\r\n" + HEAD + b"1\r\n--b\r\n--b\r\n" + HEAD + b"2\r\n--b--",
        [b"1", b"2"],
    ),
    "blanks after the delimiter": (
        b"b",
        b"--b \t\r\n" + HEAD + b"{}\r\n--b  \r\n" + HEAD + b"2\r\n--b--",
        [b"{}", b"2"],
    ),
    "a boundary with odd characters": (
        b"WhooHooZeerOoonie=",
        b"--WhooHooZeerOoonie=\r\n" + HEAD + b"{}\r\n--WhooHooZeerOoonie=--\r\n",
        [b"{}"],
    ),
    "a boundary that begins with dashes": (b"----b", b"------b\r\n" + HEAD + b"{}\r\n------b--\r\n", [b"{}"]),
    "a part that has nearly a delimiter in it": (
        b"boundary",
        b"--boundary\r\n" + HEAD + b"\r\n--bound\r\n--\r\n--boundary-\r\n --boundary\r\n\r\n--boundary--\r\n",
        [b"\r\n--bound\r\n--\r\n--boundary-\r\n --boundary\r\n"],
    ),
    "a part with a longer line that begins with the delimiter": (
        b"b",
        b"--b\r\n" + HEAD + b"x\r\n--bc\r\n--b c\r\n--b -\r\ny\r\n--b--\r\n",
        [b"x\r\n--bc\r\n--b c\r\n--b -\r\ny"],
    ),
    "sound beside JSON": (
        b"b",
        b"--b\r\n" + HEAD + b"{}\r\n--b\r\nContent-Type: application/octet-stream\r\n\r\n" + AUDIO + b"\r\n--b--\r\n",
        [b"{}", AUDIO],
    ),
    "empty bodies": (b"b", b"--b\r\n" + HEAD + b"\r\n--b\r\n\r\n\r\n--b--\r\n", [b"", b""]),
    "no part": (b"b", b"--b--\r\n", []),
}
"""By name: the boundary, the bytes, and the bodies of the parts in them."""

ENDLESS = b"--b\r\n" + HEAD + b'{"a":1}\r\n--b\r\n' + HEAD + b'{"b":2}\r\n--b\r\n'
"""A downchannel up to now: no closing delimiter, and no part is left open."""


def read(boundary: bytes, pieces: list[bytes], max_part: int = 10_000) -> tuple[list[bytes], bool]:
    reader = MultipartReader(boundary, max_part)
    parts = [part for piece in pieces for part in reader.feed(piece)]
    return [part.body for part in parts], reader.finished


def single_bytes(body: bytes) -> list[bytes]:
    return [body[at : at + 1] for at in range(len(body))]


def json_writer(boundary: str = "----b") -> MultipartWriter:
    return MultipartWriter(boundary, "related")


@pytest.mark.parametrize(("boundary", "body", "parts"), list(BODIES.values()), ids=BODIES)
def test_every_split_in_two_gives_the_same_parts(boundary: bytes, body: bytes, parts: list[bytes]) -> None:
    for at in range(len(body) + 1):
        assert read(boundary, [body[:at], body[at:]]) == (parts, True), f"split at {at}"


@pytest.mark.parametrize(("boundary", "body", "parts"), list(BODIES.values()), ids=BODIES)
def test_byte_by_byte_gives_the_same_parts(boundary: bytes, body: bytes, parts: list[bytes]) -> None:
    assert read(boundary, single_bytes(body)) == (parts, True)


@pytest.mark.parametrize(("boundary", "body", "parts"), list(BODIES.values()), ids=BODIES)
def test_a_whole_body_gives_the_same_parts(boundary: bytes, body: bytes, parts: list[bytes]) -> None:
    read_whole = read_parts(f"multipart/form-data; boundary={boundary.decode()}", body)
    assert [part.body for part in read_whole] == parts


@lawful
@given(
    body=st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"-", b"--", b"--b", b"b", b" ", b"x", b":"])).map(b"".join),
    cuts=st.sets(st.integers(0, 40)),
)
def test_any_bytes_in_any_pieces_are_read_as_in_one(body: bytes, cuts: set[int]) -> None:
    ends = sorted({cut for cut in cuts if cut <= len(body)} | {len(body)})
    pieces = [body[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]

    def outcome(pieces: list[bytes]) -> object:
        try:
            return read(b"b", [b"--b\r\n", *pieces], max_part=12)
        except ProtocolError as error:
            return type(error)

    assert outcome(pieces) == outcome([body]) == outcome(single_bytes(body))


# The downchannel


def test_a_part_of_a_stream_is_complete_at_once_because_the_delimiter_follows_it() -> None:
    writer = json_writer()
    reader = MultipartReader(boundary_of(writer.content_type), 1000)
    assert reader.feed(writer.opening) == []
    for json in (b'{"a":1}', b'{"b":2}'):
        [part] = reader.feed(writer.part(json))
        assert (part.body, part.is_json, part.name) == (json, True, "metadata")
        assert not reader.finished
    assert reader.feed(writer.closing) == []
    assert reader.finished


def test_the_bytes_of_a_stream_are_these() -> None:
    writer = json_writer("----x")
    assert writer.content_type == "multipart/related; boundary=----x"
    assert writer.opening == b"------x\r\n"
    assert writer.part(b"{}") == (
        b'Content-Disposition: form-data; name="metadata"\r\n'
        b"Content-Type: application/json; charset=utf-8\r\n"
        b"\r\n"
        b"{}\r\n"
        b"------x\r\n"
    )
    assert writer.closing == b"------x--\r\n"


def test_a_stream_that_goes_on_is_read_at_every_split() -> None:
    for at in range(len(ENDLESS) + 1):
        assert read(b"b", [ENDLESS[:at], ENDLESS[at:]]) == ([b'{"a":1}', b'{"b":2}'], False)


def test_nothing_is_read_after_the_closing_delimiter() -> None:
    reader = MultipartReader(b"b", 1000)
    reader.feed(b"--b\r\n" + HEAD + b"1\r\n--b--")
    assert reader.feed(b"\r\n--b\r\n" + HEAD + b"2\r\n--b\r\n") == []


@lawful
@given(
    jsons=st.lists(st.binary(max_size=40).filter(lambda json: b"\r\n----" not in b"\r\n" + json)),
    subtype=st.sampled_from(["related", "form-data"]),
)
def test_what_is_written_whole_is_read(jsons: list[bytes], subtype: str) -> None:
    writer = MultipartWriter("----boundary", subtype)
    parts = read_parts(writer.content_type, writer.whole(jsons))
    assert [part.body for part in parts] == jsons
    assert all(part.headers["content-type"] == JSON_TYPE for part in parts)


@lawful
@given(st.lists(st.binary(max_size=40).filter(lambda json: b"\r\n----" not in b"\r\n" + json), min_size=1))
def test_whole_and_streamed_are_the_same_parts(jsons: list[bytes]) -> None:
    writer = json_writer("----boundary")
    streamed = writer.opening + b"".join(writer.part(json) for json in jsons) + writer.closing
    assert read_parts(writer.content_type, streamed) == read_parts(writer.content_type, writer.whole(jsons))


# Bounds


@pytest.mark.parametrize("end", [b"--", b"--\r\n", b"\r\n", b"\r\n--b\r\n"])
def test_a_part_as_long_as_allowed_is_taken_and_a_longer_one_is_not_however_it_comes(end: bytes) -> None:
    for length, fits in ((20, True), (21, False)):
        body = b"--b\r\n" + b"a: b\r\n\r\n".ljust(length, b"x") + b"\r\n--b" + end
        for pieces in ([body], single_bytes(body), *([body[:at], body[at:]] for at in range(len(body)))):
            if fits:
                assert read(b"b", pieces, max_part=20)[0] == [b"x" * 12]
            else:
                with pytest.raises(TooLarge, match="more than 20 bytes"):
                    read(b"b", pieces, max_part=20)


@pytest.mark.parametrize("endless", [b"x" * 64, b"\r\n" * 32, b" " * 64, b"\r\n--bx" * 10])
@pytest.mark.parametrize("before", [b"", b"--b\r\n", b"--b\r\n\r\n", b"--b"])
def test_what_never_ends_is_cut_off_and_not_kept(before: bytes, endless: bytes) -> None:
    reader = MultipartReader(b"b", max_part=1000)
    reader.feed(before)
    with pytest.raises(TooLarge):
        for _ in range(200):
            reader.feed(endless)
            assert len(reader._buffer) < 1000 + 2 * 64


def test_a_part_that_is_too_long_is_passed_over_however_it_comes() -> None:
    for length, fits in ((20, True), (21, False), (60, False)):
        body = b"--b\r\n" + b"a: b\r\n\r\n".ljust(length, b"x") + b"\r\n--b\r\n\r\n2\r\n--b--"
        for pieces in ([body], single_bytes(body), *([body[:at], body[at:]] for at in range(len(body)))):
            reader = MultipartReader(b"b", 20, leaves_out=60)
            read = [part.body for piece in pieces for part in reader.feed(piece)]
            assert (read, reader.left_out, reader.finished) == (
                ([b"x" * 12, b"2"], 0, True) if fits else ([b"2"], 1, True)
            )


def test_of_what_is_passed_over_nothing_is_kept_and_it_must_end_all_the_same() -> None:
    for endless in (b"x" * 64, b"\r\n" * 32, b"\r\n--bx" * 10):
        reader = MultipartReader(b"b", max_part=1000, leaves_out=100_000)
        reader.feed(b"--b\r\n")
        with pytest.raises(TooLarge, match="more than 100000 bytes"):
            for _ in range(2000):
                reader.feed(endless)
                assert len(reader._buffer) < 1000 + 2 * 64


def test_blanks_after_a_delimiter_are_not_passed_over_without_end() -> None:
    reader = MultipartReader(b"b", max_part=1000, leaves_out=100_000)
    reader.feed(b"--b\r\nx\r\n--b")
    with pytest.raises(TooLarge, match="more than 1000 blanks"):
        for _ in range(200):
            reader.feed(b" " * 64)
            assert len(reader._buffer) < 1000 + 2 * 64


@pytest.mark.parametrize("again", [b"--b\r\n", b"\r\n--bx", b"\r\n\r\n--b\r\n", b"a: b\r\n\r\nx\r\n--b\r\n"], ids=repr)
def test_a_body_of_more_delimiters_than_any_event_has_is_refused(again: bytes) -> None:
    body = b"--b\r\n" + again * 100_000
    with pytest.raises(MalformedMultipart, match="more than 1000 delimiters"):
        read_json("multipart/form-data; boundary=b", body)


# Broken framing


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"--b",
        b"--b\r\n",
        b"--b\r\n" + HEAD + b"{}",
        b"--b\r\n" + HEAD + b"{}\r\n",
        b"--b\r\n" + HEAD + b"{}\r\n--b",
        b"--b\r\n" + HEAD + b"{}\r\n--b-",
        b"--b\r\n" + HEAD + b"{}\r\n--b\r\n",
        b"--b\r\n" + HEAD + b"{}--b--",
        b"--other\r\n" + HEAD + b"{}\r\n--other--\r\n",
    ],
)
def test_a_body_without_its_closing_delimiter_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedMultipart, match="closing delimiter"):
        read_parts("multipart/form-data; boundary=b", body)


def test_a_part_without_a_blank_line_is_malformed() -> None:
    with pytest.raises(MalformedMultipart, match="no blank line"):
        read_parts("multipart/form-data; boundary=b", b"--b\r\nContent-Type: application/json\r\n{}\r\n--b--")


# Headers


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/form-data; boundary=WhooHooZeerOoonie=", b"WhooHooZeerOoonie="),
        ("multipart/form-data;boundary=this-is-a-boundary", b"this-is-a-boundary"),
        ('multipart/form-data; boundary="a b;c"', b"a b;c"),
        ("Multipart/Form-Data; charset=utf-8; Boundary=x", b"x"),
        ("multipart/related; boundary=x; type=y", b"x"),
        ("multipart/related; boundary=x ", b"x"),
    ],
)
def test_a_boundary_is_read_in_quotes_or_not(content_type: str, boundary: bytes) -> None:
    assert boundary_of(content_type) == boundary


@pytest.mark.parametrize(
    "content_type",
    ["", "application/json", "multipart/form-data", "multipart/form-data; boundary=", "text/plain; boundary=x"],
)
def test_a_content_type_without_a_boundary_is_malformed_and_shown(content_type: str) -> None:
    with pytest.raises(MalformedMultipart, match=re.escape(repr(content_type))):
        boundary_of(content_type)


@pytest.mark.parametrize(
    ("headers", "is_json", "name"),
    [
        ({"content-type": "application/json; charset=UTF-8"}, True, ""),
        ({"content-type": "Application/JSON"}, True, ""),
        ({"content-type": "application/octet-stream"}, False, ""),
        ({"content-disposition": 'form-data; name="metadata"'}, True, "metadata"),
        ({"content-disposition": "form-data; name=metadata"}, True, "metadata"),
        ({"content-disposition": 'form-data; filename="metadata"; name="metadata"'}, True, "metadata"),
        ({"content-disposition": 'form-data; name="audio"; filename="metadata"'}, False, "audio"),
        ({"content-disposition": 'form-data; name="metadata"', "content-type": "audio/L16"}, False, "metadata"),
        ({}, False, ""),
    ],
)
def test_json_is_what_says_so_or_the_metadata_that_says_nothing(
    headers: dict[str, str], is_json: bool, name: str
) -> None:
    part = Part(headers, b"")
    assert (part.is_json, part.name) == (is_json, name)


def test_header_names_are_read_in_any_case_and_values_to_the_letter() -> None:
    body = b"--b\r\nCONTENT-type :  Application/JSON \r\nno colon\r\nX-\xff: \xff\r\n\r\n{}\r\n--b--"
    [part] = read_parts("multipart/related; boundary=b", body)
    assert part.headers == {"content-type": "Application/JSON", "x-�": "�"}


def test_the_json_of_a_body_is_its_first_json_part() -> None:
    sound = Part({"content-type": "application/octet-stream"}, b"\0")
    first, second = (Part({"content-type": JSON_TYPE}, json) for json in (b"1", b"2"))
    assert json_part([sound, first, second]) == b"1"
    with pytest.raises(MalformedMultipart, match="no part with Content-Type application/json"):
        json_part([sound])


CONTENT_TYPE = "multipart/x; boundary=b"
HEADS = [
    HEAD,
    b"Content-Type: Application/JSON\r\n\r\n",
    b'Content-Disposition: form-data; name="metadata"\r\n\r\n',
    b"Content-Type: text/plain\r\n\r\n",
    b"X: " + b"x" * 600 + b"\r\n" + HEAD,
    b"no colon\r\n\r\n",
    b"\r\n\r\n",
    b"\r\n",
    b"",
]


@lawful
@given(
    opening=st.sampled_from([b"--b\r\n", b"\r\n--b\r\n", b"--b \r\n", b"--b\r\n--b\r\n", b""]),
    head=st.sampled_from(HEADS),
    json=st.sampled_from([b"{}", b"", b"\r\n\r\n", b'{"a":"--b"}', b"\r\n--bc"]),
    closing=st.sampled_from([b"\r\n--b--\r\n", b"\r\n--b--", b"\r\n--b\r\n", b"--b--", b"\r\n--b--\r\n--b--"]),
)
def test_what_is_cut_out_is_what_the_reader_reads(opening: bytes, head: bytes, json: bytes, closing: bytes) -> None:
    body = opening + head + json + closing
    assert outcome(partial(read_json, CONTENT_TYPE, body)) == outcome(lambda: json_part(read_parts(CONTENT_TYPE, body)))


def outcome(read_it: Callable[[], bytes]) -> bytes | type[Exception]:
    try:
        return read_it()
    except MalformedMultipart as error:
        return type(error)
