"""`bellwire check`: does a cloud, or a device, do what the documents say? It knows the command line and the words at
the end; the cases are in `conformance`.
"""

import os
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bellwire.cli.check_progress import progress
from bellwire.cli.failure import Failure, shown_in_one_line
from bellwire.cli.machine import kit_folder
from bellwire.cli.options import TOKEN_VARIABLE, Authority, Json
from bellwire.cli.output import hint, put_json, say

if TYPE_CHECKING:
    from bellwire.conformance.case import Case, Side
    from bellwire.conformance.checking import Shown
    from bellwire.conformance.clause import Clause
    from bellwire.conformance.report.summary import Summary
    from bellwire.protocol.profiles.profile import Profile

app = typer.Typer(help="Check a cloud, or a device, against the documents, case by case.")

ProfileName = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        help="The version of the protocol that it speaks; see: bellwire profile list",
        show_default="the newest",
    ),
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="ID",
        help="These cases: an id (alerts/SetAlert/2), a section (alerts/SetAlert), or with * and ?; may be repeated.",
        show_default=False,
    ),
]
Strict = Annotated[bool, typer.Option("--strict", help="What SHOULD be counts like what MUST be.")]
Listing = Annotated[bool, typer.Option("--list", help="List the cases with their clauses, and end.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say which cases would be run, and end.")]
Junit = Annotated[Path | None, typer.Option(metavar="FILE", help="Write the results as JUnit XML.")]
Html = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write the results as a page: clauses, what came, the bytes.")
]
Patience = Annotated[
    float, typer.Option(metavar="SECONDS", min=0.1, max=600, help="How long something that must come may take.")
]
_PATIENCE = 5.0
_NOT_CHECKED = 2
"""Exit status where nothing was checked: 1 is of a cloud, or a device, that is not as it MUST be."""


@app.command(epilog="Example: bellwire check cloud --url https://localhost:8443 --ca ca.pem --token TOKEN")
def cloud(
    *,
    url: Annotated[str | None, typer.Option(metavar="URL", help="The cloud, https://HOST:PORT.")] = None,
    ca: Authority = None,
    token: Annotated[
        str | None,
        typer.Option(metavar="TOKEN", help="An access token of the device that is played.", envvar=TOKEN_VARIABLE),
    ] = None,
    account_token: Annotated[
        str | None,
        typer.Option(metavar="TOKEN", help="Of a bellwire cloud: its account's, to set and delete alerts."),
    ] = None,
    owner: Annotated[
        str | None,
        typer.Option(
            metavar="COMMAND", help="Of any cloud: a command that sets and deletes alerts; see docs/check.md."
        ),
    ] = None,
    profile: ProfileName = None,
    only: Only = None,
    strict: Strict = False,
    list_: Listing = False,
    dry_run: DryRun = False,
    junit: Junit = None,
    html: Html = None,
    patience: Patience = _PATIENCE,
    json: Json = False,
) -> None:
    """Play a device against a cloud. Exit status 1: it does not do what it MUST.

    Most cases need somebody who sets alerts on that cloud: --account-token or --owner; without one they are skipped.
    """
    from bellwire.conformance.case import Side
    from bellwire.conformance.checking import check_cloud

    spoken, cases = _chosen(Side.CLOUD, profile, only)
    if _only_shown(cases, spoken, list_=list_, dry_run=dry_run, as_json=json):
        return
    if url is None or token is None:
        raise typer.BadParameter("--url and --token say which cloud, and as which of its devices")
    if owner is not None and account_token is not None:
        raise typer.BadParameter("--owner and --account-token are two ways to the same thing: give one of them")

    def run(shown: "Shown") -> Awaitable["Summary"]:
        return check_cloud(
            spoken, url, ca, token, account_token=account_token, owner=owner, cases=cases,
            patience=patience, strict=strict, shown=shown,
        )  # fmt: skip

    _check(run, spoken, len(cases), junit, html, as_json=json)


