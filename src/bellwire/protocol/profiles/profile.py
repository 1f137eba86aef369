"""All in which one version of the protocol may differ from another, as data.

It knows what can differ; it must not know which version does. Where data cannot say it, a field is a function.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bellwire.protocol.messages import Message, key_of
from bellwire.protocol.messages.alerts import OneAlert, SynchronizeAlert


class Presence(StrEnum):
    """How the document's table marks a field."""

    ALWAYS = "always"
    CONDITIONAL = "conditional"
    OPTIONAL = "optional"


@dataclass(frozen=True)
class Field:
    """One row of a document's field table."""

    path: str
    """As the document writes it: ``token``, ``assets[].url``."""
    presence: Presence = Presence.ALWAYS
    one_of: tuple[str, ...] = ()
    """The values it can have; none named: any."""
    with_types: tuple[str, ...] = ()
    """A conditional field comes with alerts of these types only."""
    is_time: bool = False


@dataclass(frozen=True)
class Form:
    """One message as a version has it: its class and the fields it uses of it."""

    message: type[Message]
    fields: tuple[Field, ...] = ()


def by_key(*forms: Form) -> Mapping[tuple[str, str], Form]:
    """Forms by the namespace and name in their headers."""
    return {key_of(form.message): form for form in forms}


class SeveralAtOnce(StrEnum):
    """What becomes of a ringing alert when a later one is due."""

    CANCEL_OLDER = "a later alert ends the one that rings"
    QUEUE = "the later alert waits until the one that rings has ended"


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One version of the protocol."""

    name: str
    title: str

    downchannel_path: str
    events_path: str
    ping_path: str

    events: Mapping[tuple[str, str], Form]
    directives: Mapping[tuple[str, str], Form]
    context: Mapping[tuple[str, str], Form]

    greeting: Message | None
    """The directive that opens a downchannel."""
    format_time: Callable[[datetime], str]
    bell_url: str
    """How an asset names the device's own bell, with ``{type}`` for the alert's type in lower case."""

    silencing: type[OneAlert]
    """The directive that ends the ringing of an alert."""
    stop_asks_first: bool
    """A stop button mutes, asks the cloud and waits for its word; else the device stops by itself and reports."""
    delete_asks_first: bool
    """A delete button hides the alert and asks the cloud."""
    sync_request: type[Message]
    sync_reply: type[SynchronizeAlert]
    several_at_once: SeveralAtOnce
    past_due: timedelta = timedelta(minutes=30)
    """An alert later than this does not ring any more; one that is late by less rings at once."""
    ring_limit: timedelta = timedelta(hours=1)
    """Nobody hears an alert that has rung for so long: the device ends it."""

    namespaces: frozenset[str] = field(init=False)
    """Those whose events are served; an unknown name in one of them is an error."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "namespaces", frozenset(namespace for namespace, _ in self.events))

    def bell_of(self, alert_type: str) -> str:
        """The url of the device's own bell for alerts of this type."""
        return self.bell_url.replace("{type}", alert_type.lower())

    def is_bell(self, url: str) -> bool:
        """Whether a url names one of the device's own bells."""
        return url.startswith(self.bell_url.partition("{")[0])
