"""No secret and no alert crosses from one account to another."""

import re

from bellwire.protocol.messages import Message, alerts, system
from bellwire.simulation.facts import Fact, Told, secret_of
from bellwire.simulation.invariants.invariant import Invariant

_ANY_SECRET = re.compile(re.escape(secret_of("?")).replace(r"\?", r"\w+"))


class AccountsStayApart(Invariant):
    """Tokens begin with the account whose they are; labels, and addresses of sounds, have its secret in them."""

    name = "no secret and no alert crosses accounts"

    def hear(self, fact: Fact) -> None:
        """Look at every alert that a speaker is told of."""
        if not isinstance(fact, Told):
            return
        account = self._speakers[fact.device].device.account_id
        for alert in _alerts_of(fact.message):
            said = (alert.label or "", *(asset.url for asset in alert.assets or ()))
            secrets = {secret for text in said for secret in _ANY_SECRET.findall(text)}
            if not alert.token.startswith(f"{account}-") or secrets - {secret_of(account)}:
                raise self._broken(f"{fact.device} of {account} is told of {alert.token}: {', '.join(said)}")


def _alerts_of(message: Message) -> tuple[alerts.SetAlert, ...]:
    if isinstance(message, alerts.SetAlert):
        return (message,)
    if isinstance(message, alerts.SynchronizeAlert | system.SynchronizeState):
        return message.all_alerts or ()
    return ()
