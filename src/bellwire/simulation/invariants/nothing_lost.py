"""What was acknowledged is not lost: alerts that an account was told are there, events that a speaker has kept."""

from datetime import datetime, timedelta

from bellwire.cloud import accounts
from bellwire.simulation.facts import Committed, Emptied, Fact, LostQueue, Said, Wished
from bellwire.simulation.invariants.invariant import Ending, Invariant

_FAR = timedelta(hours=24)
"""What rings once is there as long as that is so far ahead: in no zone, and by no clock, has it been yet."""


class NothingIsLost(Invariant):
    """Unless a fault has it so in the open: a client that loses its queue, a speaker that was reset."""

    name = "nothing acknowledged is lost"

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self._kept: dict[str, tuple[str, str]] = {}
        """By id of the event, the speaker and the name."""
        self._series: dict[str, set[str]] = {}
        """By account, the tokens of what comes again."""
        self._once: dict[str, dict[str, datetime]] = {}
        """By account and token, when that rings which does so once."""

    def hear(self, fact: Fact) -> None:
        """Count what is kept, and what has arrived."""
        if isinstance(fact, Said):
            if fact.certified:
                self._kept[fact.message_id] = (fact.device, type(fact.message).__name__)
        elif isinstance(fact, Committed):
            self._kept.pop(fact.message_id, None)
        elif isinstance(fact, Emptied | LostQueue):
            self._kept = {key: kept for key, kept in self._kept.items() if kept[0] != fact.device}
        elif isinstance(fact, Wished):
            series = self._series.setdefault(fact.account, set())
            (series.add if fact.is_there and fact.recurs else series.discard)(fact.token)
            once = self._once.setdefault(fact.account, {})
            once.pop(fact.token, None)
            if fact.due is not None:
                once[fact.token] = fact.due

    def end(self, ending: Ending) -> None:
        """Look for what should be there."""
        if self._kept:
            raise self._broken(f"events did not arrive: {sorted(self._kept.values())[:5]}")
        for account, series in self._series.items():
            once = self._once[account].items()
            tokens = series | {token for token, due in once if due > ending.world.now + _FAR}
            there = {each.alert.token for each in ending.cloud.store.read(accounts.show_alerts, account, None, 1000)}
            if tokens - there:
                raise self._broken(f"alerts of {account} are gone: {sorted(tokens - there)[:5]}")
