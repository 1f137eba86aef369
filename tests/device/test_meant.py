"""Which alert a button means that names none."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from bellwire.alerts.alert import Kind, Occurrence
from bellwire.device.meant import Meant

TEA = Occurrence("tea", Kind.REMINDER, datetime(2026, 11, 21, 7, 0, tzinfo=UTC), "Tea")
UP = Occurrence("up", Kind.ALARM, datetime(2026, 11, 21, 6, 0, tzinfo=UTC))


def test_it_is_what_rings_else_the_next_one() -> None:
    meant = Meant()
    tokens = [meant.token]
    life: tuple[Callable[[], None], ...] = (
        lambda: meant.alert_set(TEA),
        lambda: meant.alert_set(UP),
        lambda: meant.alert_ringing(TEA, timedelta()),
        lambda: meant.alert_stopped(UP),  # it was missed while the other one rang
        lambda: meant.alert_snoozed(TEA, TEA.scheduled_time),
        lambda: meant.alert_ringing(TEA, timedelta()),
        lambda: meant.alert_stopped(TEA),
        lambda: meant.alert_removed(UP),
        lambda: meant.alert_removed(TEA),
    )
    for happens in life:
        happens()
        tokens.append(meant.token)
    assert tokens == [None, "tea", "up", "tea", "tea", "up", "tea", "up", "tea", None]
