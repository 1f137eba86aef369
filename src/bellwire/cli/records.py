"""What commands read and write in the cloud's database beside the cloud, whether it runs or not.

It knows accounts, devices and tokens; it must not know how commands ask or answer.
Every function raises Failure with the one line to show.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bellwire.alerts.recurrence import zone_named
from bellwire.cli.failure import Failure, shown_in_one_line
from bellwire.cloud.accounts import add_device, name_of
from bellwire.cloud.auth import hash_of, new_token
from bellwire.cloud.config import Config
from bellwire.cloud.store.accounts import Account, add_account, add_account_token, list_accounts
from bellwire.cloud.store.connection import Connection
from bellwire.cloud.store.devices import Device, list_devices
from bellwire.cloud.store.errors import StoreError
from bellwire.cloud.store.opening import open_now
from bellwire.cloud.store.trace import Message, messages_after
from bellwire.cloud.store.transaction import Transaction
from bellwire.protocol.profiles import profile_named

COMMAND_TOKEN = timedelta(seconds=60)
"""A command's own token lives so long: longer than any command takes."""
_PAGE = 200
"""Messages of one look."""


@contextmanager
def opened(folder: Path, *, make: bool = False) -> Iterator[Connection]:
    """The database of a cloud's data folder; with `make`, made where it is missing."""
    config = Config(data=folder)
    if not make and not config.database.exists():
        raise Failure(
            f"{folder} holds no cloud's data; name its folder with --data, or first: bellwire account add home"
        )
    with shown_in_one_line(StoreError), open_now(config.database) as store:
        yield store


def account_of(store: Connection, name: str | None) -> Account:
    """The account of this name; without a name the only one there is."""
    accounts = store.read(list_accounts)
    if not accounts:
        raise Failure("there is no account yet; add one with: bellwire account add home")
    if name is None and len(accounts) == 1:
        return accounts[0]
    names = ", ".join(account.name for account in accounts)
    if name is None:
        raise Failure(f"there are {len(accounts)} accounts; say which with --account: {names}")
    for account in accounts:
        if account.name == name:
            return account
    raise Failure(f"there is no account {name!r}; there are: {names}")


def make_account(store: Connection, name: str, timezone: str) -> tuple[Account, str]:
    """A new account, and its token, which is shown this once."""
    with shown_in_one_line(ValueError):
        name = name_of(name, Config.limits.name)
        zone_named(timezone)
    account, token = Account(str(uuid.uuid4()), name, timezone), new_token()
    store.run(_account_with_token, account, token, datetime.now(UTC))
    return account, token


def _account_with_token(account: Account, token: str, now: datetime) -> Transaction[None]:
    yield from add_account(account.account_id, account.name, account.timezone, now)
    yield from add_account_token(account.account_id, hash_of(token), None, now)


def make_device(store: Connection, account_id: str, name: str, profile: str) -> tuple[Device, str]:
    """A new device of the account, and its access token, which is shown this once."""
    most = Config.limits.devices
    with shown_in_one_line(ValueError):
        name = name_of(name, Config.limits.name)
        device, token = Device(str(uuid.uuid4()), name, profile_named(profile).name), new_token()
    if not store.run(add_device, account_id, device, hash_of(token), most, datetime.now(UTC)):
        raise Failure(f"this account has {most} devices, as many as it may have; remove one first")
    return device, token


def command_token(store: Connection, account_id: str) -> str:
    """A token of the account for the length of one command."""
    token, now = new_token(), datetime.now(UTC)
    store.run(add_account_token, account_id, hash_of(token), now + COMMAND_TOKEN, now)
    return token


def device_of(store: Connection, device_id: str | None) -> tuple[Account, Device]:
    """The device of this id with its account; without an id the only one there is."""
    known = [
        (account, device)
        for account in store.read(list_accounts)
        for device in store.read(list_devices, account.account_id)
    ]
    if not known:
        raise Failure("there is no device yet; add one with: bellwire device add")
    if device_id is None and len(known) == 1:
        return known[0]
    names = ", ".join(f"{device.device_id} ({device.name})" for _, device in known)
    if device_id is None:
        raise Failure(f"there are {len(known)} devices; say which: {names}")
    for account, device in known:
        if device.device_id == device_id:
            return account, device
    raise Failure(f"there is no device {device_id}; there are: {names}")


def messages_since(store: Connection, account_id: str, device_id: str, after_id: int) -> list[Message]:
    """All messages of a device that are kept and came after the one of this id; 0 is before all."""
    messages: list[Message] = []
    while page := store.read(messages_after, account_id, device_id, after_id, _PAGE):
        messages += page
        after_id = page[-1].id
    return messages
