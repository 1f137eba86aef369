"""Virtual time: what is planned happens in its order."""

from datetime import UTC, datetime, timedelta

import pytest

from bellwire.simulation.world import StandsStillError, World

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_what_is_planned_happens_in_its_order_and_what_is_called_off_does_not() -> None:
    world, happened = World(1, NOON), list[str]()
    world.after(2.0, lambda: happened.append("second"))
    world.at(NOON + timedelta(seconds=1), lambda: happened.append("first"))
    world.after(1.5, lambda: happened.append("called off")).call_off()
    world.after(9.0, lambda: happened.append("too late"))
    world.run(NOON + timedelta(seconds=5))
    assert happened == ["first", "second"]
    assert world.now == NOON + timedelta(seconds=5)


def test_who_waits_for_a_moment_that_is_hardly_ahead_does_not_wait_for_ever() -> None:
    """Seconds are floats, and time is in microseconds: less than half of one would be none."""
    world = World(1, NOON)
    asked: list[datetime] = []

    def until() -> None:
        asked.append(world.now)
        left = 1e-7 - (world.now - NOON).total_seconds()
        if left > 0 and len(asked) < 10:
            world.after(left, until)

    world.after(0.0, until)
    world.run(NOON + timedelta(seconds=1))
    assert asked == [NOON, NOON + timedelta(microseconds=1)]


def test_who_never_comes_to_rest_is_found() -> None:
    world = World(1, NOON)

    def again() -> None:
        world.at(NOON - timedelta(days=1), again)

    again()
    with pytest.raises(StandsStillError):
        world.run(NOON + timedelta(seconds=1))
