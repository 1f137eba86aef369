"""What commands read and write in the cloud's database beside the cloud, whether it runs or not.

It knows accounts, devices and tokens; it must not know how commands ask or answer.
Every function raises Failure with the one line to show.
"""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from bellwire.alerts.recurrence import zone_named
from bellwire.cli.device_names import DeviceNames
from bellwire.cli.failure import Failure, shown_in_one_line
from bellwire.cli.machine import time_zone
from bellwire.cloud.account_changes import Change, change_account
from bellwire.cloud.accounts import name_of
from bellwire.cloud.assets import AssetStore, secret_of
from bellwire.cloud.auth import hash_of, new_token
from bellwire.cloud.config import Config
from bellwire.cloud.countries import country_of
from bellwire.cloud.device_view import detail_of, exception_of, load_exceptions, load_known
from bellwire.cloud.granting import add_device
from bellwire.cloud.languages import language_named
from bellwire.cloud.refusal import Refusal
from bellwire.cloud.speech import Silent
from bellwire.cloud.store.accounts import (
    Account,
    add_account,
    add_account_token,
    find_account,
    list_accounts,
    lock_account,
    set_country,
    set_language,
)
from bellwire.cloud.store.clients import SPEAKER, Client, add_client, remove_client
from bellwire.cloud.store.connection import Connection
from bellwire.cloud.store.devices import Device, list_devices, rename_device
from bellwire.cloud.store.errors import StoreError
from bellwire.cloud.store.opening import open_now
from bellwire.cloud.store.trace import Message, messages_after
from bellwire.cloud.store.transaction import Transaction
from bellwire.protocol.profiles import profile_named
from bellwire.protocol.profiles.profile import TokenForm

FIRST_ACCOUNT = "home"
"""The name of one that is made because a device needs one."""
COMMAND_TOKEN = timedelta(seconds=60)
"""A command's own token lives so long: longer than any command takes."""
_LONGEST_URI = 2000
_REDIRECT_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!\"$-~]+", re.ASCII)
"""Absolute, in ASCII, without blanks and fragment (RFC 6749, 3.1.2)."""
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
    owned = [account for account in accounts if not account.guest]
    if not owned and name is None:
        raise Failure("there is no account yet; add one with: bellwire account add home")
    if name is None and len(owned) == 1:
        return owned[0]
    names = ", ".join(account.name for account in owned)
    if name is None:
        raise Failure(f"there are {len(owned)} accounts; say which with --account: {names}")
    for account in accounts:
        if account.name == name:
            return account
    raise Failure(f"there is no account {name!r}; there are: {names}")


def account_or_first(store: Connection, name: str | None) -> Account:
    """The same; where there is none yet and none is named a first one, `home`, on this machine's time."""
    if name is None and all(account.guest for account in store.read(list_accounts)):
        return make_account(store, FIRST_ACCOUNT, time_zone())[0]
    return account_of(store, name)


def make_account(
    store: Connection, name: str, timezone: str, country: str | None = None, language: str | None = None
) -> tuple[Account, str]:
    """A new account, and its token, which is shown this once."""
    with shown_in_one_line(ValueError):
        name = name_of(name, Config.limits.name)
        zone_named(timezone)
        country = None if country is None else country_of(country)
        language = None if language is None else language_named(language)
    account = Account(str(uuid.uuid4()), name, timezone, country=country, language=language)
    token = new_token()
    store.run(_account_with_token, account, token, datetime.now(UTC))
    return account, token


def _account_with_token(account: Account, token: str, now: datetime) -> Transaction[None]:
    yield from add_account(account.account_id, account.name, account.timezone, now)
    yield from add_account_token(account.account_id, hash_of(token), None, now)
    if account.country is not None:
        yield from set_country(account.account_id, account.country)
    if account.language is not None:
        yield from set_language(account.account_id, account.language)


def set_lock(store: Connection, name: str, *, locked: bool) -> Account:
    """Lock an account, or unlock it; gives it as it was."""
    account = account_of(store, name)
    store.run(lock_account, account.name, datetime.now(UTC) if locked else None)
    return account


def move(store: Connection, folder: Path, account_id: str, country: str | None) -> str | None:
    """Say in which country an account is; gives it as it is kept."""
    with shown_in_one_line(ValueError):
        code = None if country is None else country_of(country)
    _change(store, folder, account_id, Change(frozenset({"country"}), country=code))
    return code


def speak(store: Connection, folder: Path, account_id: str, language: str | None) -> Account:
    """Say in which language an account's labels are spoken; gives it as it is then."""
    with shown_in_one_line(ValueError):
        code = None if language is None else language_named(language)
    _change(store, folder, account_id, Change(frozenset({"language"}), language=code))
    return store.read(find_account, account_id)


def move_clocks(store: Connection, folder: Path, account_id: str, zone: str) -> str:
    """Say in which time zone an account is; its alerts without a zone of their own move. Gives the zone."""
    with shown_in_one_line(ValueError):
        zone = zone_named(zone).key
    _change(store, folder, account_id, Change(frozenset({"timezone"}), timezone=zone))
    return zone


