"""A speaker never rings twice for one occurrence, nor for a time that was changed."""

from collections import defaultdict
from datetime import datetime, timedelta

from bellwire.protocol.messages.alerts import AlertStopped
from bellwire.simulation.facts import Emptied, Fact, Rang, Said
from bellwire.simulation.invariants.invariant import Invariant
from bellwire.simulation.invariants.wire import AtTheWire

_HALF_AN_HOUR = timedelta(minutes=30)
"""Who rings so early, by a wrong clock, rings at the right time too."""


class RingsOnce(Invariant):
    """What a power cut interrupts may go on; what was stopped is over."""

    name = "an occurrence rings once"

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self._wires: defaultdict[str, AtTheWire] = defaultdict(AtTheWire)
        self._rang: dict[tuple[str, str], datetime] = {}
        self._over: set[tuple[str, str, datetime]] = set()

    def hear(self, fact: Fact) -> None:
        """Compare each ring with what is over, and with what was told."""
        wire = self._wires[fact.device]
        wire.hear(fact)
        if isinstance(fact, Emptied):
            self._over = {each for each in self._over if each[0] != fact.device}
        elif isinstance(fact, Said) and isinstance(fact.message, AlertStopped):
            time = self._rang.pop((fact.device, fact.message.token), None)
            if time is not None:
                self._over.add((fact.device, fact.message.token, time))
        elif isinstance(fact, Rang):
            if (fact.device, fact.token, fact.occurrence) in self._over:
                raise self._broken(f"{fact.device} rings {fact.token} again for {fact.occurrence:%m-%d %H:%M:%S}")
            told = wire.acknowledged.get(fact.token)
            if told is not None and told != fact.occurrence:
                times = f"{fact.occurrence:%m-%d %H:%M:%S}, and has acknowledged {told:%m-%d %H:%M:%S}"
                raise self._broken(f"{fact.device} rings {fact.token} for {times}")
            is_early = fact.occurrence - fact.at >= _HALF_AN_HOUR  # the end of a snooze, of what a wrong clock has rung
            if self._speakers[fact.device].is_right and not is_early:
                self._rang[fact.device, fact.token] = fact.occurrence
