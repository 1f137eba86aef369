"""Statements and transactions on clients: the programs that may ask for tokens of devices.

It must not know what a secret looks like before it is hashed, nor what a client may ask for. Clients are the
operator's: they belong to no account.
"""

from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from bellwire.cloud.store.errors import AlreadyExists, NotFound
from bellwire.cloud.store.instants import to_ms
from bellwire.cloud.store.schema import clients, grants
from bellwire.cloud.store.transaction import Statement, Transaction

SPEAKER = "bellwire-speaker"
"""The client that our own speaker is; every cloud has it, from its migration."""


class Client(NamedTuple):
    """A program that may ask for tokens."""

    client_id: str
    name: str
    profile: str | None
    """What its devices speak; None: each device says so itself."""
    redirect_uris: tuple[str, ...] = ()
    secret_hash: bytes | None = None
    """None: it can keep no secret."""


_INSERT = Statement(sa.insert(clients), "a new client")
_BY_ID = Statement(sa.select(clients).where(clients.c.client_id == sa.bindparam("client_id")), "the client of that id")
_ALL = Statement(sa.select(clients).order_by(clients.c.name), "all clients by name")
_REMOVE = Statement(
    sa.delete(clients).where(clients.c.client_id == sa.bindparam("client_id")).returning(clients.c.client_id),
    "a client with all tokens that were made for it",
)
_DEVICES = Statement(
    sa.select(grants.c.account_id, grants.c.device_id).where(grants.c.client_id == sa.bindparam("client_id")),
    "the devices that have tokens by a client",
)


def add_client(client: Client, now: datetime) -> Transaction[None]:
    """Add a client. Raises AlreadyExists when another one has the name."""
    uris = msgspec.json.encode(client.redirect_uris).decode()
    try:
        yield _INSERT, {**client._asdict(), "redirect_uris": uris, "created_ms": to_ms(now)}
    except AlreadyExists as error:
        raise AlreadyExists(f"there is a client {client.name!r} already; choose another name") from error


def find_client(client_id: str) -> Transaction[Client | None]:
    """Give the client of that id."""
    rows = yield _BY_ID, {"client_id": client_id}
    return _client(rows[0]) if rows else None


def list_clients() -> Transaction[list[Client]]:
    """Give all clients by name, for the operator of the cloud."""
    rows = yield _ALL, {}
    return [_client(row) for row in rows]


def remove_client(client_id: str) -> Transaction[list[tuple[str, str]]]:
    """Remove a client with its codes and tokens; account and device ids of those that had some. Raises NotFound."""
    devices = yield _DEVICES, {"client_id": client_id}
    rows = yield _REMOVE, {"client_id": client_id}
    if not rows:
        raise NotFound(f"there is no client {client_id!r}; list them to see those there are")
    return [(row.account_id, row.device_id) for row in devices]


def _client(row: Any) -> Client:
    uris = tuple(msgspec.json.decode(row.redirect_uris, type=list[str]))
    return Client(row.client_id, row.name, row.profile, uris, row.secret_hash)
