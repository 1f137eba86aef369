"""What a device says of itself in headers, made fit to keep and to show.

It knows bounds, characters and ``key=value``; it must not know any header by name. Nothing here fails: who a device
says it is decides nothing, so what is not as documented is a warning. Every step reads a text once, from left to right.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

LONGEST = 512
"""Characters of a header that are kept."""
MOST = 32
"""Pairs or words of a header that are kept."""


class Read(NamedTuple):
    """What a header says, and what of it is not as documented."""

    details: Mapping[str, str]
    warnings: tuple[str, ...]


def kept(name: str, text: str) -> tuple[str, tuple[str, ...]]:
    """Give what is kept of a header, with a warning where that is not all of it.

    What could move a cursor or turn a line round where it is shown is replaced.
    """
    shown = "".join(character if character.isprintable() else "\ufffd" for character in text[:LONGEST]).strip()
    if len(text) > LONGEST:
        return shown, (f"{name} has {len(text)} characters; {LONGEST} are kept",)
    return shown, ()


def read_pairs(name: str, texts: Iterable[str]) -> Read:
    """Read ``key=value`` of each text. Of a key that comes twice the first counts; empty texts are no mistake."""
    details: dict[str, str] = {}
    warnings = []
    for text in filter(None, map(str.strip, texts)):
        key, equals, value = (side.strip() for side in text.partition("="))
        if not equals or not key:
            warnings.append(f"{name}: {text!r} is not of the form key=value")
        elif key in details:
            warnings.append(f"{name}: {key!r} comes twice")
        elif len(details) == MOST:
            warnings.append(f"{name}: more than {MOST} pairs; the others are left out")
            break
        else:
            details[key] = value
    return Read(details, tuple(warnings[:MOST]))


def read_words(name: str, text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the words between commas, each once, and the warnings."""
    words = tuple(dict.fromkeys(filter(None, map(str.strip, text.split(",")))))
    if len(words) > MOST:
        return words[:MOST], (f"{name}: {len(words)} words; {MOST} are kept",)
    return words, ()


def is_semantic_version(text: str) -> bool:
    """Whether this is a version as semver.org has it (2.0.0): ``1.2.3``, ``1.2.3-rc.1+build.5``."""
    rest, plus, build = text.partition("+")
    core, dash, before = rest.partition("-")
    numbers = core.split(".")
    return (
        len(numbers) == 3
        and all(map(_is_number, numbers))
        and (not dash or all(_is_identifier(each) and _has_no_leading_zero(each) for each in before.split(".")))
        and (not plus or all(map(_is_identifier, build.split("."))))
    )


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _has_no_leading_zero(text: str) -> bool:
    return not _is_digits(text) or text == "0" or not text.startswith("0")


def _is_number(text: str) -> bool:
    return _is_digits(text) and _has_no_leading_zero(text)


def _is_identifier(text: str) -> bool:
    return text.isascii() and text.replace("-", "0").isalnum()
