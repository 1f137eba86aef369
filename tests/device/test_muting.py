"""The mute button."""

from datetime import timedelta

from bellwire.device.muting import Muting
from tests.device.test_meant import TEA, UP


class Diary:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.muting = Muting(
            lambda token, is_hushed: self.lines.append(f"{token} {'hushed' if is_hushed else 'heard'}"),
            lambda is_muted: self.lines.append("muted" if is_muted else "not muted"),
        )


def test_what_rings_is_silent_and_heard_again() -> None:
    diary = Diary()
    diary.muting.press()
    diary.muting.alert_ringing(TEA, timedelta())
    diary.muting.press()
    diary.muting.press()
    assert diary.lines == ["tea hushed", "muted", "tea heard", "not muted"]


def test_it_ends_with_the_ring() -> None:
    diary = Diary()
    diary.muting.alert_ringing(TEA, timedelta())
    diary.muting.press()
    diary.muting.alert_stopped(UP)
    assert diary.lines == ["tea hushed", "muted"]
    diary.muting.alert_stopped(TEA)
    diary.muting.press()
    diary.muting.alert_stopped(TEA)
    assert diary.lines == ["tea hushed", "muted", "not muted"]
    diary.lines.clear()
    diary.muting.alert_ringing(TEA, timedelta())
    diary.muting.press()
    diary.muting.alert_snoozed(TEA, TEA.scheduled_time)
    assert diary.lines == ["tea hushed", "muted", "not muted"]


def test_another_ring_takes_its_place() -> None:
    diary = Diary()
    diary.muting.alert_ringing(TEA, timedelta())
    diary.muting.press()
    diary.muting.alert_ringing(UP, timedelta())
    diary.muting.press()
    assert diary.lines == ["tea hushed", "muted", "not muted", "up hushed", "muted"]
