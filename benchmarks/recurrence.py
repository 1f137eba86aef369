"""How long it takes to find the next occurrence, twenty years after the start."""

from datetime import UTC, datetime
from time import perf_counter_ns

from bellwire.alerts.alert import Schedule
from bellwire.alerts.recurrence import EVERY, next_occurrence
from benchmarks.figures import percentile

START = datetime(2006, 11, 20, 7, 0)  # noqa: DTZ001 - a wall time
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ROUNDS = 300

SIMPLE = {name: Schedule(START, "Europe/Berlin", rule) for name, rule in EVERY.items()}
SIMPLE["mon,wed,fri"] = Schedule(START, "Europe/Berlin", "FREQ=WEEKLY;BYDAY=MO,WE,FR")
SIMPLE["workday"] = Schedule(START, "Europe/Berlin", EVERY["daily"], country="DE")
RULES = (
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO",
    "FREQ=YEARLY;BYWEEKNO=53;BYDAY=SU",
    "FREQ=YEARLY;BYDAY=20MO",
    "FREQ=MONTHLY;INTERVAL=7;BYMONTHDAY=13;BYDAY=FR",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU",
    "FREQ=DAILY;INTERVAL=10;BYMONTH=10",
    "FREQ=DAILY;BYMONTHDAY=29;BYMONTH=2",
    "FREQ=HOURLY;INTERVAL=5;BYMINUTE=0,30",
    "FREQ=HOURLY;BYMONTHDAY=29;BYMONTH=2",
    "FREQ=HOURLY;INTERVAL=5;BYYEARDAY=57;BYDAY=SA,SU;BYMONTH=2",
    "FREQ=HOURLY;BYMONTH=12,1,6;BYMINUTE=0,20,40",
    "FREQ=DAILY;INTERVAL=8;BYMONTHDAY=29;BYMONTH=1,12,4;BYDAY=MO",
)
NEVER = (
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=HOURLY;INTERVAL=5;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=HOURLY;INTERVAL=2;BYMONTH=1;BYHOUR=0,20;BYMINUTE=51,19",
    "FREQ=HOURLY;INTERVAL=24;BYHOUR=3",
)


def measure() -> dict[str, float]:
    """Microseconds: the median of each schedule, and of these the longest."""
    return {
        "simple_us": max(_median(schedule, ROUNDS) for schedule in SIMPLE.values()),
        "any_us": max(_median(Schedule(START, "Europe/Berlin", rule), ROUNDS) for rule in RULES),
        "never_us": max(_median(Schedule(START, "Europe/Berlin", rule), 5) for rule in NEVER),
    }


def _median(schedule: Schedule, rounds: int) -> float:
    samples = []
    for _ in range(rounds):
        begun = perf_counter_ns()
        next_occurrence(schedule, NOW)
        samples.append((perf_counter_ns() - begun) / 1000)
    return percentile(samples, 50)


def report(figures: dict[str, float]) -> list[tuple[str, str, str]]:
    """Rows for the table: what, figure, what is to be reached."""
    return [
        ("next occurrence, simple rule, 20 years on", f"{figures['simple_us']:.0f} µs", "≤ 50 µs"),
        ("next occurrence, any rule, 20 years on", f"{figures['any_us']:.0f} µs", "≤ 1,000 µs"),
        ("that there is none", f"{figures['never_us'] / 1000:.0f} ms", ""),
    ]


if __name__ == "__main__":
    print(measure())
