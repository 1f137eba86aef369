"""How late a speaker rings: runner, engine, storage and ringer as they are, one alarm a second, the null sound card."""

import asyncio
import logging
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from bellwire.alerts.alert import Occurrence
from bellwire.device.held import Setup
from bellwire.device.observer import Observer
from bellwire.device.ringer.assets import AssetCache
from bellwire.device.ringer.playback import Playback
from bellwire.device.ringer.ringer import Ringer
from bellwire.device.runner import Runner
from bellwire.device.storage import Storage
from bellwire.device.timer import Clock
from bellwire.protocol.codec import Codec
from bellwire.protocol.messages.alerts import SetAlert
from bellwire.protocol.messages.envelope import Directive
from bellwire.protocol.profiles import DEFAULT_PROFILE
from benchmarks.figures import percentile
from benchmarks.servers import data_folder

ALARMS = 40


class TimedBell(Ringer):
    """The ringer, with a look at the clock when it is told to ring."""

    times: Mapping[str, datetime]
    late_ms: list[float]

    def ring(self, token: str, *args: Any, **more: Any) -> None:
        """Note how late it is, and ring."""
        self.late_ms.append((datetime.now(UTC) - self.times[token]) / timedelta(milliseconds=1))
        super().ring(token, *args, **more)


class FirstSamples(Observer):
    """Notes when the first sound of an alert went to the sound card."""

    def __init__(self) -> None:
        self.late_ms: list[float] = []
        self.all_heard = asyncio.Event()

    def alert_ringing(self, occurrence: Occurrence, late: timedelta) -> None:
        """Note it."""
        self.late_ms.append(late / timedelta(milliseconds=1))
        if len(self.late_ms) == ALARMS:
            self.all_heard.set()


def measure() -> dict[str, float]:
    """Milliseconds from the scheduled time to the ring, and to the first sound."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with data_folder() as data:
        rings, samples = asyncio.run(_ring(data))
    return {
        "late_p50_ms": percentile(rings, 50),
        "late_p99_ms": percentile(rings, 99),
        "first_sample_p99_ms": percentile(samples, 99),
    }


async def _ring(data: Path) -> tuple[list[float], list[float]]:
    storage, observer = Storage(data / "speaker.db"), FirstSamples()
    runner = Runner(DEFAULT_PROFILE, storage, observer, Clock())
    bell = TimedBell(
        AssetCache(data / "assets", trusted_origin=None, trusted_context=None),
        audio=lambda samples: Playback(samples, output="null"),
        on_sounding=runner.sounding,
        on_ended=runner.ended,
        on_fetched=runner.fetched,
        on_failed=runner.failed,
    )
    first = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=3)
    times = {str(uuid.uuid4()): first + timedelta(seconds=number) for number in range(ALARMS)}
    bell.times, bell.late_ms = times, []
    bell.start()
    runner.start(bell, Setup(), reconnect=lambda: None)
    codec = Codec(DEFAULT_PROFILE)
    for token, time in times.items():
        message = SetAlert(token=token, type="ALARM", scheduled_time=time)
        runner.directive(codec.encode_directive(Directive(message=message, message_id="bench")))
    await observer.all_heard.wait()
    runner.close()
    await bell.close()
    storage.close()
    return bell.late_ms, observer.late_ms


def report(figures: dict[str, float]) -> list[tuple[str, str, str]]:
    """Rows for the table: what, figure, what is to be reached."""
    return [
        ("ring late, p50", f"{figures['late_p50_ms']:.1f} ms", ""),
        ("ring late, p99", f"{figures['late_p99_ms']:.1f} ms", "≤ 5 ms"),
        ("first sound late, p99", f"{figures['first_sample_p99_ms']:.1f} ms", ""),
    ]


if __name__ == "__main__":
    print(measure())
