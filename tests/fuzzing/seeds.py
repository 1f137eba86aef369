"""The first inputs of the corpus, made from the tables of the profiles: python -m tests.fuzzing.seeds

What guided fuzzing finds is put beside them.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random

from bellwire.protocol.messages import key_of
from bellwire.protocol.multipart import MultipartWriter
from tests.protocol.wire_values import FORMS, example, wrapped

CORPUS = Path(__file__).with_name("corpus")
_SEQUENCES = 12
"""Of each target that takes choices."""


def seeds() -> Iterator[tuple[str, bytes]]:
    """Target and input."""
    said: dict[tuple[str, tuple[str, str]], bytes] = {}
    for profile, direction, form in FORMS:
        if direction != "context":
            message = wrapped(direction, form, example(profile, form))
            said.setdefault((direction, key_of(form.message)), json.dumps(message).encode())
    for (direction, _), body in said.items():
        yield f"{direction}s", body
    bodies = [body for (direction, _), body in said.items() if direction == "event"][:3]
    writer = MultipartWriter("x", "form-data")
    yield from (("multipart", bytes([size]) + writer.whole(bodies[:count])) for count in (0, 1, 3) for size in (0, 3))
    yield "multipart", b"\x07preamble\r\n--x\r\n\r\n\r\n--x \t\r\n--x\r\nA: b\r\n\r\nbody\r\n--xy\r\n--x--epilogue"
    chance = Random(20261125)
    for target in ("engine", "handlers"):
        yield from ((target, chance.randbytes(20 + 10 * number)) for number in range(_SEQUENCES))


def put(target: str, data: bytes) -> None:
    """Keep an input, under a name that follows from it."""
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)


if __name__ == "__main__":
    for each in seeds():
        put(*each)