def _change(store: Connection, folder: Path, account_id: str, change: Change) -> None:
    with shown_in_one_line(ValueError):
        sounds = AssetStore(Config(data=folder).sounds, secret_of(folder), Silent())  # for the names alone
    store.run(change_account, account_id, change, sounds.name_of_label, datetime.now(UTC))


def make_client(store: Connection, name: str, profile: str, redirect_uris: list[str]) -> tuple[Client, str | None]:
    """A new client, and its secret, which is shown this once; None where its version of the protocol has none."""
    with shown_in_one_line(ValueError):
        name = name_of(name, Config.limits.name)
        spoken = profile_named(profile)
    for uri in redirect_uris:
        _check_uri(uri)
    secret = new_token() if spoken.authorization.token_form is TokenForm.QUERY else None
    if secret is None and not redirect_uris:
        raise Failure(f"a client of {spoken.name} has no secret, so it needs its --redirect-uri: where its codes go")
    client = Client(
        client_id=str(uuid.uuid4()),
        name=name,
        profile=spoken.name,
        redirect_uris=tuple(dict.fromkeys(redirect_uris)),
        secret_hash=None if secret is None else hash_of(secret),
    )
    store.run(add_client, client, datetime.now(UTC))
    return client, secret


def _check_uri(uri: str) -> None:
    if not _REDIRECT_URI.fullmatch(uri):
        raise Failure(f"{uri!r} cannot be a redirect URI; write it whole and without #, as in https://app.home/done")
    if len(uri) > _LONGEST_URI:
        raise Failure(f"that redirect URI has {len(uri)} characters; {_LONGEST_URI} are taken at most")


def drop_client(store: Connection, client_id: str) -> int:
    """Remove a client with its tokens; gives how many devices had some."""
    if client_id == SPEAKER:
        raise Failure(f"{SPEAKER} is every bellwire speaker; it stays, and devices are removed one by one")
    return len(store.run(remove_client, client_id))


def make_device(store: Connection, account_id: str, name: str, profile: str) -> tuple[Device, str]:
    """A new device of the account, and its access token, which is shown this once.

    Which terms an account agrees to is known to a running cloud only: while one runs, ask it.
    """
    with shown_in_one_line(ValueError):
        name = name_of(name, Config.limits.name)
        device, token = Device(str(uuid.uuid4()), name, profile_named(profile).name), new_token()
    most, now = Config.limits.devices, datetime.now(UTC)
    with shown_in_one_line(Refusal):
        store.run(add_device, account_id, device, hash_of(token), terms=None, most=most, now=now)
    return device, token


def detail_of_device(store: Connection, account_id: str, device_id: str) -> dict[str, Any]:
    """All that is known of a device, as the account API gives it, but for what only a running cloud knows."""
    known = store.read(load_known, account_id, device_id)
    detail: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(detail_of(known, connected=None, endpoint=None)))
    return detail


def exceptions_of_device(store: Connection, account_id: str, device_id: str) -> list[dict[str, Any]]:
    """The directives that a device could not carry out, as the account API gives them."""
    found = [exception_of(each) for each in store.read(load_exceptions, account_id, device_id)]
    exceptions: list[dict[str, Any]] = msgspec.json.decode(msgspec.json.encode(found))
    return exceptions


def rename(store: Connection, account_id: str, device_id: str, name: str) -> str:
    """Call a device otherwise; gives the name as it is kept."""
    with shown_in_one_line(ValueError):
        name = name_of(name, Config.limits.name)
    store.run(rename_device, account_id, device_id, name)
    return name


def command_token(store: Connection, account_id: str) -> str:
    """A token of the account for the length of one command."""
    token, now = new_token(), datetime.now(UTC)
    store.run(add_account_token, account_id, hash_of(token), now + COMMAND_TOKEN, now)
    return token


def device_of(store: Connection, device_id: str | None) -> tuple[Account, Device]:
    """The device of this id, or of this name, with its account; without either the only one there is."""
    known = [
        (account, device)
        for account in store.read(list_accounts)
        for device in store.read(list_devices, account.account_id)
    ]
    if not known:
        raise Failure("there is no device yet; add one with: bellwire device add")
    if device_id is None and len(known) == 1:
        return known[0]
    if device_id is None:
        which = ", ".join(f"{device.device_id} ({device.name})" for _, device in known)
        raise Failure(f"there are {len(known)} devices; say which: {which}")
    names = DeviceNames({"device_id": device.device_id, "name": device.name} for _, device in known)
    found = names.id_of(device_id)
    return next(each for each in known if each[1].device_id == found)


def messages_since(store: Connection, account_id: str, device_id: str, after_id: int) -> list[Message]:
    """All messages of a device that are kept and came after the one of this id; 0 is before all."""
    messages: list[Message] = []
    while page := store.read(messages_after, account_id, device_id, after_id, _PAGE):
        messages += page
        after_id = page[-1].id
    return messages
