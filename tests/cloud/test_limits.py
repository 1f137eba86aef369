from datetime import timedelta

import pytest

from bellwire.cloud.config import Limits
from bellwire.cloud.limits import SETTABLE, limits_of
from bellwire.cloud.rates import Rate
from bellwire.device.occurrences import MAX_ASSETS, MAX_LABEL


def test_what_is_set_is_another_and_the_rest_stays() -> None:
    limits = limits_of(["alerts=5000", " devices=200 ", "assets=64", "label=2048", "listeners=3", "requests=100"])

    assert (limits.alerts, limits.devices, limits.label, limits.listeners) == (5000, 200, 2048, 3)
    assert limits.assets == 64
    assert limits.requests == Rate(400, timedelta(seconds=4))
    assert limits_of([]) == Limits()


def test_the_defaults_are_those_of_the_documents() -> None:
    limits = Limits()

    assert (limits.alerts, limits.devices, limits.label, limits.assets) == (1000, 100, 1024, 32)
    assert limits.past_due == timedelta(minutes=30)


def test_no_limit_lets_an_alert_in_that_our_speaker_would_refuse() -> None:
    the_label_spoken = 1

    assert SETTABLE["assets"].most + the_label_spoken <= MAX_ASSETS
    assert SETTABLE["label"].most <= MAX_LABEL


@pytest.mark.parametrize("wish", ["alerts", "alerts=", "=5", "alarms=5", "alerts:5", ""])
def test_what_is_no_limit_is_told_which_there_are(wish: str) -> None:
    with pytest.raises(
        ValueError, match=r"there are alerts, devices, assets, label, listeners, requests|must be a number"
    ):
        limits_of([wish])


@pytest.mark.parametrize("number", ["0", "-1", "1.5", "1e3", "x", "٣", "9" * 30, " 5"])
def test_a_limit_is_a_number_within_bounds(number: str) -> None:
    for name, settable in SETTABLE.items():
        with pytest.raises(ValueError, match=f"{settable.meaning} must be a number from 1 to {settable.most}"):
            limits_of([f"{name}={number}"])
