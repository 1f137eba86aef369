from collections.abc import Callable

import pytest

from bellwire.device.ringer.clip import Whole
from bellwire.device.ringer.rounds import round_of
from bellwire.device.ringer.sounds import Asset, Bell, bell

ONE, TWO = Whole(b"one."), Whole(b"two.")


@pytest.fixture(autouse=True)
def _bells_are_made() -> None:
    for kind in ("ALARM", "REMINDER", "TIMER"):
        bell(kind)


def ready(**clips: Whole) -> Callable[[str], Whole | None]:
    return clips.get


def test_a_round_is_the_sources_in_their_order() -> None:
    sounds = round_of((Asset("u2"), Bell("TIMER"), Asset("u1")), "REMINDER", ready(u1=ONE, u2=TWO))
    assert sounds == [TWO, Whole(bell("TIMER")), ONE]


def test_a_missing_asset_is_skipped_and_nothing_at_all_is_the_bell() -> None:
    assert round_of((Asset("gone"), Bell("TIMER")), "REMINDER", ready()) == [Whole(bell("TIMER"))]
    assert round_of((Asset("gone"), Asset("never")), "REMINDER", ready()) == [Whole(bell("REMINDER"))]
    assert round_of((), "ALARM", ready()) == [Whole(bell("ALARM"))]


def test_the_bell_that_an_asset_names_is_heard_in_its_place() -> None:
    sources = (Asset("gone", "TIMER"), Asset("here", "TIMER"), Asset("gone"))
    assert round_of(sources, "REMINDER", ready(here=ONE)) == [Whole(bell("TIMER")), ONE]