@app.command(epilog="Example: bellwire check device --port 8444 --buttons ./press.sh")
def device(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where the device connects; 0: any free one.")] = 8444,
    host: Annotated[
        str, typer.Option(metavar="H", help="The address to listen on; 0.0.0.0 for a device elsewhere.")
    ] = "127.0.0.1",
    buttons: Annotated[
        str | None,
        typer.Option(metavar="COMMAND", help="A command that presses the device's buttons; see docs/check.md."),
    ] = None,
    data: Annotated[
        Path,
        typer.Option(
            metavar="DIR", help="Where the kit keeps its certificates.", default_factory=kit_folder, show_default=False
        ),
    ],
    profile: ProfileName = None,
    only: Only = None,
    strict: Strict = False,
    list_: Listing = False,
    dry_run: DryRun = False,
    junit: Junit = None,
    html: Html = None,
    patience: Patience = _PATIENCE,
    json: Json = False,
) -> None:
    """Play the cloud for any device that connects. Exit status 1: it does not do what it MUST.

    Any access token is taken. Cases that need somebody at the device's buttons are skipped without --buttons.
    """
    from bellwire.conformance.case import Side
    from bellwire.conformance.checking import check_device

    spoken, cases = _chosen(Side.DEVICE, profile, only)
    if _only_shown(cases, spoken, list_=list_, dry_run=dry_run, as_json=json):
        return

    def run(shown: "Shown") -> Awaitable["Summary"]:
        return check_device(
            spoken, host, port, data, buttons=buttons, cases=cases, patience=patience, strict=strict,
            ready=_ready, shown=shown, troubles=cache(hint),
        )  # fmt: skip

    _check(run, spoken, len(cases), junit, html, as_json=json)


def _ready(url: str, authority: Path) -> None:
    hint(f"point the device at {url}; it trusts it by {authority}, and any access token is good")


def _chosen(side: "Side", profile: str | None, only: list[str] | None) -> tuple["Profile", Sequence["Case"]]:
    from bellwire.conformance.cases import chosen
    from bellwire.protocol.profiles import DEFAULT_PROFILE, profile_named

    with shown_in_one_line(ValueError, status=_NOT_CHECKED):
        spoken = profile_named(profile or DEFAULT_PROFILE.name)
        return spoken, chosen(side, spoken, only or ())


def _only_shown(cases: Sequence["Case"], profile: "Profile", *, list_: bool, dry_run: bool, as_json: bool) -> bool:
    """Whether somebody only wants to see them: with their clauses, or in a line each."""
    if not list_ and not dry_run:
        return False
    if as_json:
        put_json([_as_object(case, profile) for case in cases])
        return True
    for case in cases:
        say(f"{case.level:<6} {case.id:<32} {case.title}")
        for clause in clauses_of(case, profile) if list_ else ():
            say(f"       {clause.document}, {clause.section}: {clause.quote}")
    hint(f"{len(cases)} cases")
    return True


def _as_object(case: "Case", profile: "Profile") -> dict[str, object]:
    clauses = [
        {"document": clause.document, "section": clause.section, "quote": clause.quote}
        for clause in clauses_of(case, profile)
    ]
    return {
        "id": case.id,
        "title": case.title,
        "level": case.level.value,
        "must_refuse": case.refuses,
        "clauses": clauses,
    }


def clauses_of(case: "Case", profile: "Profile") -> Sequence["Clause"]:
    """The clauses that a case stands for in this version."""
    from bellwire.conformance.cases.clauses import clauses_for

    return clauses_for(profile.name, case.clauses)


def _check(
    run: Callable[["Shown"], Awaitable["Summary"]],
    profile: "Profile",
    count: int,
    junit: Path | None,
    html: Path | None,
    *,
    as_json: bool,
) -> None:
    """Run, show, write the reports; exit status 1 where something MUST be otherwise."""
    import asyncio

    from bellwire.conformance.case import Unmet

    async def whole() -> "Summary":
        with progress(count, lambda case: clauses_of(case, profile), as_json=as_json) as shown:
            return await run(shown)

    try:
        with shown_in_one_line(ValueError, status=_NOT_CHECKED):
            for path in filter(None, (junit, html)):
                _look_at(path)
            summary = asyncio.run(whole())
    except Unmet as unmet:
        raise Failure(str(unmet), _NOT_CHECKED) from unmet
    _write(summary, junit, html)
    if as_json:
        put_json({"summary": summary.line, "faults": summary.faults, "seconds": round(summary.seconds, 1)})
    else:
        say(f"check: {summary.line}")
    if summary.faults:
        raise typer.Exit(1)


def _look_at(report: Path) -> None:
    """Whether it can be written, before minutes go by. Raises ValueError."""
    if report.is_dir() or not os.access(report if report.exists() else report.parent, os.W_OK):
        raise ValueError(f"{report}: a report can't be written there; name a file in a folder of yours")


def _write(summary: "Summary", junit: Path | None, html: Path | None) -> None:
    with shown_in_one_line(status=_NOT_CHECKED):
        if junit is not None:
            from bellwire.conformance.report.junit import junit as as_junit

            junit.write_bytes(as_junit(summary))
        if html is not None:
            from bellwire.conformance.report.page import page

            html.write_text(page(summary), encoding="utf-8")
