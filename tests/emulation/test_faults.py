"""Faults as values: which message meets which, and how often."""

from typing import Any

import pytest

from bellwire.emulation.faults import MOST, Faults, FaultWish, FaultWishError, Trouble, checked

STARTED, STOPPED = "Alerts.AlertStarted", "Alerts.AlertStopped"


def test_a_fault_is_used_up() -> None:
    faults = Faults()
    faults.add(FaultWish(fault=Trouble.DROP, name=STARTED, times=2))
    assert faults.take(Trouble.DROP, STOPPED) is None
    assert faults.take(Trouble.DELAY, STARTED) is None
    assert [bool(faults.take(Trouble.DROP, STARTED)) for _ in range(3)] == [True, True, False]


def test_one_without_times_stays_until_it_is_taken_back() -> None:
    faults = Faults()
    fault = faults.add(FaultWish(fault=Trouble.DROP, times=None))
    assert all(faults.take(Trouble.DROP, STARTED) for _ in range(100))
    assert faults.remove(fault.number) == fault
    assert (faults.take(Trouble.DROP, STARTED), faults.remove(fault.number)) == (None, None)


def test_any_message_is_no_request_for_a_downchannel() -> None:
    faults = Faults()
    faults.add(FaultWish(fault=Trouble.STATUS, status=500))
    assert faults.take(Trouble.STATUS, "downchannel") is None
    assert faults.take(Trouble.STATUS, STARTED)


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"fault": Trouble.STATUS}, "which status"),
        ({"fault": Trouble.DELAY}, "how long"),
        ({"fault": Trouble.DROP, "status": 500}, "means nothing for drop"),
        ({"fault": Trouble.CUT, "name": STARTED}, "of connections"),
        ({"fault": Trouble.STALL, "times": None}, "of connections"),
    ],
)
def test_what_means_nothing_is_refused(wish: dict[str, Any], words: str) -> None:
    with pytest.raises(FaultWishError, match=words):
        checked(FaultWish(**wish))


def test_there_are_not_more_than_can_be_looked_through() -> None:
    faults = Faults()
    for _ in range(MOST):
        faults.add(FaultWish(fault=Trouble.DROP))
    with pytest.raises(FaultWishError, match="DELETE /faults"):
        faults.add(FaultWish(fault=Trouble.DROP))
