"""Which cloud a speaker belongs to: as it was told, or the one on its own machine, remembered from then on.

It knows addresses, tokens and where they are kept; it must not know how a speaker uses them.
"""

from pathlib import Path

import msgspec

from bellwire.cli.failure import Failure, shown_in_one_line
from bellwire.cloud.address import NotRunningError, address_of

ACCOUNT = "home"
DEVICE = "speaker"
_FILE = "pairing.json"


class Pairing(msgspec.Struct, frozen=True, omit_defaults=True):
    """A cloud, and the right to speak to it."""

    url: str
    access_token: str
    ca: str | None = None
    """The authority of the cloud's certificate; None: the system's."""
    cloud: str | None = None
    """The cloud's data folder, when it is on this machine: there its present port can be found."""


def pairing_on_this_machine(folder: Path, cloud: Path) -> Pairing:
    """The pairing that the speaker's `folder` remembers, or a new one with the cloud that runs on its data folder.

    A cloud that is stopped is no reason not to start: the alerts that the speaker has must ring. One that has
    forgotten this speaker is paired with anew. Raises Failure.
    """
    remembered = _remembered(folder / _FILE)
    if remembered is None:
        return _paired(folder / _FILE, cloud)
    cloud = Path(remembered.cloud or cloud)
    try:
        url = address_of(cloud).url
    except NotRunningError:
        return remembered
    if not _is_known(remembered.access_token, cloud):
        return _paired(folder / _FILE, cloud)
    return msgspec.structs.replace(remembered, url=url)


def _is_known(access_token: str, cloud: Path) -> bool:
    from bellwire.cli import records
    from bellwire.cloud.auth import hash_of
    from bellwire.cloud.store.devices import device_by_token

    try:
        with records.opened(cloud) as store:
            return store.read(device_by_token, hash_of(access_token)) is not None
    except Failure:  # a cloud that is damaged is no reason either
        return True


def _remembered(file: Path) -> Pairing | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Pairing)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise Failure(f"{file} is damaged ({error}); delete it, and the speaker pairs anew") from error


def _paired(file: Path, cloud: Path) -> Pairing:
    with shown_in_one_line(NotRunningError):
        url = address_of(cloud).url
    pairing = Pairing(url, _new_access_token(cloud), str(cloud / "ca.pem"), str(cloud))
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = file.with_suffix(".new")
    temporary.touch(mode=0o600)
    temporary.write_bytes(msgspec.json.encode(pairing))
    temporary.replace(file)
    return pairing


def _new_access_token(cloud: Path) -> str:
    """Of a new device in the account `home`, or in the only one there is."""
    from bellwire.cli import records
    from bellwire.cli.machine import time_zone
    from bellwire.cloud.store.accounts import list_accounts
    from bellwire.protocol.profiles import DEFAULT_PROFILE

    with records.opened(cloud) as store:
        accounts = {account.name: account for account in store.read(list_accounts)}
        if ACCOUNT in accounts or len(accounts) == 1:
            account = accounts.get(ACCOUNT) or next(iter(accounts.values()))
        else:
            account, _ = records.make_account(store, ACCOUNT, time_zone())
        _, token = records.make_device(store, account.account_id, DEVICE, DEFAULT_PROFILE.name)
    return token
