"""`bellwire alert why`: whether an alert rang. It knows the command line; the cloud knows, and tells it in words."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from bellwire.cli.asking import AccountToken, Url, asked
from bellwire.cli.options import AccountName, Authority, CloudData, Json
from bellwire.cli.output import put_json, put_table, say


def why(
    *,
    alert: Annotated[
        str, typer.Argument(metavar="TOKEN", help="The alert's token; also of one that was deleted, for 90 days.")
    ],
    data: CloudData,
    number: Annotated[int, typer.Option("--number", "-n", min=1, max=100, help="How many are shown.")] = 20,
    account: AccountName = None,
    url: Url = None,
    ca: Authority = None,
    token: AccountToken = None,
    json: Json = False,
) -> None:
    """Did it ring, when, how late, and if not, why not: for each device, the newest first, and how it stands now.

    Lateness is counted until the device's report came. Times are those of the account's time zone.
    """
    with asked(data, account, url, ca, token) as api:
        history = api.call("GET", "alerts", alert, "history", query={"limit": str(number)})
    if json:
        put_json(history)
        return
    say(_head(history))
    rows = list(_rows(history))
    if rows:
        put_table(("due", "device", "what became of it"), rows)
    if not history["rings"]:
        say("it has not been due yet")
    if history["next"]:
        say("there is more: see --number")


def _head(history: dict[str, Any]) -> str:
    name = history["label"] or "alert"
    if history["deleted"]:
        return f"{name} {history['token']}: over or deleted; times of {history['timezone']}"
    if history["paused"]:
        return f"{name} {history['token']}: paused; times of {history['timezone']}"
    return f"{name} {history['token']}: due at {_due(history, history['scheduled_time'])} {history['timezone']}"


def _rows(history: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for each in history["now"]:
        yield "now", each["device"], each["told"]
    for each in history["rings"]:
        yield _due(history, each["scheduled_time"]), each["device"], each["told"]


def _due(history: dict[str, Any], instant: str) -> str:
    return f"{datetime.fromisoformat(instant).astimezone(ZoneInfo(history['timezone'])):%a %Y-%m-%d %H:%M:%S}"


def add_to(app: typer.Typer) -> None:
    """Make this a command of `bellwire alert`."""
    app.command(epilog="Example: bellwire alert why 4f6c0f5e-0d0f-4c43-9d57-0c5f8f0c1a11")(why)
