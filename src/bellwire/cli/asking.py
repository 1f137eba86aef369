"""Which cloud a command asks: the one on this machine, or with --url one elsewhere.

It knows the options that say so; it must not know what is asked.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bellwire.cli.options import TOKEN_VARIABLE

if TYPE_CHECKING:
    from bellwire.cli.account_api import AccountApi

Url = Annotated[str | None, typer.Option(metavar="URL", help="A cloud elsewhere: https://HOST:PORT.")]
AccountToken = Annotated[
    str | None, typer.Option("--token", metavar="TOKEN", help="The account's token, for --url.", envvar=TOKEN_VARIABLE)
]


@contextmanager
def asked(
    data: Path, account: str | None, url: str | None, authority: Path | None, token: str | None
) -> "Iterator[AccountApi]":
    """The account API of the cloud that the options mean. Raises BadParameter, Failure."""
    from bellwire.cli.account_api import api_at, api_on_this_machine

    if url is None:
        if authority is not None:
            raise typer.BadParameter("--ca is for --url; without it the cloud on this machine is asked")
        with api_on_this_machine(data, account) as api:
            yield api
    elif token is None:
        raise typer.BadParameter(f"--url needs the account's token: --token TOKEN, or in {TOKEN_VARIABLE}")
    elif account is not None:
        raise typer.BadParameter("with --url the token says whose it is: leave out --account")
    else:
        with api_at(url, authority, token) as api:
            yield api
