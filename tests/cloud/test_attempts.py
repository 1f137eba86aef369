from datetime import UTC, datetime, timedelta

import pytest

from bellwire.cloud import attempts
from bellwire.cloud.attempts import Attempts
from bellwire.cloud.rates import Rate
from bellwire.cloud.refusal import Fault, Refusal

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
TWICE = Rate(2, timedelta(seconds=10))


def test_who_tries_too_often_is_told_how_long_to_wait() -> None:
    tried = Attempts(TWICE)
    tried.take("a", NOW)
    tried.take("a", NOW)

    with pytest.raises(Refusal, match="again in 5 seconds") as refused:
        tried.take("a", NOW)

    assert (refused.value.fault, refused.value.wait) == (Fault.TOO_MANY_REQUESTS, timedelta(seconds=5))
    tried.take("a", NOW + timedelta(seconds=5))


def test_others_are_not_held_up() -> None:
    tried = Attempts(Rate(1, timedelta(hours=1)))
    tried.take("a", NOW)

    tried.take("b", NOW)
    with pytest.raises(Refusal):
        tried.check("a", NOW)


def test_to_check_is_no_attempt() -> None:
    tried = Attempts(Rate(1, timedelta(hours=1)))

    for _ in range(5):
        tried.check("a", NOW)


def test_what_turns_out_to_be_no_attempt_is_given_back() -> None:
    tried = Attempts(TWICE)
    tried.take("a", NOW)
    tried.take("a", NOW)

    tried.give_back("a")
    tried.give_back("b")

    tried.take("a", NOW)
    with pytest.raises(Refusal):
        tried.check("a", NOW)


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "_REMEMBERED", 3)
    tried = Attempts(Rate(1, timedelta(hours=1)))
    for number in range(100):
        tried.take(f"{number}", NOW)

    assert len(tried._due) == 3
    with pytest.raises(Refusal):
        tried.check("99", NOW)
