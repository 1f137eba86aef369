"""`bellwire account country|language|timezone|export|import`: where an account is, what it speaks, and how another
cloud comes to serve it.

It knows the command line and whom to ask; the document is made in `cloud.copying`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bellwire.cli.options import CloudData, Json
from bellwire.cli.output import put_json, say

if TYPE_CHECKING:
    from bellwire.cloud.copying import AccountCopy
    from bellwire.cloud.store.accounts import Account

Name = Annotated[str, typer.Argument(help="As `bellwire account list` shows it.")]
NOWHERE = "none"
"""Said in the place of a country that is not known."""
AS_PLACE = "auto"
"""Said in the place of a language that follows from country and time zone."""


def country(
    *,
    name: Name,
    code: Annotated[
        str | None,
        typer.Argument(metavar="CC", help=f"Two letters of ISO 3166-1, such as KR; {NOWHERE}: it is not known."),
    ] = None,
    data: CloudData,
    json: Json = False,
) -> None:
    """Say in which country an account is, or show it. Where another cloud serves it, its devices are told to go."""
    from bellwire.cli import records

    with records.opened(data) as store:
        account = records.account_of(store, name)
    shown = _shown(data, account) if code is None else _moved(data, account, None if code == NOWHERE else code)
    if json:
        put_json(shown)
        return
    where = f"is in {shown['country']}" if shown["country"] else "is in no country that is known"
    served = f", which {shown['endpoint']} serves" if shown["endpoint"] else ""
    say(f"account {name} {where}{served}")


def language(
    *,
    name: Name,
    code: Annotated[
        str | None,
        typer.Argument(metavar="LANGUAGE", help=f"en, ja, ko or zh; {AS_PLACE}: that of its country or time zone."),
    ] = None,
    data: CloudData,
    json: Json = False,
) -> None:
    """Say in which language an account's labels are spoken, or show it. What is written in another one is read in that.

    It decides what kanji and numbers alone are read in. Labels are spoken anew, on the devices too.
    """
    from bellwire.cli import records
    from bellwire.cloud.account_changes import language_of_account
    from bellwire.cloud.languages import LANGUAGES

    with records.opened(data) as store:
        account = records.account_of(store, name)
    if code is not None:
        account = _speaking(data, account, None if code == AS_PLACE else code)
    speaks = language_of_account(account)
    if json:
        put_json({"language": account.language, "speaks": speaks})
        return
    say(f"account {name} speaks {LANGUAGES[speaks]}{'' if account.language else ', as its country or time zone does'}")


def timezone(
    *,
    name: Name,
    zone: Annotated[str | None, typer.Argument(metavar="IANA", help="Such as Asia/Seoul.")] = None,
    data: CloudData,
    json: Json = False,
) -> None:
    """Say in which time zone an account is, or show it.

    Alerts that were made without a time zone of their own ring at the same wall times there.
    """
    from bellwire.cli import records

    with records.opened(data) as store:
        account = records.account_of(store, name)
    found = account.timezone if zone is None else _zone_moved(data, account, zone)
    if json:
        put_json({"timezone": found})
    else:
        say(f"account {name} is in {found}")


def export(
    *,
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Is made, or written anew; only you can read it.")],
    data: CloudData,
    json: Json = False,
) -> None:
    """Write an account with its devices and alerts to a file, for another cloud: bellwire account import FILE.

    It holds no token that could be shown. Devices that renew their tokens must be paired anew there.
    """
    from bellwire.cli import account_copies, records

    with records.opened(data) as store:
        copy = account_copies.exported(store, name, file)
    _put(copy, as_json=json, done=f"written to {file}")


def import_(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `bellwire account export` wrote.")],
    data: CloudData,
    json: Json = False,
) -> None:
    """Add an account that another cloud exported: its devices are known here by the tokens that they have."""
    from bellwire.cli import account_copies, records

    with records.opened(data, make=True) as store:
        copy = account_copies.imported(store, data, file)
    _put(copy, as_json=json, done="added")


def _put(copy: "AccountCopy", *, as_json: bool, done: str) -> None:
    anew = [device.name for device in copy.devices if not device.tokens]
    if as_json:
        counts = {"devices": len(copy.devices), "alerts": len(copy.alerts), "to_pair_anew": anew}
        put_json({"account_id": copy.account_id, "name": copy.name, **counts})
        return
    say(f"account {copy.name} {done}, with {_count(copy.devices, 'device')} and {_count(copy.alerts, 'alert')}")
    if anew:
        say(f"to be paired anew with the other cloud, since the first one renews their tokens: {', '.join(anew)}")


def _count(things: Sequence[object], word: str) -> str:
    return f"{len(things)} {word}{'s' * (len(things) != 1)}"


def _shown(data: Path, account: "Account") -> dict[str, Any]:
    from bellwire.cli.account_api import api_on_this_machine, runs

    if not runs(data):
        return {"country": account.country, "endpoint": None}
    with api_on_this_machine(data, account.name) as api:
        found: dict[str, Any] = api.call("GET", "account")
    return found


def _moved(data: Path, account: "Account", code: str | None) -> dict[str, Any]:
    from bellwire.cli import records
    from bellwire.cli.account_api import api_on_this_machine, runs

    if runs(data):
        with api_on_this_machine(data, account.name) as api:
            found: dict[str, Any] = api.call("PATCH", "account", body={"country": code})
        return found
    with records.opened(data) as store:
        return {"country": records.move(store, data, account.account_id, code), "endpoint": None}


def _speaking(data: Path, account: "Account", code: str | None) -> "Account":
    from bellwire.cli import records
    from bellwire.cli.account_api import api_on_this_machine, runs

    if runs(data):
        with api_on_this_machine(data, account.name) as api:
            language: str | None = api.call("PATCH", "account", body={"language": code})["language"]
        return account._replace(language=language)
    with records.opened(data) as store:
        return records.speak(store, data, account.account_id, code)


def _zone_moved(data: Path, account: "Account", zone: str) -> str:
    from bellwire.cli import records
    from bellwire.cli.account_api import api_on_this_machine, runs

    if runs(data):
        with api_on_this_machine(data, account.name) as api:
            found: str = api.call("PATCH", "account", body={"timezone": zone})["timezone"]
        return found
    with records.opened(data) as store:
        return records.move_clocks(store, data, account.account_id, zone)


def add_to(app: typer.Typer) -> None:
    """Make these commands of `bellwire account`."""
    app.command(epilog="Example: bellwire account country home KR")(country)
    app.command(epilog="Example: bellwire account language home ja")(language)
    app.command(epilog="Example: bellwire account timezone home Europe/Berlin")(timezone)
    app.command(epilog="Example: bellwire account export home home.json")(export)
    app.command("import", epilog="Example: bellwire account import home.json")(import_)
