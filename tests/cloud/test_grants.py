"""The rules of authorization, as laws where they are some."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwire.cloud.grants import (
    CODE_LASTS,
    LETTERS,
    POLL_EVERY,
    REFRESH_LASTS,
    RETRY,
    SLOWER,
    Bound,
    Code,
    Family,
    Pairing,
    Poll,
    Redemption,
    Stage,
    after_use,
    challenge_of,
    is_challenge,
    is_verifier,
    polled,
    redeemed,
    user_code_of,
)

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def token(number: int) -> bytes:
    return number.to_bytes(32, "big")


def family() -> Family:
    return Family(token(0), None, None, NOW + REFRESH_LASTS)


# Families


def test_a_refresh_token_is_replaced_by_its_use() -> None:
    after = after_use(family(), token(0), token(1), NOW + SECOND)

    assert after == Family(token(1), token(0), NOW + SECOND, NOW + SECOND + REFRESH_LASTS)


def test_a_lost_answer_may_be_asked_for_again_for_ten_seconds() -> None:
    first = after_use(family(), token(0), token(1), NOW)
    assert first is not None

    again = after_use(first, token(0), token(2), NOW + RETRY)

    assert again is not None
    assert again.current == token(2), "what was lost is good no longer"
    assert after_use(again, token(1), token(3), NOW + RETRY) is None
    assert after_use(first, token(0), token(2), NOW + RETRY + SECOND) is None


def test_asking_again_does_not_give_more_time() -> None:
    first = after_use(family(), token(0), token(1), NOW)
    assert first is not None
    again = after_use(first, token(0), token(2), NOW + RETRY - SECOND)
    assert again is not None

    assert after_use(again, token(0), token(3), NOW + RETRY + SECOND) is None


def test_an_answer_that_was_used_was_not_lost() -> None:
    first = after_use(family(), token(0), token(1), NOW)
    assert first is not None
    second = after_use(first, token(1), token(2), NOW + SECOND)
    assert second is not None

    assert after_use(second, token(0), token(3), NOW + SECOND * 2) is None


def test_a_family_that_is_not_used_for_a_year_is_over() -> None:
    assert after_use(family(), token(0), token(1), NOW + REFRESH_LASTS - SECOND) is not None
    assert after_use(family(), token(0), token(1), NOW + REFRESH_LASTS) is None


uses = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 20)), max_size=30)
"""Which of the tokens that were given so far is shown, counted from the last one; and how many seconds later."""


def after_uses(shown: list[tuple[int, int]]) -> tuple[Family | None, list[bytes], datetime]:
    """What is left of a family, all refresh tokens that it gave, and when."""
    kept: Family | None = family()
    gave, now = [token(0)], NOW
    for back, seconds in shown:
        now += seconds * SECOND
        if kept is not None:
            kept = after_use(kept, gave[max(0, len(gave) - 1 - back)], token(len(gave)), now)
            gave.append(token(len(gave)))
    return kept, gave, now


@given(uses)
def test_at_most_one_refresh_token_of_a_family_is_live(shown: list[tuple[int, int]]) -> None:
    kept, gave, now = after_uses(shown)
    if kept is None:
        return

    later = now + RETRY + SECOND
    live = [each for each in gave if after_use(kept, each, token(99), later) is not None]

    assert live == [kept.current]


@given(uses)
def test_an_old_refresh_token_leaves_none(shown: list[tuple[int, int]]) -> None:
    kept, gave, now = after_uses(shown)
    if kept is None:
        return

    for old in {*gave} - {kept.current, kept.previous}:
        assert after_use(kept, old, token(99), now) is None


@given(uses)
def test_who_uses_the_newest_is_never_logged_out(shown: list[tuple[int, int]]) -> None:
    assert after_uses([(0, seconds) for _, seconds in shown])[0] is not None


# Codes

BOUND = Bound("app", redirect_uri="https://app.home/done", challenge=challenge_of("v" * 43))


def test_a_code_is_good_for_a_minute_and_once() -> None:
    code = Code(BOUND, NOW + CODE_LASTS, used=False)

    assert redeemed(code, BOUND, NOW) is Redemption.TAKEN
    assert redeemed(code, BOUND, NOW + CODE_LASTS) is Redemption.EXPIRED
    used = Code(BOUND, NOW + CODE_LASTS, used=True)
    assert redeemed(used, BOUND, NOW) is Redemption.REPLAYED
    assert redeemed(used, BOUND, NOW + CODE_LASTS) is Redemption.REPLAYED


@pytest.mark.parametrize("used", [False, True])
@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (Bound("other", BOUND.redirect_uri, None, BOUND.challenge), Redemption.OF_ANOTHER_CLIENT),
        (Bound("app", "https://app.home/done/", None, BOUND.challenge), Redemption.OTHER_REDIRECT),
        (Bound("app", None, None, BOUND.challenge), Redemption.OTHER_REDIRECT),
        (Bound("app", BOUND.redirect_uri, None, challenge_of("w" * 43)), Redemption.NOT_PROVEN),
        (Bound("app", BOUND.redirect_uri), Redemption.NOT_PROVEN),
    ],
)
def test_who_cannot_use_a_code_cannot_spoil_what_it_gave(used: bool, shown: Bound, said: Redemption) -> None:
    assert redeemed(Code(BOUND, NOW + CODE_LASTS, used), shown, NOW) is said


def test_a_code_without_challenge_is_bound_to_the_clients_own_id_of_the_device() -> None:
    code = Code(Bound("app", own_id="d1"), NOW + CODE_LASTS, used=False)

    assert redeemed(code, Bound("app", own_id="d1"), NOW) is Redemption.TAKEN
    assert redeemed(code, Bound("app", own_id="d2"), NOW) is Redemption.OTHER_DEVICE
    assert redeemed(code, Bound("app"), NOW) is Redemption.OTHER_DEVICE


def test_a_challenge_is_that_of_the_example() -> None:
    """RFC 7636, appendix B."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

    assert is_verifier(verifier)
    assert challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert is_challenge(challenge_of(verifier))


