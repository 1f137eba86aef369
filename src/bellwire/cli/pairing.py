"""Which cloud a speaker belongs to: as it was told, or the one on its own machine, remembered from then on.

It knows addresses, tokens and where they are kept; it must not know how a speaker uses them.

::

    what was said             the cloud, and the right to speak to it
    ------------------------  ---------------------------------------------------------------------------
    --url with --token        as said; nothing is remembered
    --url                     as said; by the tokens of a pairing by code with it, else by a code
    --pair, or with --url     the one said, else the one remembered, else the one on this machine; by a code
    nothing                   the one remembered; else the one on this machine, which adds the speaker unasked
"""

from pathlib import Path

import msgspec

from bellwire.cli.failure import Failure, shown_in_one_line
from bellwire.cloud.address import NotRunningError, address_of
from bellwire.device import clouds
from bellwire.device.grant import UNREADABLE
from bellwire.device.storage import StorageError
from bellwire.device.token_file import TokenFile, Tokens
from bellwire.protocol.profiles import DEFAULT_PROFILE

DEVICE = "speaker"
_FILE = "pairing.json"


class Pairing(msgspec.Struct, frozen=True, omit_defaults=True):
    """A cloud, and the right to speak to it."""

    url: str
    access_token: str | None = None
    """None: there are the tokens of a pairing by code, or they are to be got."""
    ca: str | None = None
    """The authority of the cloud's certificate; None: the system's."""
    cloud: str | None = None
    """The cloud's data folder, when it is on this machine: there its present port can be found."""
    profile: str = DEFAULT_PROFILE.name
    """The version of the protocol that the speaker speaks there."""


def pairing_by_code(folder: Path) -> Pairing | None:
    """The one that the speaker's `folder` remembers, wherever its cloud is now. Raises Failure."""
    with shown_in_one_line(StorageError):
        tokens = TokenFile(folder).read()
    if tokens is None:
        return None
    return Pairing(_as_spelt(present_url(tokens)), None, tokens.ca, tokens.cloud, tokens.profile)


def at(url: str, authority: str | None, remembered: Pairing | None) -> Pairing:
    """With the cloud at this address, however it is spelt, which may be the one that is `remembered`."""
    url = _as_spelt(url)
    if remembered is None or remembered.url != url:
        return Pairing(url, None, authority)
    return msgspec.structs.replace(remembered, ca=authority or remembered.ca)


def _as_spelt(url: str) -> str:
    """The address as every one is kept, so that two can be compared; what is none is refused where it is used."""
    try:
        return clouds.address_of(url, url) if "://" in url else url
    except ValueError:
        return url


def present_url(tokens: Tokens) -> str:
    """Where the cloud of these tokens is: one on this machine may have another port than before."""
    if tokens.cloud is None:
        return tokens.url
    try:
        return address_of(Path(tokens.cloud)).url
    except NotRunningError:
        return tokens.url


def cloud_on_this_machine(cloud: Path) -> Pairing:
    """To be paired by code with the cloud that runs on its data folder. Raises Failure."""
    with shown_in_one_line(NotRunningError):
        return Pairing(address_of(cloud).url, None, str(cloud / "ca.pem"), str(cloud))


def forget_pairing(folder: Path) -> str | None:
    """Forget the cloud on this machine that added the speaker unasked; gives the token that it gave. Raises Failure."""
    remembered = _remembered(folder / _FILE)
    with shown_in_one_line():
        (folder / _FILE).unlink(missing_ok=True)
    return remembered.access_token if remembered else None


def pairing_on_this_machine(folder: Path, cloud: Path, profile: str | None = None) -> Pairing:
    """The pairing that the speaker's `folder` remembers, or a new one with the cloud that runs on its data folder.

    A cloud that is stopped is no reason not to start: the alerts that the speaker has must ring. One that has
    forgotten this speaker, or knows it by another version of the protocol, is paired with anew. Raises Failure.
    """
    remembered = _remembered(folder / _FILE)
    if remembered is None or profile not in {None, remembered.profile}:
        return _paired(folder / _FILE, cloud, profile or DEFAULT_PROFILE.name)
    cloud = Path(remembered.cloud or cloud)
    try:
        url = address_of(cloud).url
    except NotRunningError:
        return remembered
    if remembered.access_token is None or not _is_known(remembered.access_token, cloud):
        return _paired(folder / _FILE, cloud, remembered.profile)
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
    except UNREADABLE as error:
        raise Failure(f"{file} is damaged ({error}); delete it, and the speaker pairs anew") from error


def _paired(file: Path, cloud: Path, profile: str) -> Pairing:
    with shown_in_one_line(NotRunningError):
        url = address_of(cloud).url
    pairing = Pairing(url, _new_access_token(cloud, profile), str(cloud / "ca.pem"), str(cloud), profile)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = file.with_suffix(".new")
    temporary.touch(mode=0o600)
    temporary.write_bytes(msgspec.json.encode(pairing))
    temporary.replace(file)
    return pairing


def _new_access_token(cloud: Path, profile: str) -> str:
    """Of a new device in the account `home`, or in the only one there is."""
    from bellwire.cli import records
    from bellwire.cli.machine import time_zone
    from bellwire.cloud.store.accounts import list_accounts

    with records.opened(cloud) as store:
        accounts = {account.name: account for account in store.read(list_accounts) if not account.guest}
        if records.FIRST_ACCOUNT in accounts or len(accounts) == 1:
            account = accounts.get(records.FIRST_ACCOUNT) or next(iter(accounts.values()))
        else:
            account, _ = records.make_account(store, records.FIRST_ACCOUNT, time_zone())
        _, token = records.make_device(store, account.account_id, DEVICE, profile)
    return token
