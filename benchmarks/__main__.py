"""Measures everything, prints a table and writes bench.json. A name or more as arguments: only those."""

import json
import os
import platform
import sys
from pathlib import Path
from types import ModuleType

from rich.console import Console
from rich.table import Table

from benchmarks import arming, events, lateness, push, recurrence, scale, simulation, sound, speaker, sweep

ALL: dict[str, ModuleType] = {
    "events": events,
    "push": push,
    "lateness": lateness,
    "arming": arming,
    "speaker": speaker,
    "sound": sound,
    "recurrence": recurrence,
    "sweep": sweep,
    "simulation": simulation,
    "scale": scale,
}


def main(names: list[str]) -> None:
    """Measure one after the other, so that none disturbs another."""
    console = Console()
    table = Table("what", "figure", "to reach", title=f"Bellwire, {os.cpu_count()} cores, {platform.python_version()}")
    results = {}
    for name in names or ALL:
        if name not in ALL:
            sys.exit(f"there is no benchmark {name!r}; there are: {', '.join(ALL)}")
        with console.status(f"measuring {name}"):
            results[name] = ALL[name].measure()
        for row in ALL[name].report(results[name]):
            table.add_row(*row)
    console.print(table)
    Path("bench.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
