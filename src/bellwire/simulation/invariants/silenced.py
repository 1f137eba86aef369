"""What the account stops or deletes while it rings is soon silent, wherever the cloud can say so."""

from datetime import timedelta

from bellwire.simulation.facts import Fact, Gone, Hushed, Rang, Silent
from bellwire.simulation.invariants.invariant import Invariant
from bellwire.simulation.network import Line

_SOON = timedelta(seconds=90)
"""More than it takes, also where the cloud did not take the first word of the ring."""

_EARLY = timedelta(seconds=1)


class SoonSilent(Invariant):
    """Over a connection that stands, and loses nothing; unless it rang before its time."""

    name = "what the account has stopped is soon silent"

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self._heard: dict[str, Rang] = {}
        """By speaker, what is heard there."""

    def hear(self, fact: Fact) -> None:
        """Plan a look at whoever rings what was stopped."""
        if isinstance(fact, Rang):
            self._heard[fact.device] = fact
        elif isinstance(fact, Silent) or (isinstance(fact, Gone) and fact.why == "power"):
            self._heard.pop(fact.device, None)
        elif isinstance(fact, Hushed):
            for device, rang in self._heard.items():
                self._plan(device, rang, fact)

    def _plan(self, device: str, rang: Rang, hushed: Hushed) -> None:
        speaker = self._speakers.get(device)
        if speaker is None or speaker.device.account_id != hushed.account or rang.token != hushed.token:
            return
        if rang.due - rang.at > _EARLY:
            return  # by a clock that was wrong: what the cloud says of that time is taken for what rings
        line = speaker.line
        if line is not None and line.is_sure and not speaker.disk.is_full:
            self._world.at(hushed.at + _SOON, lambda: self._judge(device, rang, line))

    def _judge(self, device: str, rang: Rang, line: Line) -> None:
        speaker = self._speakers.get(device)
        stands = speaker is not None and speaker.line is line and line.is_sure and not speaker.disk.is_full
        if stands and self._heard.get(device) is rang:
            raise self._broken(f"{device} still rings {rang.token}, which its account has stopped")
