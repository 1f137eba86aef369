"""The results of `bellwire check` as they come: a line each, and on a terminal how far it is.

It knows lines and screens; it must not know what a case looks for.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bellwire.cli.output import printable, put_json, say

if TYPE_CHECKING:
    from bellwire.conformance.case import Case
    from bellwire.conformance.clause import Clause
    from bellwire.conformance.runner import Result

_LAST = 6
"""Lines of the conversation that are shown of a case that failed."""
_LONGEST_LINE = 160


@contextmanager
def progress(
    count: int, clauses_of: "Callable[[Case], Sequence[Clause]]", *, as_json: bool
) -> "Iterator[Callable[[Result], None]]":
    """What is to be called with each result. `clauses_of`: what a case stands for."""
    if as_json:
        yield lambda result: put_json(_as_object(result))
        return
    if not sys.stdout.isatty():
        yield lambda result: say("\n".join(_lines(result, clauses_of(result.case))))
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
    from rich.text import Text

    console = Console(highlight=False)
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=count)

        def shown(result: "Result") -> None:
            first, *rest = _lines(result, clauses_of(result.case))
            console.print(Text(first, style=_STYLES[result.outcome]), soft_wrap=True)
            for line in rest:
                console.print(Text(line), no_wrap=True, overflow="ellipsis")
            bar.update(task, advance=1, description=result.case.section)

        yield shown


_STYLES = {"passed": "green", "failed": "bold red", "skipped": "yellow"}


def _lines(result: "Result", clauses: "Sequence[Clause]") -> list[str]:
    case = result.case
    lines = [f"{result.outcome:<7} {case.id:<33} {case.title}"]
    if result.outcome == "skipped":
        lines.append(f"        {result.came}")
    elif result.outcome == "failed":
        lines += [f"        {clause.document}, {clause.section}: {clause.quote}" for clause in clauses]
        lines += [f"        {case.level}: expected {result.expected}", f"        came: {result.came}"]
        for entry in result.exchange[-_LAST:]:
            said = entry.content.decode("utf-8", "backslashreplace")
            line = f"        {entry.at:%H:%M:%S.%f} {'>>' if entry.by_kit else '<<'} {entry.headline}  {said}"
            lines.append(line[:_LONGEST_LINE])
    return [printable(line) for line in lines]


def _as_object(result: "Result") -> dict[str, object]:
    about = {"id": result.case.id, "level": result.case.level.value, "outcome": result.outcome.value}
    return {**about, "seconds": round(result.seconds, 3), "expected": result.expected, "came": result.came}
