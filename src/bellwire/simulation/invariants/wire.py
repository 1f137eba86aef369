"""What a speaker was told of its alerts, as an onlooker at the wire has it: no word of the engine is believed.

It knows directives and reports; it must not know what must hold.
"""

from datetime import datetime

from bellwire.protocol.messages import Message, alerts, system
from bellwire.protocol.messages.alerts import tokens_of
from bellwire.simulation.facts import Deleted, Emptied, Fact, Said, Told


class AtTheWire:
    """One speaker's alerts."""

    def __init__(self) -> None:
        self.told: dict[str, datetime] = {}
        """By token, the time that it was told last; absent: that it is gone."""
        self.acknowledged: dict[str, datetime] = {}
        """By token, the time that it has acknowledged, as long as it was told nothing else."""

    def hear(self, fact: Fact) -> str | None:
        """Take note. The token that it has acknowledged just now, if it has."""
        if isinstance(fact, Told):
            self._told(fact.message)
        elif isinstance(fact, Said):
            return self._said(fact.message)
        elif isinstance(fact, Emptied):
            self.told.clear()
            self.acknowledged.clear()
        elif isinstance(fact, Deleted):
            self._gone(fact.token)
        return None

    def _told(self, message: Message) -> None:
        if isinstance(message, alerts.SetAlert):
            self._set(message)
        elif isinstance(message, alerts.DeleteAlert | alerts.DeleteAlerts):
            for token in tokens_of(message):
                self._gone(token)
        elif isinstance(message, alerts.SynchronizeAlert | system.SynchronizeState):
            listed = {each.token: each for each in message.all_alerts or ()}
            for token in self.told.keys() - listed.keys():
                self._gone(token)
            for each in listed.values():
                self._set(each)

    def _set(self, message: alerts.SetAlert) -> None:
        time = message.scheduled_time
        if self.acknowledged.get(message.token) != time:
            self.acknowledged.pop(message.token, None)
        self.told[message.token] = time

    def _gone(self, token: str) -> None:
        self.told.pop(token, None)
        self.acknowledged.pop(token, None)

    def _said(self, message: Message) -> str | None:
        if isinstance(message, alerts.SetAlertSucceeded) and message.token in self.told:
            self.acknowledged[message.token] = self.told[message.token]
            return message.token
        if isinstance(message, alerts.AlertStopped | alerts.SetAlertFailed):
            self.acknowledged.pop(message.token, None)
        return None
