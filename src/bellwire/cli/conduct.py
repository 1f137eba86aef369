"""How alerts are snoozed and stopped, on the command line: the options that alerts and accounts share, and
`bellwire account conduct`.

It knows how it is written; the cloud decides.
"""

from typing import Annotated, Any

import typer

from bellwire.cli.options import CloudData, Json
from bellwire.cli.output import put_json, say

Snooze = Annotated[
    str | None, typer.Option("--snooze", metavar="TIME", help="A snooze is so long, where nobody says it: 5m, 1h.")
]
Snoozes = Annotated[
    int | None, typer.Option("--snoozes", metavar="N", help="It may be snoozed so often each time; 0: never.")
]
StopEverywhere = Annotated[
    bool | None,
    typer.Option(
        "--stop-everywhere/--stop-each",
        help="Stopped or snoozed on one device it is so on all; or each device is stopped by itself.",
        show_default=False,
    ),
]
AsUsual = Annotated[
    bool, typer.Option("--as-usual", help="Nothing is said of that any more: it is as where nobody has said anything.")
]
_ALL = ("snooze", "snoozes", "stop_everywhere")


def conduct_said(
    snooze: str | None, snoozes: int | None, stop_everywhere: bool | None, *, as_usual: bool = False
) -> dict[str, Any]:
    """What was said of it, as the account API takes it; nothing when nothing was."""
    said = dict(zip(_ALL, (snooze, snoozes, stop_everywhere), strict=True))
    said = {key: value for key, value in said.items() if value is not None}
    if as_usual and said:
        raise typer.BadParameter("say either --as-usual, or how it is to be")
    return dict.fromkeys(_ALL) if as_usual else said


def conduct(
    *,
    name: Annotated[str, typer.Argument(help="As `bellwire account list` shows it.")],
    snooze: Snooze = None,
    snoozes: Snoozes = None,
    stop_everywhere: StopEverywhere = None,
    as_usual: AsUsual = False,
    data: CloudData,
    json: Json = False,
) -> None:
    """Say how an account's alerts are snoozed and stopped, or show it. The cloud must run.

    An alert may say so itself: bellwire alert add … --snooze 5m.
    """
    from bellwire.cli.account_api import api_on_this_machine

    said = conduct_said(snooze, snoozes, stop_everywhere, as_usual=as_usual)
    with api_on_this_machine(data, name) as api:
        account = api.call("PATCH", "account", body={"conduct": said}) if said else api.call("GET", "account")
    if json:
        put_json(account["conduct"])
    else:
        say(f"alerts of account {name} {in_words(account['conduct'])}")


def in_words(conduct: dict[str, Any]) -> str:
    """How alerts are snoozed and stopped, where all of it is said."""
    often = (
        f"may be snoozed {conduct['snoozes']} times for {conduct['snooze']}"
        if conduct["snoozes"]
        else "are not snoozed"
    )
    stops = (
        "stopped on one device they are so on all" if conduct["stop_everywhere"] else "each device is stopped by itself"
    )
    return f"{often}; {stops}"


def add_to(app: typer.Typer) -> None:
    """Make this command of `bellwire account`."""
    app.command(epilog="Example: bellwire account conduct home --snooze 5m --snoozes 3 --stop-each")(conduct)
