"""Puts of what was found the smallest inputs that reach what the corpus does not.

python -m tests.fuzzing.keep TARGET FOLDER
"""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from tests.fuzzing.seeds import CORPUS, put
from tests.fuzzing.targets import TARGETS

Step = tuple[str, int, int]
"""From one line of a file to the next."""


def steps_of(target: Callable[[bytes], None], data: bytes) -> set[Step]:
    """The steps through the product that an input leads to."""
    taken: set[Step] = set()
    before: dict[int, int] = {}

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if "/bellwire/" not in frame.f_code.co_filename:
            return None
        taken.add((frame.f_code.co_filename, before.get(id(frame), 0), frame.f_lineno))
        before[id(frame)] = frame.f_lineno
        if event == "return":
            del before[id(frame)]
        return trace

    sys.settrace(trace)
    try:
        target(data)
    finally:
        sys.settrace(None)
    return taken


def main() -> None:
    """Keep what is worth it, and say how much."""
    name, found = sys.argv[1], Path(sys.argv[2])
    target, known, count = TARGETS[name], set[Step](), 0
    for path in sorted((CORPUS / name).iterdir()):
        known |= steps_of(target, path.read_bytes())
    for data in sorted((path.read_bytes() for path in found.iterdir()), key=len):
        if new := steps_of(target, data) - known:
            known |= new
            put(name, data)
            count += 1
    print(f"fuzz: {count} inputs for {name} are kept; {len(known)} steps are reached")  # noqa: T201


if __name__ == "__main__":
    main()
