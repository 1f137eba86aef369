"""The pages of `docs/profiles`, written from the profiles: `python -m bellwire.cli.profile_pages FOLDER`.

It knows Markdown; what stands in the pages is in `profile_rows`.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from bellwire.cli.output import say
from bellwire.cli.profile_rows import (
    FIELD_HEAD,
    Difference,
    FieldRow,
    MessageRows,
    ProfileRows,
    differences,
    rows_of,
)
from bellwire.protocol.profiles import DEFAULT_PROFILE, PROFILES

_WRITTEN = "<!-- Written by `make docs` from src/bellwire/protocol/profiles; edit there. -->"
INDEX = "README.md"


def pages() -> Mapping[str, str]:
    """All pages, by the names of their files."""
    versions = [rows_of(profile) for profile in PROFILES.values()]
    return {
        INDEX: _text(_index(versions)),
        **{f"{version.name}.md": _text(_page(version)) for version in versions},
    }


def _text(blocks: Iterable[str]) -> str:
    return "\n\n".join((_WRITTEN, *blocks)) + "\n"


def _page(version: ProfileRows) -> Iterator[str]:
    yield f"# {version.name}"
    yield f"{version.title}. `bellwire profile show {version.name}` shows the same. [The other versions]({INDEX})"
    yield _table(("", ""), version.facts)
    yield "## In the header of every message"
    yield _fields(version.header)
    for heading, messages in (
        ("Events, from the device to the cloud", version.events),
        ("Directives, from the cloud to the device", version.directives),
        ("State of the device, in the context of events", version.context),
    ):
        yield f"## {heading}"
        for message in messages:
            yield from _message(message)


def _message(message: MessageRows) -> Iterator[str]:
    yield f"### {message.name}"
    context = f" Context: {message.context}." if message.context else ""
    empty = "" if message.fields else " Its payload is empty."
    yield f"{message.about}{context}{empty} Source: {message.source}."
    if message.fields:
        yield _fields(message.fields)


def _fields(rows: Iterable[FieldRow]) -> str:
    return _table(FIELD_HEAD, [(f"`{row.path}`", *row[1:]) for row in rows])


def _index(versions: Sequence[ProfileRows]) -> Iterator[str]:
    yield "# Versions of the protocol"
    yield (
        "A device speaks the version that it was added with (`bellwire device add --profile`); "
        "one cloud speaks them all."
    )
    yield _table(
        ("profile", "what it is", "events", "directives"),
        [
            (f"[{each.name}]({each.name}.md)", _titled(each), str(len(each.events)), str(len(each.directives)))
            for each in versions
        ],
    )
    yield "## Who has which message"
    yield _table(("message", "kind", *(each.name for each in versions)), _messages(versions))
    yield "## Differences"
    yield "Between any two: `bellwire profile diff NAME OTHER`."
    for one, other in pairwise(versions):
        yield f"### {one.name} and {other.name}"
        yield _differences(one, other, list(differences(one, other)))


def _titled(version: ProfileRows) -> str:
    default = " (of a device for which nobody says another)" if version.name == DEFAULT_PROFILE.name else ""
    return version.title + default


def _messages(versions: Sequence[ProfileRows]) -> Iterator[tuple[str, ...]]:
    had = [{(message.name, message.kind) for message in version.messages} for version in versions]
    for name, kind in sorted(set().union(*had)):
        yield (name, kind, *("yes" if (name, kind) in each else "" for each in had))


def _differences(one: ProfileRows, other: ProfileRows, found: Sequence[Difference]) -> str:
    if not found:
        return "They do not differ."
    return _table(("", one.name, other.name), [(each.where, each.one or "-", each.other or "-") for each in found])


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *(map(_cell, row) for row in rows))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


def write(folder: Path) -> None:
    """Write all pages; those of profiles that are no more are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = pages()
    for stale in {file.name for file in folder.glob("*.md")} - wanted.keys():
        (folder / stale).unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
    say(f"{sys.argv[1]}: written")
