from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwire.cloud.regions import AGAIN_AFTER, Regions, Told, must_go, served_elsewhere
from bellwire.cloud.wishes import WishError

NOW = datetime(2026, 11, 20, tzinfo=UTC)
KOREA, JAPAN = "https://kr:8443", "https://jp:8443"


def test_a_country_that_is_not_in_the_table_is_served_here() -> None:
    regions = Regions({"KR": KOREA})
    assert regions.endpoint_of("KR") == KOREA
    assert regions.endpoint_of("JP") is None
    assert regions.endpoint_of(None) is None
    assert regions
    assert not Regions()


@pytest.mark.parametrize(
    ("told", "after", "must"),
    [
        (None, timedelta(), True),
        (KOREA, timedelta(), False),
        (KOREA, AGAIN_AFTER - timedelta(seconds=1), False),
        (KOREA, AGAIN_AFTER, True),
        (KOREA, -timedelta(seconds=1), True),  # the clock was set back
        (JAPAN, timedelta(), True),
    ],
)
def test_when_a_device_must_go(told: str | None, after: timedelta, must: bool) -> None:
    before = None if told is None else Told(told, NOW)
    assert must_go(before, KOREA, NOW + after) is must


@given(st.lists(st.integers(0, 400), max_size=60))
def test_two_clouds_that_send_a_device_to_each_other_cannot_make_it_go_faster(waits: list[int]) -> None:
    here, there = Regions({"KR": KOREA}), Regions({"KR": JAPAN})
    at, gone_from_here = NOW, []
    for seconds in waits:
        at += timedelta(seconds=seconds)
        if here.must_tell("d", KOREA, at):
            here.note("d", KOREA, at)
            gone_from_here.append(at)
        if there.must_tell("d", JAPAN, at):
            there.note("d", JAPAN, at)
    assert all(later - earlier >= AGAIN_AFTER for earlier, later in pairwise(gone_from_here))


def test_what_is_remembered_is_bounded() -> None:
    regions = Regions({"KR": KOREA})
    for number in range(10_001):
        regions.note(f"d{number}", KOREA, NOW)
    assert regions.must_tell("d0", KOREA, NOW)
    assert not regions.must_tell("d1", KOREA, NOW)


def test_a_row_of_the_table_is_read() -> None:
    assert served_elsewhere("kr=https://kr:8443/") == ("KR", KOREA)
    assert served_elsewhere("KR=https://[::1]:8443") == ("KR", "https://[::1]:8443")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("KR", "is not like KR=https"),
        ("", "is not like KR=https"),
        ("XX=https://x", "'XX' is not a country"),
        ("UK=https://x", "GB is what you mean"),
        ("KR=http://x", "is not the address of a cloud"),
        ("KR=https://", "is not the address of a cloud"),
        ("KR=https://x:0", "is not the address of a cloud"),
        ("KR=https://x:99999", "is not the address of a cloud"),
        ("KR=https://x/path", "is not the address of a cloud"),
        ("KR=https://x?q", "is not the address of a cloud"),
        ("KR=https://user@x", "is not the address of a cloud"),
        ("KR=https://[x", "is not the address of a cloud"),
        ("KR=https://x//", "is not the address of a cloud"),
        ("KR=https://x:", "is not the address of a cloud"),
        ("KR=https://x?", "is not the address of a cloud"),
        ("KR=https://x#", "is not the address of a cloud"),
        ("KR=https://@x", "is not the address of a cloud"),
        ("KR=https://x y", "is not the address of a cloud"),
        ("KR=https://x\n", "is not the address of a cloud"),
        ("KR=https://x:\N{ARABIC-INDIC DIGIT ONE}", "is not the address of a cloud"),
        ("KR=HTTPS://x", "is not the address of a cloud"),
        (f"KR=https://{'x' * 3000}", "is not the address of a cloud"),
    ],
)
def test_a_row_that_cannot_be_is_refused(text: str, told: str) -> None:
    with pytest.raises(WishError, match=told):
        served_elsewhere(text)
