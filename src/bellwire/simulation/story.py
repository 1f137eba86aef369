"""What happened before something broke, shortened: the conversation of the speaker and the alert that it is about.

It knows facts and lines; it must not know why it broke.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bellwire.protocol.messages import Message, alerts, system
from bellwire.protocol.messages.alerts import tokens_of
from bellwire.simulation.facts import (
    Back,
    Committed,
    Deleted,
    Emptied,
    Fact,
    Gone,
    Hushed,
    LostQueue,
    Rang,
    Said,
    Silent,
    Told,
    Wished,
)

MOST_LINES = 40
_TOKEN = re.compile(r"\b[ab]-\d+\b")
_DEVICE = re.compile(r"\b[ab]\d(?:~\d+)?(?![-\d])")


def story(facts: Iterable[Fact], how: str) -> list[str]:
    """The last lines that have to do with the speakers and alerts that `how` names.

    What is said again and again is told the first time and the last, and how often between: what led to it stays.
    """
    tokens, devices = set(_TOKEN.findall(how)), set(_DEVICE.findall(how))
    lines = [
        (fact.at, f"{fact.device or 'account':<8} {_SAID[type(fact)](fact)}")
        for fact in facts
        if (not devices or fact.device in devices or not fact.device) and _is_about(fact, tokens)
    ]
    return _shortened(lines)[-MOST_LINES:]


def _shortened(lines: Sequence[tuple[datetime, str]]) -> list[str]:
    """Of lines that say nothing new, one after another, the last alone of each, after how many there were."""
    told: list[str] = []
    known: set[str] = set()
    again: dict[str, datetime] = {}
    count = 0

    def end_again() -> None:
        nonlocal count
        if count > len(again):
            told.append(f"… {count - len(again)} lines more of the same kinds")
        told.extend(f"{_stamp(at)} {line}" for line, at in again.items())
        again.clear()
        count = 0

    for at, line in lines:
        if line in known:
            again.pop(line, None)
            again[line], count = at, count + 1
            continue
        end_again()
        known.add(line)
        told.append(f"{_stamp(at)} {line}")
    end_again()
    return told


def _stamp(time: datetime) -> str:
    return f"{time:%m-%d %H:%M:%S.%f}"[:-3]


def _is_about(fact: Fact, tokens: set[str]) -> bool:
    if isinstance(fact, Committed):
        return False
    named = _tokens(fact)
    return not tokens or not named or bool(tokens & named)


def _tokens(fact: Fact) -> set[str]:
    if isinstance(fact, Told | Said):
        return set(tokens_of(fact.message)) | {each.token for each in _listed(fact.message)}
    return {fact.token} if isinstance(fact, Rang | Silent | Deleted | Hushed | Wished) else set()


def _listed(message: Message) -> tuple[alerts.SetAlert, ...]:
    if isinstance(message, alerts.SynchronizeAlert | system.SynchronizeState):
        return message.all_alerts or ()
    return ()


def _message(arrow: str, message: Message) -> str:
    tokens = " ".join(tokens_of(message))
    time = f" {_utc(message.scheduled_time)}" if isinstance(message, alerts.SetAlert) else ""
    listed = " ".join(f"{each.token} {_utc(each.scheduled_time)}," for each in _listed(message))
    return f"{arrow} {type(message).__name__} {tokens}{time}{listed}".rstrip(" ,")


def _utc(time: datetime) -> str:
    return f"{time.astimezone(UTC):%m-%d %H:%M:%S}"


_SAID: Mapping[type[Fact], Callable[[Any], str]] = {
    Told: lambda fact: _message("<<", fact.message),
    Said: lambda fact: _message(">>", fact.message),
    Rang: lambda fact: f"rings {fact.token}, set for {_utc(fact.occurrence)}",
    Silent: lambda fact: f"is silent ({fact.token})",
    Gone: lambda fact: f"-- no longer to blame: {fact.why}",
    Back: lambda fact: f"-- back: {fact.why}",
    Emptied: lambda _: "-- emptied: another device from now on",
    Deleted: lambda fact: f"-- somebody deletes {fact.token} here",
    LostQueue: lambda _: "-- loses the events that wait",
    Hushed: lambda fact: f"-- {fact.token} rings, and is stopped by the account",
    Wished: lambda fact: f"-- {fact.token} is {'as wished' if fact.is_there else 'deleted'}",
}