@pytest.mark.parametrize("text", ["", "a" * 42, "a" * 129, "a" * 43 + "\n", "a" * 42 + "+", "a" * 42 + "é"])
def test_what_is_no_verifier(text: str) -> None:
    assert not is_verifier(text)


@pytest.mark.parametrize("text", ["", "a" * 42, "a" * 44, "a" * 42 + "=", "a" * 43 + "\n"])
def test_what_is_no_challenge(text: str) -> None:
    assert not is_challenge(text)


# Pairing


def pairing(stage: Stage = Stage.ASKED, asked: datetime | None = None) -> Pairing:
    return Pairing(stage, NOW + timedelta(minutes=15), POLL_EVERY, asked)


def test_a_speaker_waits_between_two_questions() -> None:
    assert polled(pairing(), NOW) == (Poll.PENDING, POLL_EVERY)
    assert polled(pairing(asked=NOW), NOW + POLL_EVERY) == (Poll.PENDING, POLL_EVERY)
    assert polled(pairing(asked=NOW), NOW + SECOND) == (Poll.SLOW_DOWN, POLL_EVERY + SLOWER)


def test_the_network_may_bring_a_question_a_little_early() -> None:
    assert polled(pairing(asked=NOW), NOW + POLL_EVERY - SECOND / 2)[0] is Poll.PENDING


@pytest.mark.parametrize(
    ("stage", "within", "later"),
    [
        (Stage.ASKED, Poll.SLOW_DOWN, Poll.EXPIRED),
        (Stage.APPROVED, Poll.GRANTED, Poll.EXPIRED),
        (Stage.REFUSED, Poll.DENIED, Poll.DENIED),
        (Stage.REDEEMED, Poll.REPLAYED, Poll.REPLAYED),
    ],
)
def test_what_a_speaker_is_told_in_each_stage(stage: Stage, within: Poll, later: Poll) -> None:
    assert polled(pairing(stage, asked=NOW), NOW)[0] is within
    assert polled(pairing(stage, asked=NOW), NOW + timedelta(minutes=15))[0] is later


@pytest.mark.parametrize("text", ["BCDF-GHJK", "bcdf ghjk", "bcdfghjk", " B C D F – G H J K "])
def test_a_user_code_is_read_as_people_write_it(text: str) -> None:
    assert user_code_of(text) == "BCDF-GHJK"


@pytest.mark.parametrize("text", ["", "BCDF-GHJ", "BCDF-GHJKL", "ACDF-GHJK", "BCDF-GHJ1", "ＢCDF-GHJK", "ßCDFGHJK"])
def test_what_is_no_user_code(text: str) -> None:
    assert user_code_of(text) is None


def test_the_letters_of_a_user_code_make_no_words_and_look_like_no_digit() -> None:
    assert not set(LETTERS) & set("AEIOUY")
    assert LETTERS.isalpha()
    assert len(set(LETTERS)) == 20
