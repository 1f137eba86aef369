from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from bellwire.cloud.auth import hash_of
from bellwire.cloud.grants import OVERLAP, Bound, Code, Family, Pairing, Stage, after_use
from bellwire.cloud.store.accounts import add_account
from bellwire.cloud.store.clients import SPEAKER
from bellwire.cloud.store.connection import Connection
from bellwire.cloud.store.devices import Device, add_device, add_device_token, device_by_token, list_devices
from bellwire.cloud.store.errors import AlreadyExists, NotFound, Refused
from bellwire.cloud.store.grants import (
    StoredCode,
    StoredGrant,
    StoredPairing,
    add_code,
    add_grant,
    add_own_device,
    add_pairing,
    count_pairings,
    find_code,
    find_grant,
    find_own_device,
    find_pairing,
    find_pairing_shown,
    grant_of_token,
    keep_question,
    purge_expired,
    revoke_grant,
    revoke_grants,
    revoke_tokens,
    rotate_grant,
    settle_pairing,
    use_code,
)
from bellwire.cloud.store.instants import from_ms
from bellwire.cloud.store.opening import MEMORY, open_now
from bellwire.cloud.store.portions import PORTION

NOW = from_ms(1_795_000_000_000)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
ONE, TWO, THREE = (number.to_bytes(32, "big") for number in (1, 2, 3))
GRANT = StoredGrant("a1", "d1", ONE, SPEAKER, Family(TWO, None, None, NOW + DAY))


@pytest.fixture
def store() -> Iterator[Connection]:
    with open_now(MEMORY) as connection:
        for account_id, device_id in (("a1", "d1"), ("a2", "d2")):
            connection.run(add_account, account_id, account_id, "UTC", NOW)
            connection.run(add_device, account_id, Device(device_id, device_id, "cic-ko-2022"), None, NOW)
        connection.run(add_grant, GRANT, NOW)
        connection.run(add_device_token, "a1", "d1", ONE, NOW + DAY, NOW, grant_id=ONE)
        connection.run(add_device_token, "a1", "d1", TWO, None, NOW)
        yield connection


# Families


def test_a_family_is_found_by_its_id_and_by_its_access_tokens(store: Connection) -> None:
    assert store.read(find_grant, ONE) == GRANT
    assert store.read(find_grant, TWO) is None
    assert store.read(grant_of_token, ONE) == GRANT
    assert store.read(grant_of_token, TWO) is None, "it was made by the owner"


def test_a_family_is_kept_as_it_is_after_a_use(store: Connection) -> None:
    after = after_use(GRANT.family, TWO, THREE, NOW + SECOND)
    assert after is not None
    store.run(rotate_grant, GRANT, after, NOW + OVERLAP)

    assert store.read(find_grant, ONE) == GRANT._replace(family=after)
    assert expiries(store) == [NOW + DAY, None]


def expiries(store: Connection) -> list[datetime | None]:
    """Of the access token of the family, and of the one that the owner made."""
    return [identity.expires for token in (ONE, TWO) if (identity := store.read(device_by_token, token))]


def refreshed(seconds: int) -> StoredGrant:
    return GRANT._replace(family=Family(TWO, THREE, NOW + seconds * SECOND, NOW + DAY))


def test_access_tokens_from_before_the_last_one_end_soon(store: Connection) -> None:
    store.run(rotate_grant, refreshed(1), refreshed(2).family, NOW + OVERLAP)
    assert expiries(store) == [NOW + OVERLAP, None]


def test_an_answer_that_was_lost_ends_what_it_gave_and_shortens_none(store: Connection) -> None:
    store.run(add_device_token, "a1", "d1", THREE, NOW + DAY, NOW + SECOND, grant_id=ONE)
    assert store.run(rotate_grant, refreshed(1), refreshed(1).family, NOW + OVERLAP)
    assert store.read(device_by_token, THREE) is None
    assert expiries(store) == [NOW + DAY, None]
    assert not store.run(rotate_grant, refreshed(1), refreshed(1).family, NOW + OVERLAP)


