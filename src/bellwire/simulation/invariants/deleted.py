"""A speaker never rings an alert of which it has said that it is deleted."""

from bellwire.protocol.messages import alerts, system
from bellwire.protocol.messages.alerts import tokens_of
from bellwire.simulation.facts import Fact, Rang, Said, Told
from bellwire.simulation.invariants.invariant import Invariant


class NeverAfterDeletion(Invariant):
    """Unless it was set anew."""

    name = "what was deleted does not ring"

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self._deleted: set[tuple[str, str]] = set()

    def hear(self, fact: Fact) -> None:
        """Remember deletions, and look at rings."""
        if isinstance(fact, Said):
            if isinstance(fact.message, alerts.DeleteAlertSucceeded | alerts.DeleteAlertsSucceeded):
                self._deleted |= {(fact.device, token) for token in tokens_of(fact.message)}
        elif isinstance(fact, Told):
            if isinstance(fact.message, alerts.SetAlert):
                self._deleted.discard((fact.device, fact.message.token))
            elif isinstance(fact.message, alerts.SynchronizeAlert | system.SynchronizeState):
                self._deleted -= {(fact.device, each.token) for each in fact.message.all_alerts or ()}
        elif isinstance(fact, Rang) and (fact.device, fact.token) in self._deleted:
            raise self._broken(f"{fact.device} rings {fact.token}, of which it has said that it is deleted")
