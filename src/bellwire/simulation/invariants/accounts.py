"""No alert crosses from one account to another."""

from bellwire.protocol.messages import Message, alerts, system
from bellwire.simulation.facts import Fact, Told
from bellwire.simulation.invariants.invariant import Invariant


class AccountsStayApart(Invariant):
    """Tokens and labels begin with, or name, the account whose they are."""

    name = "no alert crosses accounts"

    def hear(self, fact: Fact) -> None:
        """Look at every alert that a speaker is told of."""
        if not isinstance(fact, Told):
            return
        account = self._speakers[fact.device].device.account_id
        for alert in _alerts_of(fact.message):
            foreign = alert.label is not None and alert.label.startswith("of ") and alert.label != f"of {account}"
            if foreign or not alert.token.startswith(f"{account}-"):
                raise self._broken(f"{fact.device} of {account} is told of {alert.token} {alert.label!r}")


def _alerts_of(message: Message) -> tuple[alerts.SetAlert, ...]:
    if isinstance(message, alerts.SetAlert):
        return (message,)
    if isinstance(message, alerts.SynchronizeAlert | system.SynchronizeState):
        return message.all_alerts or ()
    return ()