def test_an_access_token_that_ends_sooner_is_not_lengthened(store: Connection) -> None:
    store.run(rotate_grant, refreshed(1), refreshed(2).family, NOW + DAY * 2)
    assert expiries(store) == [NOW + DAY, None]


def test_a_revoked_family_takes_its_access_tokens_along_and_no_others(store: Connection) -> None:
    assert store.run(revoke_grant, "a2", ONE) is None
    assert store.run(revoke_grant, "a1", ONE) == "d1"
    assert store.run(revoke_grant, "a1", ONE) is None
    assert store.read(device_by_token, ONE) is None
    assert store.read(device_by_token, TWO) is not None


def test_the_families_of_a_device_go_at_once(store: Connection) -> None:
    assert store.run(revoke_grants, "a2", "d1") is False
    assert store.read(find_grant, ONE) is not None
    assert store.run(revoke_grants, "a1", "d1") is True
    assert store.run(revoke_grants, "a1", "d1") is False
    assert store.read(find_grant, ONE) is None


def test_all_tokens_of_a_device_go_at_once(store: Connection) -> None:
    store.run(revoke_tokens, "a2", "d1")
    assert store.read(device_by_token, ONE) is not None
    store.run(revoke_tokens, "a1", "d1")
    assert [store.read(device_by_token, token) for token in (ONE, TWO)] == [None, None]
    assert len(store.read(list_devices, "a1")) == 1


def test_rows_that_mix_two_accounts_are_refused(store: Connection) -> None:
    with pytest.raises(NotFound):
        store.run(add_grant, GRANT._replace(account_id="a2", grant_id=TWO), NOW)
    with pytest.raises(NotFound):
        store.run(add_device_token, "a2", "d2", THREE, None, NOW, grant_id=ONE)
    with pytest.raises(NotFound):
        store.run(add_own_device, "a2", SPEAKER, "own", "d1")


@pytest.mark.parametrize("family", [GRANT.family, Family(b"a token", None, None, NOW)])
def test_a_token_itself_is_refused_where_its_hash_belongs(store: Connection, family: Family) -> None:
    with pytest.raises(Refused, match="sha256"):
        store.run(add_grant, GRANT._replace(grant_id=b"a token" if family is GRANT.family else TWO, family=family), NOW)


# Devices by the clients' own ids


def test_a_clients_own_id_is_of_one_account(store: Connection) -> None:
    store.run(add_own_device, "a1", SPEAKER, "own", "d1")
    store.run(add_own_device, "a2", SPEAKER, "own", "d2")
    assert store.read(find_own_device, "a1", SPEAKER, "own") == "d1"
    assert store.read(find_own_device, "a2", SPEAKER, "own") == "d2"
    assert store.read(find_own_device, "a1", "another", "own") is None


# Codes

CODE = StoredCode("a1", Code(Bound(SPEAKER, "app:/done", "own", "challenge"), NOW, used=False), "M", "kitchen")


def test_a_code_is_kept_and_used_up(store: Connection) -> None:
    store.run(add_code, ONE, CODE)
    assert store.read(find_code, ONE) == CODE
    assert store.read(find_code, TWO) is None

    store.run(use_code, "a2", ONE, THREE)
    assert store.read(find_code, ONE) == CODE
    store.run(use_code, "a1", ONE, THREE)

    assert store.read(find_code, ONE) == CODE._replace(code=Code(CODE.code.bound, NOW, used=True), grant_id=THREE)


# Pairings

PAIRING = StoredPairing(
    ONE, SPEAKER, "cic-ko-2022", "shelf", Pairing(Stage.ASKED, NOW + DAY, timedelta(seconds=5), None)
)


def test_a_pairing_is_found_by_both_of_its_codes(store: Connection) -> None:
    store.run(add_pairing, PAIRING, TWO)
    assert store.read(find_pairing, ONE) == store.read(find_pairing_shown, TWO) == PAIRING
    assert store.read(find_pairing, TWO) is store.read(find_pairing_shown, ONE) is None


