"""`bellwire account`: who owns devices and alerts. It knows the command line; the rest is in `records`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bellwire.cli.machine import time_zone
from bellwire.cli.options import CloudData, Json
from bellwire.cli.output import put_json, put_table, say

if TYPE_CHECKING:
    from bellwire.cloud.store.accounts import Account

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
    country: Annotated[
        str | None, typer.Option(metavar="CC", help="Where it is: two letters of ISO 3166-1, such as KR.")
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(
            metavar="LANGUAGE", help="Of its labels: en, ja, ko or zh; else that of its country or time zone."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Add an account. Its token is shown this once."""
    from bellwire.cli import records

    with records.opened(data, make=True) as store:
        account, token = records.make_account(store, name, timezone, country, language)
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
        put_table(
            ("name", "time zone", "country", "id", ""),
            [(each.name, each.timezone, each.country or "", each.account_id, _note(each)) for each in accounts],
        )
    else:
        say("no accounts yet; add one with: bellwire account add home")


def _note(account: "Account") -> str:
    return ", ".join(word for word, holds in (("guest", account.guest), ("locked", account.locked)) if holds)


Name = Annotated[str, typer.Argument(help="As `bellwire account list` shows it.")]


@app.command(epilog="Example: bellwire account lock home")
def lock(*, name: Name, data: CloudData, json: Json = False) -> None:
    """Lock an account: nothing new is authorized in it, and no token is renewed, until it is unlocked."""
    _lock(data, name, locked=True, as_json=json)


@app.command(epilog="Example: bellwire account unlock home")
def unlock(*, name: Name, data: CloudData, json: Json = False) -> None:
    """Unlock an account."""
    _lock(data, name, locked=False, as_json=json)


def _lock(data: Path, name: str, *, locked: bool, as_json: bool) -> None:
    from bellwire.cli import records

    with records.opened(data) as store:
        account = records.set_lock(store, name, locked=locked)
    if as_json:
        put_json({"account_id": account.account_id, "locked": locked})
        return
    say(f"account {account.name} {'locked' if locked else 'unlocked'}")
    if locked:
        say(
            "the tokens that its devices have work until they expire; to end them now: bellwire device revoke DEVICE_ID"
        )


@app.command(epilog="Example: bellwire account agree home")
def agree(*, name: Name, data: CloudData, json: Json = False) -> None:
    """Agree, for an account, to the terms of the cloud that runs on this machine (bellwire cloud --terms URL)."""
    from bellwire.cli.account_api import api_on_this_machine

    with api_on_this_machine(data, name) as api:
        agreed = api.call("POST", "agreement")
    if json:
        put_json(agreed)
    else:
        say(f"account {name} has agreed to the terms at {agreed['terms']}")
