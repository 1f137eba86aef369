"""`bellwire alert extend|snooze|stop`: what is done to an alert that runs or rings.

It knows the command line; the cloud decides, over its account API.
"""

from typing import Annotated

import typer

from bellwire.cli.alert_words import Which, put_alert
from bellwire.cli.asking import AccountToken, Url, asked
from bellwire.cli.options import AccountName, Authority, CloudData, Json
from bellwire.cli.output import put_json, say


def extend(
    *,
    alert: Which,
    by: Annotated[str, typer.Option(metavar="TIME", help="So much more: 30s, 5m, 1h.")],
    data: CloudData,
    account: AccountName = None,
    url: Url = None,
    ca: Authority = None,
    token: AccountToken = None,
    json: Json = False,
) -> None:
    """Give a timer more time, also one that is paused, or rings. Its devices are told at once."""
    with asked(data, account, url, ca, token) as api:
        put_alert(api.call("POST", "alerts", alert, "extend", body={"by": by}), "extended", as_json=json)


def snooze(
    *,
    alert: Which,
    data: CloudData,
    for_: Annotated[
        str | None, typer.Option("--for", metavar="TIME", help="Silent so long: 5m, 1h; else as its account has it.")
    ] = None,
    account: AccountName = None,
    url: Url = None,
    ca: Authority = None,
    token: AccountToken = None,
    json: Json = False,
) -> None:
    """Have an alert that rings be silent for a while, and ring again then. Its devices are told at once."""
    with asked(data, account, url, ca, token) as api:
        put_alert(api.call("POST", "alerts", alert, "snooze", body={"for": for_}), "snoozed", as_json=json)


def stop(
    *,
    alert: Which,
    data: CloudData,
    account: AccountName = None,
    url: Url = None,
    ca: Authority = None,
    token: AccountToken = None,
    json: Json = False,
) -> None:
    """Stop an alert that rings or is snoozed, on all of its devices. What comes again goes on by its schedule."""
    with asked(data, account, url, ca, token) as api:
        api.call("POST", "alerts", alert, "stop")
    if json:
        put_json({"token": alert, "stopped": True})
    else:
        say(f"alert {alert} stopped")


def add_to(app: typer.Typer) -> None:
    """Make these commands of `bellwire alert`."""
    app.command(epilog="Example: bellwire alert extend 4f6c0f5e-0d0f-4c43-9d57-0c5f8f0c1a11 --by 5m")(extend)
    app.command(epilog="Example: bellwire alert snooze 4f6c0f5e-0d0f-4c43-9d57-0c5f8f0c1a11 --for 5m")(snooze)
    app.command(epilog="Example: bellwire alert stop 4f6c0f5e-0d0f-4c43-9d57-0c5f8f0c1a11")(stop)