def test_two_speakers_do_not_show_the_same_code(store: Connection) -> None:
    store.run(add_pairing, PAIRING, TWO)
    with pytest.raises(AlreadyExists):
        store.run(add_pairing, PAIRING._replace(device_code_hash=THREE), TWO)


def test_a_pairing_keeps_when_it_was_asked_for_and_how_far_it_is(store: Connection) -> None:
    store.run(add_pairing, PAIRING, TWO)
    store.run(keep_question, ONE, NOW, timedelta(seconds=10))
    settled = PAIRING._replace(account_id="a1", device_id="d1", grant_id=THREE)
    store.run(settle_pairing, settled, Stage.REDEEMED)
    after = Pairing(Stage.REDEEMED, NOW + DAY, timedelta(seconds=10), NOW)
    assert store.read(find_pairing, ONE) == settled._replace(pairing=after)


# What has expired


def test_what_has_expired_is_removed_and_used_codes_a_while_later(store: Connection) -> None:
    store.run(add_code, ONE, CODE)
    store.run(add_code, TWO, CODE)
    store.run(use_code, "a1", ONE, THREE)
    store.run(add_pairing, PAIRING, TWO)
    store.run(purge_expired, NOW - timedelta(seconds=1), DAY)
    assert store.read(find_code, TWO) is not None
    store.run(purge_expired, NOW + DAY - timedelta(seconds=1), DAY)
    assert store.read(find_code, TWO) is None, "nobody used it in time"
    assert store.read(find_grant, ONE) is not None
    assert store.read(count_pairings, NOW) == 1
    assert store.read(find_code, ONE) is not None

    store.run(purge_expired, NOW + DAY, DAY)

    assert store.read(find_grant, ONE) is None
    assert store.read(find_pairing, ONE) is None
    assert store.read(find_code, ONE) is None
    assert store.read(device_by_token, ONE) is None
    assert store.read(device_by_token, TWO) is not None


def test_a_device_goes_that_was_let_in_and_never_came(store: Connection) -> None:
    for code, device_id, stage in ((ONE, "d3", Stage.APPROVED), (TWO, "d4", Stage.REDEEMED)):
        store.run(add_device, "a1", Device(device_id, device_id, "cic-ko-2022"), None, NOW)
        pairing = PAIRING._replace(device_code_hash=code)
        store.run(add_pairing, pairing, code)
        store.run(settle_pairing, pairing._replace(account_id="a1", device_id=device_id), stage)

    store.run(purge_expired, NOW + DAY, DAY)

    assert {device.device_id for device in store.read(list_devices, "a1")} == {"d1", "d4"}


def test_what_has_expired_is_removed_in_portions(store: Connection) -> None:
    for number in range(PORTION + 1):
        store.run(add_code, hash_of(f"{number}"), CODE)
    assert store.run(purge_expired, NOW, DAY) is True
    assert store.run(purge_expired, NOW, DAY) is False
    assert store.read(find_code, hash_of("0")) is store.read(find_code, hash_of(f"{PORTION}")) is None


def test_of_many_devices_that_never_came_each_goes(store: Connection) -> None:
    for number in range(150):
        device_id, code = f"n{number}", hash_of(f"{number}")
        store.run(add_device, "a2", Device(device_id, device_id, "cic-ko-2022"), None, NOW)
        pairing = PAIRING._replace(device_code_hash=code)
        store.run(add_pairing, pairing, code)
        store.run(settle_pairing, pairing._replace(account_id="a2", device_id=device_id), Stage.APPROVED)

    assert store.run(purge_expired, NOW + DAY, DAY) is True
    assert store.run(purge_expired, NOW + DAY, DAY) is False

    assert [device.device_id for device in store.read(list_devices, "a2")] == ["d2"]
    assert store.read(find_pairing, hash_of("149")) is None
