"""`bellwire simulate`: both cores under everything that can go wrong. It knows the command line and the last line."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from bellwire.cli.failure import Failure, shown_in_one_line
from bellwire.cli.options import Json
from bellwire.cli.output import put_json, say

if TYPE_CHECKING:
    from bellwire.simulation.breakage import Breakage
    from bellwire.simulation.run import Outcome

_SEEDS, _START = 100, 1
"""How many, and the first, where nobody says it otherwise."""

EPILOG = "Example: bellwire simulate --seeds 1000"


def simulate(
    *,
    seeds: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="How many runs, each from its own seed.", show_default=str(_SEEDS)),
    ] = None,
    start: Annotated[
        int | None, typer.Option(metavar="S", min=0, help="The first seed.", show_default=str(_START))
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", min=0, help="This one alone, to see it again.")] = None,
    faults: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="These faults, between commas, or none; see --list.",
            show_default="some, drawn by each seed",
        ),
    ] = None,
    break_: Annotated[
        str | None,
        typer.Option("--break", metavar="NAME", help="With this bug in it, to see it found; see --list."),
    ] = None,
    forever: Annotated[bool, typer.Option("--forever", help="Go on until told to stop.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="List faults, bugs and invariants, and end.")] = False,
    json: Json = False,
) -> None:
    """Live through days of clouds, speakers and people in virtual time. Exit status 1: an invariant was broken.

    What breaks is shown with its seed, its faults and the conversation that led to it; the same seed and the same
    version of this program give the same run anywhere.
    """
    if list_:
        _list(as_json=json)
        return
    from bellwire.simulation.faults import faults_named

    numbers, total = _numbers(seed, seeds, start, forever=forever)

    with shown_in_one_line(ValueError, status=2):  # 1: something broke
        allowed = None if faults is None else faults_named(faults)
        breakage = _breakage(break_)
    again = "bellwire simulate --seed {}" + (f" --faults {faults.replace(' ', '')}" if faults is not None else "")
    _run(numbers, total, allowed, breakage, again + (f" --break {break_}" if break_ else ""), as_json=json)


def _numbers(
    seed: int | None, seeds: int | None, start: int | None, *, forever: bool
) -> tuple["Iterator[int] | range", int | None]:
    """One seed, so many, or all from here on; and how many these are, where there is an end."""
    from itertools import count

    if seed is not None and (seeds is not None or start is not None or forever):
        raise typer.BadParameter("--seed is one run alone: leave out --seeds, --start and --forever")
    if seeds is not None and forever:
        raise typer.BadParameter("--forever has no end, and --seeds has: give one of them")
    if forever:
        return count(_START if start is None else start), None
    first, many = (seed, 1) if seed is not None else (_START if start is None else start, seeds or _SEEDS)
    return range(first, first + many), many


def _run(
    numbers: "Iterator[int] | range",
    total: int | None,
    allowed: frozenset[str] | None,
    breakage: "Breakage",
    again: str,
    *,
    as_json: bool,
) -> None:
    """`again`: the command that shows one of them once more, with {} for its seed."""
    from bellwire.simulation.run import prepare, run

    prepare()
    began, done, hours, broken = time.process_time(), 0, 0.0, 0
    try:
        with _progress(total, as_json=as_json) as went_on:
            for number in numbers:
                outcome = run(number, allowed, breakage)
                done, hours = done + 1, hours + outcome.device_hours
                broken += outcome.broken is not None
                _show(outcome, again, as_json=as_json)
                went_on(outcome)
    except KeyboardInterrupt:
        pass  # the way to end `--forever`: what was found is told
    seconds = max(time.process_time() - began, 1e-9)
    if as_json:
        put_json({"seeds": done, "broken": broken, "device_hours": round(hours), "seconds": round(seconds, 1)})
    else:
        found = f"{broken} broke an invariant" if broken else "every invariant held"
        # Of one alone no speed is told: it is to be the same again, to the last byte.
        much = f"1 seed, {hours:,.0f} device-hours"
        if done != 1:
            much = f"{done} seeds, {hours:,.0f} device-hours, {hours / seconds:,.0f} a second"
        say(f"simulate: {much}: {found}")
    if broken:
        raise typer.Exit(1)


def _show(outcome: "Outcome", again: str, *, as_json: bool) -> None:
    from bellwire.simulation.story import story

    if outcome.broken is None:
        return
    lines = story(outcome.facts, outcome.broken.how)
    if as_json:
        put_json(
            {
                "seed": outcome.seed,
                "again": again.format(outcome.seed),
                "faults": outcome.faults,
                "invariant": outcome.broken.invariant,
                "how": outcome.broken.how,
                "conversation": lines,
            }
        )
        return
    say(f"seed {outcome.seed}: {outcome.broken}")
    say(f"  faults: {', '.join(outcome.faults) or 'none'}; again: {again.format(outcome.seed)}")
    for line in lines:
        say(f"  {line}")


@contextmanager
def _progress(total: int | None, *, as_json: bool) -> "Iterator[Callable[[Outcome], None]]":
    """What is to be called after each run: on a terminal it shows how far it is."""
    import sys

    if as_json or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task, broken = bar.add_task("", total=total), 0

        def went_on(outcome: "Outcome") -> None:
            nonlocal broken
            broken += outcome.broken is not None
            bar.update(task, advance=1, description=f"seed {outcome.seed}, {broken} broken")

        yield went_on


def _breakage(name: str | None) -> "Breakage":
    from bellwire.simulation.breakage import BREAKAGES, nothing_broken

    if name is None:
        return nothing_broken
    if name not in BREAKAGES:
        raise Failure(f"there is no bug {name!r}; there are: {', '.join(BREAKAGES)}", 2)
    return BREAKAGES[name]


def _list(*, as_json: bool) -> None:
    from bellwire.simulation.breakage import BREAKAGES
    from bellwire.simulation.faults import FAULTS
    from bellwire.simulation.invariants import GOES_ON, INVARIANTS

    bugs = {breakage.name: breakage.what for breakage in BREAKAGES.values()}
    invariants = [*(invariant.name for invariant in INVARIANTS), GOES_ON]
    if as_json:
        put_json({"faults": FAULTS, "bugs": bugs, "invariants": invariants})
        return
    for title, named in (("faults (--faults)", FAULTS), ("bugs (--break)", bugs)):
        say(f"{title}:")
        for name, what in named.items():
            say(f"  {name:<22} {what}")
    say("invariants:")
    for invariant in invariants:
        say(f"  {invariant}")
