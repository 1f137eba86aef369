"""`bellwire speaker --log-out`: the end of a speaker's time in an account.

It knows what is deleted, and who is told; it must not know how a speaker is paired.
"""

import asyncio
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from bellwire.cli.failure import shown_in_one_line
from bellwire.cli.output import hint, put_json, say
from bellwire.cli.pairing import forget_pairing, present_url
from bellwire.device.authorization import server_of
from bellwire.device.config import Config
from bellwire.device.folder import forget_account, hold
from bellwire.device.grant import Refused
from bellwire.device.laptop import this_product
from bellwire.device.storage import StorageError
from bellwire.device.token_file import TokenFile, Tokens


class Parted(NamedTuple):
    """A speaker that has nothing of an account any more."""

    cloud_told: bool
    """Its tokens were revoked."""
    left_to_do: str
    """What somebody should do in the cloud; nothing: empty."""


def part(folder: Path) -> Parted:
    """Delete all of the account, give the tokens back, and forget them. Raises Failure, for one while it runs too.

    In this order: cut off in the middle, the next start finishes it, or is still paired. A cloud that can't be told is
    no reason to keep anything.
    """
    with shown_in_one_line(StorageError):
        file = TokenFile(folder)
        tokens = file.read()
        config = Config(cloud="https://nowhere", access_token=None, folder=folder)
        with closing(hold(config)) as storage:
            forget_account(config, storage)
            untold = asyncio.run(give_back(folder, tokens)) if tokens else None
            file.delete()
    was_added = forget_pairing(folder) is not None
    return Parted(tokens is not None and untold is None, _left_to_do(tokens, untold, was_added=was_added))


def _left_to_do(tokens: Tokens | None, untold: str | None, *, was_added: bool) -> str:
    if tokens is not None and untold is not None:
        device = tokens.device_id or "DEVICE_ID"
        return f"the cloud could not be told ({untold}); there, do: bellwire device remove {device}"
    if tokens is None and was_added:
        return "the cloud still lists it as a device; there, do: bellwire device remove DEVICE_ID"
    return ""


def say_that(parted: Parted, *, as_json: bool) -> None:
    """Say it, to people or to programs."""
    if as_json:
        put_json({"logged_out": True, "cloud_told": parted.cloud_told})
        return
    say("logged out: alerts, sounds and tokens are deleted from this speaker")
    if parted.left_to_do:
        hint(parted.left_to_do)


async def give_back(folder: Path, tokens: Tokens) -> str | None:
    """Have the cloud revoke these tokens; gives why that could not be done, whatever has become of that cloud."""
    try:
        config = Config(
            cloud=present_url(tokens),
            access_token=None,
            folder=folder,
            ca_file=Path(tokens.ca) if tokens.ca else None,
            profile=tokens.profile,
        )
        server = server_of(config, this_product())
    except ValueError as error:  # its authority is gone, or this program does not have its profile any more
        return str(error)
    answer = await server.revoke(tokens.refresh_token)
    if answer is None:
        return None
    return answer.why if isinstance(answer, Refused) else answer.reason
