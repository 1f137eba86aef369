"""What is in flight on one downchannel: said to a device, and not answered.

It knows sayings and what answers them; it must not know rows, nor how anything is worded or sent.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from bellwire.alerts.reconcile import Said, Say, What
from bellwire.alerts.standing import OVERTAKEN, Desired
from bellwire.protocol.messages import Message, alerts
from bellwire.protocol.messages.alerts import tokens_of
from bellwire.protocol.messages.envelope import Event

_ANSWERS: Mapping[type[Message], What] = {
    alerts.SetAlertSucceeded: What.SET,
    alerts.SetAlertFailed: What.SET,
    alerts.DeleteAlertSucceeded: What.REMOVE,
    alerts.DeleteAlertsSucceeded: What.REMOVE,
    alerts.AlertStopped: What.SILENCE,
}
"""Which events answer what was said. A failed deletion does not: it stays in flight, and is said again."""

_REMEMBERED = 1000
"""Removals that were answered: the newest."""


class _Waiting:
    """One saying that waits for its answer; `answered`: it has come, and is not in the rows yet."""

    def __init__(self, said: Said) -> None:
        self.said = said
        self.answered = False


class Flight:
    """The sayings of one downchannel by token, the oldest first: directives arrive in order."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[_Waiting]] = {}
        self._removed: dict[str, Said] = {}

    def is_waiting(self, token: str) -> bool:
        """Whether something was said of this alert that has not been answered."""
        return token in self._waiting

    def last(self) -> Mapping[str, Said]:
        """By token, the last thing said of it.

        A removal stays after its answer: a device that says it is done, and goes on having the alert, is asked more
        and more seldom, and not as fast as it answers.
        """
        waiting = {token: waiting[-1].said for token, waiting in self._waiting.items()}
        return self._removed | waiting if self._removed else waiting

    def note(self, say: Say, now: datetime) -> None:
        """Note what is being said. Once more it is one entry still, or its answers would be taken for later ones'."""
        waiting = self._waiting.setdefault(say.token, [])
        removed = self._removed.pop(say.token, None)
        if waiting and waiting[-1].said.say == say:
            waiting[-1].said = Said(say, now, waiting[-1].said.times + 1)
        else:
            times = removed.times if removed is not None and say.what is What.REMOVE else 0
            waiting.append(_Waiting(Said(say, now, times + 1)))

    def answering(self, event: Event) -> "_Answering":
        """Give what this event answers, if that was to set something, while the answer is brought into the rows.

        An answer is of the oldest of its kind, and of all before it. They are in flight until the block has ended
        well; when it fails they still are, for the device will answer again.
        """
        return _Answering(self._land, self._oldest_answered_by(event))

    def _oldest_answered_by(self, event: Event) -> list[_Waiting]:
        """One for each alert that the event is about, where one waits."""
        message = event.message
        what = _ANSWERS.get(type(message))
        if what is None:
            return []
        waiting = (self._waiting.get(token, ()) for token in tokens_of(message))
        oldest = (next((w for w in each if w.said.say.what is what and not w.answered), None) for each in waiting)
        return [found for found in oldest if found is not None]

    def _land(self, answered: _Waiting) -> None:
        token = answered.said.say.token
        waiting = self._waiting.get(token, [])
        if answered in waiting:
            self._keep(token, waiting[waiting.index(answered) + 1 :])
        if answered.said.say.what is What.REMOVE:
            self._removed[token] = answered.said
            if len(self._removed) > _REMEMBERED:
                del self._removed[next(iter(self._removed))]

    def _keep(self, token: str, waiting: list[_Waiting]) -> None:
        if waiting:
            self._waiting[token] = waiting
        else:
            self._waiting.pop(token, None)

    def told_before(self, event: Event, now: datetime) -> dict[str, Desired]:
        """By token, what the device was told to set so long ago that this event's context shows it."""
        if event.alerts_state is None or not self._waiting:
            return {}
        return {
            token: said.say.desired
            for token, said in self.last().items()
            if said.say.desired is not None and now - said.at > OVERTAKEN
        }

    def shown(self, event: Event, told: Mapping[str, Desired]) -> None:
        """Land what a context, which is in the rows by now, shows of what was `told`: it answers that as well."""
        if event.alerts_state is None or not told:
            return
        for alert in event.alerts_state.all_alerts:
            desired = told.get(alert.token)
            if desired is not None and desired.scheduled_time == alert.scheduled_time:
                waiting = self._waiting.get(alert.token, [])
                self._keep(alert.token, [each for each in waiting if each.said.say.desired != desired])


class _Answering:
    """The block in which an answer is brought into the rows. Every event has one, most answer nothing: no generator."""

    def __init__(self, land: Callable[[_Waiting], None], answered: list[_Waiting]) -> None:
        self._land = land
        self._answered = answered

    def __enter__(self) -> Desired | None:
        for each in self._answered:
            each.answered = True
        return self._answered[0].said.say.desired if self._answered else None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for each in self._answered:
            if kind is None:
                self._land(each)
            else:
                each.answered = False
