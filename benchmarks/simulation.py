"""How much of a device's life the simulation lives through in a second, on one core."""

import time
from statistics import median

from bellwire.simulation.run import prepare, run

SEEDS = range(1, 61)
ROUNDS = 5


def measure() -> dict[str, float]:
    """Hours of one device in a second of the processor's time, of the same seeds as often: the median and the best."""
    run(0)  # what is prepared once: statements, codecs, the empty store
    prepare()
    rates = [_rate() for _ in range(ROUNDS)]
    return {"device_hours_per_second": median(rates), "best": max(rates)}


def _rate() -> float:
    begun = time.process_time()
    hours = sum(run(seed).device_hours for seed in SEEDS)
    return hours / (time.process_time() - begun)


def report(figures: dict[str, float]) -> list[tuple[str, str, str]]:
    """Rows for the table: what, figure, what is to be reached."""
    return [("simulated device-hours a second, one core", f"{figures['device_hours_per_second']:,.0f}", "≥ 2,000")]


if __name__ == "__main__":
    print(measure())
