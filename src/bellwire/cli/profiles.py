"""`bellwire profile`: the versions of the protocol, to be read. It knows the command line and how wide a screen is;
what there is to read is in `profile_rows`.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bellwire.cli.failure import shown_in_one_line
from bellwire.cli.options import Json
from bellwire.cli.output import put_json, say

if TYPE_CHECKING:
    from rich.table import Table

    from bellwire.cli.profile_rows import MessageRows, ProfileRows

app = typer.Typer(help="The versions of the protocol that are spoken, each with all of its messages.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="As `bellwire profile list` shows it.")]
WIDTH = 80
"""Of what is piped: fit to be read anywhere."""
_WIDEST = 120
"""On a screen: a longer line is hard to read."""


@app.command("list", epilog="Example: bellwire profile list")
def list_(json: Json = False) -> None:
    """List the versions."""
    from bellwire.protocol.profiles import DEFAULT_PROFILE, PROFILES

    if json:
        put_json(
            [{"name": each.name, "title": each.title, "default": each is DEFAULT_PROFILE} for each in PROFILES.values()]
        )
        return
    rows = [
        (each.name, str(len(each.events)), str(len(each.directives)), each.title + _default(each is DEFAULT_PROFILE))
        for each in PROFILES.values()
    ]
    _put(("name", "events", "directives", "what it is"), rows)


def _default(is_default: bool) -> str:
    return " (of a device for which nobody says another)" if is_default else ""


@app.command(epilog="Example: bellwire profile show NAME, with a name of: bellwire profile list")
def show(name: Name, json: Json = False) -> None:
    """Show one version: where it is spoken, its policies, and every message with all of its fields."""
    from bellwire.cli.profile_rows import FIELD_HEAD

    rows = _rows_of(name)
    if json:
        put_json(_as_objects(rows))
        return
    _put(("",), [(rows.name,), (rows.title,)])
    say("")
    _put(("", ""), rows.facts)
    say("\nIN THE HEADER OF EVERY MESSAGE\n")
    _put(FIELD_HEAD, rows.header)
    for heading, messages in (
        ("Events, from the device to the cloud", rows.events),
        ("Directives, from the cloud to the device", rows.directives),
        ("State of the device, in the context of events", rows.context),
    ):
        say(f"\n{heading.upper()}")
        for message in messages:
            say(f"\n{message.name}")
            _put_about(message)
            if message.fields:
                _put(FIELD_HEAD, message.fields)


def _as_objects(rows: "ProfileRows") -> dict[str, Any]:
    def message(each: "MessageRows") -> dict[str, Any]:
        return {**vars(each), "fields": [field._asdict() for field in each.fields]}

    return {
        "name": rows.name,
        "title": rows.title,
        "facts": dict(rows.facts),
        "header": [field._asdict() for field in rows.header],
        "events": [message(each) for each in rows.events],
        "directives": [message(each) for each in rows.directives],
        "context": [message(each) for each in rows.context],
    }


def _put_about(message: "MessageRows") -> None:
    context = (f"context: {message.context}",) if message.context else ()
    empty = () if message.fields else ("payload: empty",)
    _put(("",), [(line,) for line in (message.about, f"source: {message.source}", *context, *empty)])


@app.command(epilog="Example: bellwire profile diff NAME OTHER, with names of: bellwire profile list")
def diff(
    name: Name,
    other: Annotated[str, typer.Argument(metavar="OTHER", help="The one to compare it with.")],
    json: Json = False,
) -> None:
    """Show what one version has and another has not: policies, messages, fields."""
    from bellwire.cli.profile_rows import differences

    one, two = _rows_of(name), _rows_of(other)
    found = list(differences(one, two))
    if json:
        put_json([each._asdict() for each in found])
    elif found:
        for each in found:
            say(each.where)
            _put(("", ""), [(f"  {one.name}", each.one or "-"), (f"  {two.name}", each.other or "-")])
    else:
        say(f"{one.name} and {two.name} do not differ")


def _rows_of(name: str) -> "ProfileRows":
    from bellwire.cli.profile_rows import rows_of
    from bellwire.protocol.profiles import profile_named

    with shown_in_one_line(ValueError):
        return rows_of(profile_named(name))


def _put(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table that fits the screen, or 80 columns where there is none."""
    from rich.console import Console

    console = Console(highlight=False)
    console.width = min(console.width, _WIDEST) if console.is_terminal else WIDTH
    with console.capture() as printed:
        console.print(_table(head, rows))
    say("\n".join(map(str.rstrip, printed.get().splitlines())))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> "Table":
    """Only the last column is broken into lines: names stay whole, so that they can be copied."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_header=any(head))
    for title in head[:-1]:
        table.add_column(title, no_wrap=True)
    table.add_column(head[-1], overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return table
