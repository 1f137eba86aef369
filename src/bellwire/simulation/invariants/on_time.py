"""An alert that a speaker has acknowledged rings there within a second of its time."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

from bellwire.protocol.messages.alerts import AlertStopped, StopAlert
from bellwire.simulation.facts import Back, Fact, Gone, Rang, Said, Silent, Told
from bellwire.simulation.invariants.invariant import Invariant
from bellwire.simulation.invariants.wire import AtTheWire

_ON_TIME = timedelta(seconds=1)
_HALF_AN_HOUR = timedelta(minutes=30)
"""What is later is over; what is earlier is not it."""
_DOUBT = timedelta(seconds=61)
"""So long after a start a speaker may not believe the clock that it has."""
_A_WHILE = timedelta(minutes=25)
"""What is no later than that, by any clock that is right, is not too late to ring."""
_TO_BE_OVER = timedelta(seconds=10)
"""So long after somebody stopped it a ring may wait for the cloud's word, and the next one for that."""


class RingsOnTime(Invariant):
    """Whenever the speaker had power and its clock was right, and nothing else was ringing there."""

    name = "an alert that was acknowledged rings on time"

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self._wires: defaultdict[str, AtTheWire] = defaultdict(AtTheWire)
        self._away: defaultdict[str, set[str]] = defaultdict(set)
        self._back: dict[str, datetime] = {}
        self._booted: dict[str, datetime] = {}
        self._ringing: dict[str, str] = {}
        """By speaker, the token of what is heard."""
        self._silent: dict[str, datetime] = {}
        """By speaker, since when nothing is."""
        self._rang_for: dict[tuple[str, str], datetime] = {}
        """By speaker and token, the occurrence for which it rang last."""

    def hear(self, fact: Fact) -> None:
        """Plan a look at each time that was acknowledged."""
        if isinstance(fact, Gone | Back):
            self._goes_or_comes(fact)
        elif isinstance(fact, Rang):
            self._rang(fact)
        elif isinstance(fact, Silent):
            self._ringing.pop(fact.device, None)
            self._silent[fact.device] = fact.at
        elif isinstance(fact, Said) and isinstance(fact.message, AlertStopped):
            self._is_over(fact.device, fact.message.token)
        elif isinstance(fact, Told) and isinstance(fact.message, StopAlert):
            self._wires[fact.device].acknowledged.pop(fact.message.token, None)
        wire = self._wires[fact.device]
        token = wire.hear(fact)
        if token is not None and (self._away[fact.device] or self._has_rung(fact.device, token)):
            del wire.acknowledged[token]  # by a wrong clock it may have rung for it already, too
        elif token is not None:
            self._plan(fact.device, token, wire.acknowledged[token])

    def _goes_or_comes(self, fact: Gone | Back) -> None:
        if isinstance(fact, Gone):
            self._away[fact.device].add(fact.why)
        else:
            self._away[fact.device].discard(fact.why)
            self._back[fact.device] = fact.at
        if fact.why == "power":
            self._ringing.pop(fact.device, None)
            self._booted[fact.device] = fact.at
            if isinstance(fact, Back):
                self._world.at(fact.at + _DOUBT, lambda: self._catches_up(fact.device, fact.at))

    def _is_over(self, device: str, token: str) -> None:
        """What it says is over it has rung, unless it is too late for that."""
        time, now, speaker = self._wires[device].acknowledged.get(token), self._world.now, self._speakers.get(device)
        is_right = speaker is not None and speaker.is_right and not self._away[device]
        if time is not None and is_right and now - _A_WHILE < time <= now:
            raise self._broken(f"{device} ends {token}, due at {time.astimezone(UTC):%H:%M:%S}, and has not rung it")

    def _catches_up(self, device: str, booted: datetime) -> None:
        """What fell due a while before it was switched on has rung since, or rings."""
        if self._booted[device] != booted:
            return
        for token, time in self._wires[device].acknowledged.items():
            if booted - _A_WHILE < time < booted - _ON_TIME and not self._is_excused(device):
                was = f"{time.astimezone(UTC):%H:%M:%S}, while it had no power"
                raise self._broken(f"{device} does not ring {token}, which was due at {was}")

    def _has_rung(self, device: str, token: str) -> bool:
        """For the time that it acknowledges: it was told once more, and is snoozed, or over."""
        return self._rang_for.get((device, token)) == self._wires[device].acknowledged[token]

    def _rang(self, fact: Rang) -> None:
        self._rang_for[fact.device, fact.token] = fact.occurrence
        early = fact.due - fact.at
        if early > _ON_TIME and self._is_to_blame(fact.device, fact.due):
            raise self._broken(f"{fact.device} rings {fact.token} {early} early")
        self._ringing[fact.device] = fact.token
        is_it = self._wires[fact.device].acknowledged.get(fact.token) == fact.occurrence
        if is_it and fact.occurrence - fact.at < _HALF_AN_HOUR:  # who was rung for earlier is rung for again
            del self._wires[fact.device].acknowledged[fact.token]

    def _plan(self, device: str, token: str, time: datetime) -> None:
        if time < self._world.now - _HALF_AN_HOUR:
            return
        late = max(time, self._world.now) + _ON_TIME
        self._world.at(max(time, self._world.now), lambda: self._look(device, token, time, late))

    def _look(self, device: str, token: str, time: datetime, late: datetime) -> None:
        """At its time: who has an excuse now is not looked at a second later."""
        if self._is_to_blame(device, time):
            self._world.at(late, lambda: self._judge(device, token, time))

    def _judge(self, device: str, token: str, time: datetime) -> None:
        if self._wires[device].acknowledged.get(token) == time and self._is_to_blame(device, time):
            raise self._broken(
                f"{device} does not ring {token}, which it has acknowledged for {time.astimezone(UTC):%H:%M:%S}"
            )

    def _is_to_blame(self, device: str, time: datetime) -> bool:
        return self._back.get(device, time) <= time - _ON_TIME and not self._is_excused(device)

    def _is_excused(self, device: str) -> bool:
        """Whether it can't be blamed for being silent now."""
        speaker = self._speakers.get(device)
        if speaker is None or self._away[device]:
            return True
        now = self._world.now
        doubts = device in self._booted and now < self._booted[device] + _DOUBT
        is_busy = device in self._ringing or (device in self._silent and now < self._silent[device] + _TO_BE_OVER)
        return doubts or is_busy or not speaker.is_right
