"""What has happened, as invariants are told it: over the wire, at the bell, by people, to the power.

It knows values only. Times are true times.
"""

from dataclasses import dataclass
from datetime import datetime

from bellwire.protocol.messages import Message


def secret_of(account: str) -> str:
    """What no other account may hear of: it stands in the account's labels, and in the addresses of its sounds."""
    return f"secret-of-{account}."


@dataclass(frozen=True, slots=True)
class Fact:
    """Something about one speaker; empty: about the cloud."""

    at: datetime
    device: str


@dataclass(frozen=True, slots=True)
class Told(Fact):
    """A directive has reached it, and is about to be carried out."""

    message: Message


@dataclass(frozen=True, slots=True)
class Said(Fact):
    """It has an event to send, which is on its disk if it must arrive."""

    message: Message
    message_id: str
    certified: bool


@dataclass(frozen=True, slots=True)
class Rang(Fact):
    """An alert has begun to be heard."""

    token: str
    occurrence: datetime
    """The time for which it is set."""
    due: datetime
    """When it was to be heard: the same, or later where it was snoozed on the speaker."""


@dataclass(frozen=True, slots=True)
class Silent(Fact):
    """It is heard no longer."""

    token: str


@dataclass(frozen=True, slots=True)
class Gone(Fact):
    """The speaker has no power, sleeps, or has a clock that is wrong: it can't be blamed until `Back`."""

    why: str


@dataclass(frozen=True, slots=True)
class Back(Fact):
    """That is over."""

    why: str


@dataclass(frozen=True, slots=True)
class Emptied(Fact):
    """Somebody has had all of the account deleted from it."""


@dataclass(frozen=True, slots=True)
class Deleted(Fact):
    """Somebody has deleted this alert on the speaker itself."""

    token: str


@dataclass(frozen=True, slots=True)
class LostQueue(Fact):
    """The events that waited are gone, as this client loses them."""


@dataclass(frozen=True, slots=True)
class Committed(Fact):
    """The cloud has this event, and what it changes, in its rows."""

    message_id: str


@dataclass(frozen=True, slots=True)
class Wished(Fact):
    """The account API has answered that this is so: an alert is there, changed, or gone (`is_there`)."""

    account: str
    token: str
    is_there: bool
    recurs: bool
    due: datetime | None = None
    """Of one that rings once: when."""


@dataclass(frozen=True, slots=True)
class Hushed(Fact):
    """The account API has answered that this alert, which rang, is stopped or deleted."""

    account: str
    token: str
