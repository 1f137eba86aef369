"""The document of an account: written from the cloud's database, and read into another cloud's.

It knows files; what is in the document is `cloud.copying`'s. Every function raises Failure with the one line to show.
"""

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bellwire.cli import records
from bellwire.cli.failure import Failure, shown_in_one_line
from bellwire.cloud.assets import AssetStore, secret_of
from bellwire.cloud.config import Config
from bellwire.cloud.copying import AccountCopy, add_copy, check, copy_of
from bellwire.cloud.languages import default_language
from bellwire.cloud.speech import Silent
from bellwire.cloud.store.connection import Connection
from bellwire.cloud.store.errors import AlreadyExists
from bellwire.cloud.wishes import WishError

_LARGEST = 16 * 1024 * 1024
"""Bytes of a document."""


def exported(store: Connection, name: str, file: Path) -> AccountCopy:
    """The document of an account, now in a file that nobody else can read."""
    with shown_in_one_line(WishError):
        copy = store.read(copy_of, records.account_of(store, name).account_id, datetime.now(UTC))
    temporary = file.with_name(f"{file.name}.new")
    with shown_in_one_line():
        temporary.touch(mode=0o600)
        temporary.chmod(0o600)
        temporary.write_bytes(msgspec.json.encode(copy))
        temporary.replace(file)
    return copy


def imported(store: Connection, folder: Path, file: Path) -> AccountCopy:
    """The account of a document that another cloud wrote, now also of the cloud of this folder."""
    with shown_in_one_line():
        if file.stat().st_size > _LARGEST:
            raise Failure(f"{file} is larger than any account; give what `bellwire account export` wrote")
        content = file.read_bytes()
    try:
        copy = msgspec.json.decode(content, type=AccountCopy)
        check(copy, Config.limits)
    except (ValueError, RecursionError) as error:  # of msgspec too
        raise Failure(f"{file} is not what `bellwire account export` wrote: {error}") from error
    try:
        store.run(add_copy, copy, _names(folder, copy), datetime.now(UTC))
    except AlreadyExists as error:
        raise Failure(f"nothing was added, for this cloud has the account or a part of it already: {error}") from error
    return copy


def _names(folder: Path, copy: AccountCopy) -> dict[str, str | None]:
    """The sounds of its alerts, made when they are asked for: the names of the other cloud's mean nothing here."""
    speaks = copy.language or default_language(copy.country, copy.timezone)
    sounds = AssetStore(Config(data=folder).sounds, secret_of(folder), Silent())
    spoken = [each.alert for each in copy.alerts if each.alert.speech is not None]
    return {alert.token: sounds.name_of_label(copy.account_id, alert.label, speaks) for alert in spoken}
