"""`bellwire account`: who owns devices and alerts. It knows the command line; the rest is in `records`."""

from typing import Annotated

import typer

from bellwire.cli.machine import time_zone
from bellwire.cli.options import CloudData, Json
from bellwire.cli.output import put_json, put_table, say

app = typer.Typer(help="Accounts of the cloud on this machine. It need not run.")


@app.command(epilog="Example: bellwire account add home --timezone Asia/Seoul")
def add(
    *,
    name: Annotated[str, typer.Argument(help="What the account is called; no two have the same name.")],
    data: CloudData,
    timezone: Annotated[
        str,
        typer.Option(
            metavar="IANA",
            help="What 07:00 means to this account.",
            default_factory=time_zone,
            show_default="this machine's",
        ),
    ],
    json: Json = False,
) -> None:
    """Add an account. Its token is shown this once."""
    from bellwire.cli import records

    with records.opened(data, make=True) as store:
        account, token = records.make_account(store, name, timezone)
    if json:
        put_json({"account_id": account.account_id, "token": token})
        return
    say(f"account {account.name} added, in {account.timezone}")
    say(f"its token, shown this once, is for the account API: {token}")
    say(f"next: bellwire device add --account {account.name}")


@app.command("list", epilog="Example: bellwire account list")
def list_(data: CloudData, json: Json = False) -> None:
    """List the accounts."""
    from bellwire.cli import records
    from bellwire.cloud.store.accounts import list_accounts

    with records.opened(data) as store:
        accounts = store.read(list_accounts)
    if json:
        put_json([account._asdict() for account in accounts])
    elif accounts:
        put_table(("name", "time zone", "id"), [(each.name, each.timezone, each.account_id) for each in accounts])
    else:
        say("no accounts yet; add one with: bellwire account add home")
