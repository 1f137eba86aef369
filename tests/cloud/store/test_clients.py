from collections.abc import Iterator
from datetime import timedelta

import pytest

from bellwire.cloud.grants import Family
from bellwire.cloud.store.accounts import add_account
from bellwire.cloud.store.clients import SPEAKER, Client, add_client, find_client, list_clients, remove_client
from bellwire.cloud.store.connection import Connection
from bellwire.cloud.store.devices import Device, add_device, list_devices
from bellwire.cloud.store.errors import AlreadyExists, NotFound, Refused
from bellwire.cloud.store.grants import StoredGrant, add_grant, find_grant
from bellwire.cloud.store.instants import from_ms
from bellwire.cloud.store.opening import MEMORY, open_now

NOW = from_ms(1_795_000_000_000)
APP = Client("c1", "app", "tvs-2020", ("https://app.home/done", "app:/done"))
BENCH = Client("c2", "bench", "cic-ko-2022", (), bytes(32))


@pytest.fixture
def store() -> Iterator[Connection]:
    with open_now(MEMORY) as connection:
        for client in (BENCH, APP):
            connection.run(add_client, client, NOW)
        yield connection


def test_clients_are_found_and_listed_by_name(store: Connection) -> None:
    assert store.read(find_client, "c1") == APP
    assert store.read(find_client, "c3") is None
    assert [client.name for client in store.read(list_clients)] == ["app", "bellwire speaker", "bench"]


def test_every_cloud_has_our_own_speaker(store: Connection) -> None:
    assert store.read(find_client, SPEAKER) == Client(SPEAKER, "bellwire speaker", None)


def test_a_name_is_taken_once(store: Connection) -> None:
    with pytest.raises(AlreadyExists, match="a client 'app' already"):
        store.run(add_client, APP._replace(client_id="c3"), NOW)


def test_a_secret_itself_is_refused_where_its_hash_belongs(store: Connection) -> None:
    with pytest.raises(Refused, match="sha256"):
        store.run(add_client, Client("c3", "c3", None, (), b"a secret"), NOW)


def test_a_client_goes_with_its_tokens_and_leaves_its_devices(store: Connection) -> None:
    store.run(add_account, "a1", "home", "UTC", NOW)
    store.run(add_device, "a1", Device("d1", "kitchen", "tvs-2020"), None, NOW)
    family = Family(bytes(32), None, None, NOW + timedelta(days=1))
    for client in (APP, BENCH):
        store.run(add_grant, StoredGrant("a1", "d1", client.name.encode().zfill(32), client.client_id, family), NOW)

    assert store.run(remove_client, "c1") == [("a1", "d1")]

    assert store.read(find_grant, b"app".zfill(32)) is None
    assert store.read(find_grant, b"bench".zfill(32)) is not None
    assert len(store.read(list_devices, "a1")) == 1
    with pytest.raises(NotFound, match="no client 'c1'"):
        store.run(remove_client, "c1")
