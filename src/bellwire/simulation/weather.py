"""What goes wrong at its own times: power, clocks, disks, connections, the cloud itself.

It knows when and to whom; it must not know what follows.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

from bellwire.simulation.cloud import SimulatedCloud
from bellwire.simulation.facts import Fact, LostQueue
from bellwire.simulation.faults import Faults
from bellwire.simulation.speaker import SimulatedSpeaker
from bellwire.simulation.world import World

_DAY = 86_400.0
_OFF = (5.0, 4 * 3600.0)
"""Seconds without power."""
_ASLEEP = (60.0, 3 * 3600.0)
_WRONG = (30.0, 3 * 3600.0)
"""Seconds until a clock that was set wrong is right again."""
_DOWN = (1.0, 120.0)
"""Seconds until a cloud that was killed is back."""
_AWAY = (5.0, 3600.0)
"""Seconds without a way to the cloud."""
_FULL = (10.0, 1800.0)
_DRIFT = 5e-5
"""Of a cheap crystal: four seconds a day."""


class Weather:
    """What goes wrong in one run, as long as it lasts."""

    def __init__(
        self,
        world: World,
        cloud: SimulatedCloud,
        speakers: Sequence[SimulatedSpeaker],
        faults: Faults,
        observe: Callable[[Fact], None],
    ) -> None:
        self.is_bad = True
        self._world = world
        self._cloud = cloud
        self._speakers = speakers
        self._faults = faults
        self._observe = observe
        self._down: list[Callable[[], None]] = []
        """What mends that which is broken now."""

    def begins(self) -> None:
        """From now on things go wrong."""
        each: dict[str, Callable[[SimulatedSpeaker], None]] = {
            "cut": lambda speaker: self._cut(speaker, half_open=False),
            "half_open": lambda speaker: self._cut(speaker, half_open=True),
            "power_cut": self._power_cut,
            "clock_stepped": self._clock_stepped,
            "suspended": self._suspended,
            "disk_full": self._disk_full,
        }
        for speaker in self._speakers:
            if self._faults["clock_drifts"]:
                speaker.clock.rate = self._world.chance.uniform(-_DRIFT, _DRIFT)
            for name, do in each.items():
                self._again(name, lambda do=do, speaker=speaker: do(speaker))  # type: ignore[misc]
        self._again("refused", self._refused)
        self._again("cloud_killed", self._cloud_killed)
        if self._faults["loses_queue"]:
            self._again("loses_queue", self._loses_queue)

    def clears_up(self) -> None:
        """Everything that is broken is mended, and nothing breaks any more."""
        self.is_bad = False
        self._faults.rates.clear()
        for mend in self._down:
            mend()
        self._down.clear()
        for speaker in self._speakers:
            # What was lost on a line that stands is said again only after a quarter of an hour.
            self._cut(speaker, half_open=False)
            speaker.finds_network()

    def _again(self, name: str, do: Callable[[], None]) -> None:
        """Have it happen again and again, at random, so often a day."""
        if not (rate := self._faults[name]):
            return

        def then() -> None:
            if self.is_bad:
                do()
                self._world.after(self._world.chance.expovariate(rate / _DAY), then)

        self._world.after(self._world.chance.expovariate(rate / _DAY), then)

    def _for_a_while(self, seconds: tuple[float, float], mend: Callable[[], None]) -> None:
        """Mend it after so long, or when the weather clears up."""
        done = False

        def once() -> None:
            nonlocal done
            if not done:
                done = True
                mend()

        self._down.append(once)
        low, high = seconds
        self._world.after(low * (high / low) ** self._world.chance.random(), once)

    def _cut(self, speaker: SimulatedSpeaker, *, half_open: bool) -> None:
        if speaker.line is not None:
            speaker.line.cut(half_open=half_open)

    def _power_cut(self, speaker: SimulatedSpeaker) -> None:
        if speaker.is_on:
            speaker.loses_power()
            later = self._world.chance.choice((0.0, 0.0, 600.0, 3 * 3600.0)) * self._world.chance.random()
            self._for_a_while(_OFF, lambda: speaker.boots(later if self.is_bad else 0.0))

    def _clock_stepped(self, speaker: SimulatedSpeaker) -> None:
        by = timedelta(seconds=self._world.chance.choice((-1, 1)) * self._world.chance.uniform(2, 7200))
        speaker.clock_set(by)
        self._for_a_while(_WRONG, lambda: speaker.clock_set(-speaker.clock.ahead(self._world.now)))

    def _suspended(self, speaker: SimulatedSpeaker) -> None:
        if not speaker.is_on or speaker.is_asleep:
            return
        began, boots = self._world.now, speaker.boot
        speaker.falls_asleep()

        def wakes() -> None:
            if speaker.is_asleep and speaker.boot == boots:
                speaker.wakes_up(self._world.now - began)

        self._for_a_while(_ASLEEP, wakes)

    def _disk_full(self, speaker: SimulatedSpeaker) -> None:
        speaker.fills_disk(is_full=True)
        self._for_a_while(_FULL, lambda: speaker.fills_disk(is_full=False))

    def _refused(self) -> None:
        self._cloud.is_reachable = False
        for speaker in self._speakers:
            self._cut(speaker, half_open=self._world.chance.random() < 0.5)
        self._for_a_while(_AWAY, lambda: setattr(self._cloud, "is_reachable", True))

    def _cloud_killed(self) -> None:
        if self._cloud.is_up:
            self._cloud.dies()
            self._for_a_while(_DOWN, self._cloud.starts)

    def _loses_queue(self) -> None:
        """One speaker alone is such a client."""
        speaker = self._speakers[-1]
        speaker.loses_queue()
        self._observe(LostQueue(self._world.now, speaker.name))
