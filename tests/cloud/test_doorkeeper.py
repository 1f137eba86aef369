from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bellwire.cloud.doorkeeper import DOWNCHANNELS, REFUSED_ADDRESS, REFUSED_TOKEN, Doorkeeper
from bellwire.protocol.errors import TooManyRequests

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
HOTEL = "192.0.2.7"


def in_a_loop(keeper: Doorkeeper, device: str, times: int, over: timedelta) -> int:
    """How often a device that asks so many times gets a downchannel."""
    opened = 0
    for number in range(times):
        try:
            keeper.let_open(device, NOW + over * number / times)
        except TooManyRequests:
            continue
        opened += 1
    return opened


def is_heard(keeper: Doorkeeper, token: str, now: datetime = NOW, address: str = HOTEL, port: int = 50_000) -> bool:
    """Whether a token that is not good is looked up."""
    try:
        keeper.let_try((address, str(port)), token, now)
    except TooManyRequests:
        return False
    keeper.was_wrong((address, str(port)), token, now)
    return True


def test_a_device_that_connects_16_000_times_in_3_seconds_opens_few() -> None:
    keeper = Doorkeeper(by_address=True)

    assert in_a_loop(keeper, "loop", 16_000, timedelta(seconds=3)) == DOWNCHANNELS.most + 2
    keeper.let_open("another", NOW + timedelta(seconds=3))


def test_who_is_refused_is_told_when_to_come_again_and_may_then() -> None:
    keeper = Doorkeeper(by_address=True)
    in_a_loop(keeper, "loop", 100, timedelta(0))

    with pytest.raises(TooManyRequests, match="again in 1 s") as refused:
        keeper.let_open("loop", NOW)

    assert refused.value.retry_after == 1
    keeper.let_open("loop", NOW + timedelta(seconds=refused.value.retry_after))


def test_a_device_in_a_bad_network_is_never_refused() -> None:
    keeper = Doorkeeper(by_address=True)
    now = NOW
    for _ in range(100):  # it gets through, the connection breaks, and its backoff begins anew: .25, 1, 2, 4 s
        for pause in (0.25, 1, 2, 4):
            keeper.let_open("flapping", now)
            now += timedelta(seconds=pause)


def test_a_hotel_with_good_tokens_comes_back_all_at_once() -> None:
    keeper = Doorkeeper(by_address=True)

    for number in range(5_000):  # a token that nobody has met is tried, and nothing is counted when it is good
        keeper.let_try((HOTEL, str(number)), f"token {number}", NOW)
        keeper.let_open(f"device {number}", NOW)


def test_a_hotel_whose_tokens_have_all_expired_is_told_so_at_once() -> None:
    keeper = Doorkeeper(by_address=True)

    assert all(is_heard(keeper, f"token {number}") for number in range(5_000))


def test_one_that_goes_on_with_a_bad_token_uses_up_nothing_of_its_neighbours() -> None:
    keeper = Doorkeeper(by_address=True)

    heard = sum(is_heard(keeper, "revoked") for _ in range(16_000))

    assert heard == REFUSED_TOKEN.most
    assert all(is_heard(keeper, f"token {number}") for number in range(5_000))
    assert is_heard(keeper, "revoked", NOW + timedelta(seconds=6))


def test_who_shows_no_token_is_limited_by_connection() -> None:
    keeper = Doorkeeper(by_address=True)

    assert sum(is_heard(keeper, "") for _ in range(1_000)) == REFUSED_TOKEN.most
    assert all(is_heard(keeper, "", port=port) for port in range(1_000, 5_000))


def test_one_that_guesses_tokens_is_refused_at_its_address_only() -> None:
    keeper = Doorkeeper(by_address=True)

    heard = sum(is_heard(keeper, f"guess {number}") for number in range(10_000))

    assert heard == REFUSED_ADDRESS.most
    assert is_heard(keeper, "guess", address="192.0.2.8")
    assert is_heard(keeper, "guess", NOW + timedelta(seconds=1))


def test_hosts_of_one_network_of_64_bits_count_together() -> None:
    keeper = Doorkeeper(by_address=True)
    for number in range(REFUSED_ADDRESS.most):
        assert is_heard(keeper, f"guess {number}", address=f"2001:db8::{number:x}")

    assert not is_heard(keeper, "guess", address="2001:db8::ffff:1")
    assert is_heard(keeper, "guess", address="2001:db8:0:1::1")


def test_behind_a_proxy_an_address_says_nothing() -> None:
    keeper = Doorkeeper(by_address=False)

    assert all(is_heard(keeper, f"guess {number}") for number in range(10_000))
    assert all(is_heard(keeper, "") for _ in range(1_000))
    assert sum(is_heard(keeper, "revoked") for _ in range(100)) == REFUSED_TOKEN.most


def test_it_is_told_once_a_minute_of_each() -> None:
    keeper = Doorkeeper(by_address=True)

    with capture_logs() as lines:
        in_a_loop(keeper, "loop", 20_000, timedelta(seconds=90))
        in_a_loop(keeper, "another", 1_000, timedelta(seconds=1))
        for _ in range(100):
            is_heard(keeper, "revoked")

    assert [line.get("device") or line.get("address") for line in lines] == ["loop", "loop", "another", HOTEL]


@given(st.lists(st.floats(0, 5), max_size=300))
def test_in_no_minute_does_a_device_open_more_than_twice_the_rate(pauses: list[float]) -> None:
    keeper, now, opened = Doorkeeper(by_address=True), NOW, []
    for pause in pauses:
        now += timedelta(seconds=pause)
        try:
            keeper.let_open("device", now)
        except TooManyRequests as refused:
            assert 1 <= refused.retry_after <= DOWNCHANNELS.per.total_seconds()
            continue
        opened.append(now)

    assert all(sum(at <= each < at + timedelta(minutes=1) for each in opened) <= 2 * DOWNCHANNELS.most for at in opened)
