"""All in which one version of the protocol may differ from another, as data.

It knows what can differ; it must not know which version does. Where data cannot say it, a field is a function.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bellwire.protocol.messages import Message, key_of
from bellwire.protocol.messages.alerts import OneAlert
from bellwire.protocol.profiles.describing import LONGEST, MOST, is_semantic_version


class Presence(StrEnum):
    """How the document's table marks a field."""

    ALWAYS = "always"
    CONDITIONAL = "conditional"
    OPTIONAL = "optional"


@dataclass(frozen=True)
class Rule:
    """What a value must be beyond its type."""

    text: str
    """Completes the sentence "it is not …"."""
    holds: Callable[[Any], bool]


@dataclass(frozen=True)
class Field:
    """One row of a document's field table."""

    path: str
    """As the document writes it: ``token``, ``assets[].url``."""
    type: str = "string"
    """As the document writes it."""
    presence: Presence = Presence.ALWAYS
    one_of: tuple[str, ...] = ()
    """The values it can have; none named: any."""
    otherwise: str | None = None
    """What a value counts as that is none of these; None: it is refused."""
    with_types: tuple[str, ...] = ()
    """A conditional field comes with alerts of these types only."""
    is_time: bool = False
    rule: Rule | None = None


class Context(StrEnum):
    """What of the device's state goes with an event."""

    WHOLE = "the whole state"
    EMPTY = "an empty list"
    NONE = "none"


@dataclass(frozen=True)
class Form:
    """One message as a version has it: its class and the fields it uses of it."""

    message: type[Message]
    fields: tuple[Field, ...] = ()
    source: str = ""
    """Where it is described: the document and its clause."""
    context: Context = Context.WHOLE
    """Of an event."""


def by_key(*forms: Form) -> Mapping[tuple[str, str], Form]:
    """Forms by the namespace and name in their headers."""
    return {key_of(form.message): form for form in forms}


class SeveralAtOnce(StrEnum):
    """What becomes of a ringing alert when a later one is due."""

    CANCEL_OLDER = "a later alert ends the one that rings"
    QUEUE = "the later alert waits until the one that rings has ended"


class AssetFailure(StrEnum):
    """What is heard in the place of an asset that can't be had."""

    SKIP = "it is skipped; when nothing is left, the bell rings"
    DEFAULT_SOUND = "the bell rings in its place"


class Offline(StrEnum):
    """What becomes of the account's data on a device that has lost the network."""

    DELETE = "deleted after the grace that the device gives"
    KEEP = "kept: the device goes on by itself"


class UnknownDirective(StrEnum):
    """What a device does about a directive that it does not know."""

    IGNORE = "ignored"
    REPORT = "reported as System.ExceptionEncountered"


class ErrorForm(StrEnum):
    """How a refusal is written."""

    DIRECTIVE = "multipart/related with one System.Exception directive"
    BARE = "JSON: System.Exception by itself"


class TokenForm(StrEnum):
    """How tokens are asked for."""

    QUERY = "GET with parameters in the URL"
    JSON = "POST with JSON"


@dataclass(frozen=True)
class Authorization:
    """Where a client gets its tokens."""

    token_path: str
    token_form: TokenForm
    authorize_path: str | None = None
    """Where a code is asked for; None: the owner's program gets it from the account API."""


@dataclass(frozen=True)
class Described:
    """What a device says of itself in the headers of its downchannel."""

    agent: str = ""
    """As it came, of the header that counts."""
    details: Mapping[str, str] = field(default_factory=dict)
    """What the agent says, part by part, and the settings that came with it."""
    tags: tuple[str, ...] = ()
    """Words by which the device may be told from others."""
    warnings: tuple[str, ...] = ()
    """What is not as the documents have it; it harms nothing."""


_SAID = re.compile(r"(?! )[^\x00-\x1f\x7f-\U0010ffff/();=&,]{1,64}(?<! )")
_TAG = re.compile(r"(?! )[^\x00-\x1f\x7f-\U0010ffff,]{1,64}(?<! )")


@dataclass(frozen=True, kw_only=True)
class Product:
    """What a device is, as it says so in headers. Raises ValueError for what no version's header could carry."""

    maker: str
    product: str
    version: str
    """``1.2.3`` (semver.org)."""
    os: str
    hardware: str
    tags: tuple[str, ...] = ()
    """Words by which the device may be told from others, where a version has them."""

    def __post_init__(self) -> None:
        for name in ("maker", "product", "version", "os", "hardware"):
            said = getattr(self, name)
            if not _SAID.fullmatch(said):
                form = "1 to 64 printable ASCII characters without any of / ( ) ; = & ,"
                raise ValueError(f"the {name} {said[:100]!r} is not of {form}")
        if not is_semantic_version(self.version):
            raise ValueError(f"the version {self.version!r} is not of the form 1.2.3 (semver.org)")
        for tag in self.tags:
            if not _TAG.fullmatch(tag):
                raise ValueError(f"the tag {tag[:100]!r} is not of 1 to 64 printable ASCII characters without a comma")
        length = len(",".join(self.tags))
        if len(self.tags) > MOST or length > LONGEST:
            raise ValueError(
                f"there are {len(self.tags)} tags of {length} characters with the commas: "
                f"{MOST} are kept, and {LONGEST} characters"
            )

    @property
    def agent(self) -> str:
        """As a User-Agent names it: ``Maker/Product/1.2.3 (OS;HARDWARE)``."""
        return f"{self.maker}/{self.product}/{self.version} ({self.os};{self.hardware})"


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One version of the protocol."""

    name: str
    title: str

    downchannel_path: str
    events_path: str
    ping_path: str
    authorization: Authorization
    token_of: Callable[[str], str | None]
    """The token in an Authorization header; None when it has none in a form of this version."""
    describe: Callable[[Mapping[str, str]], Described]
    """Reads the headers by which a device tells what it is; their names are in lower case."""

    introduce: Callable[[Product], Mapping[str, str]]
    """The headers by which a device tells what it is, as `describe` reads them."""

    events: Mapping[tuple[str, str], Form]
    directives: Mapping[tuple[str, str], Form]
    context: Mapping[tuple[str, str], Form]
    own_events: Mapping[tuple[str, str], Form]
    """What our speaker says beyond the document; other clouds do not know it."""

    greeting: Message | None
    """The directive that opens a downchannel."""
    needs_downchannel: bool
    """Events are taken only beside the device's downchannel, over the same connection."""
    error_form: ErrorForm
    error_code: Callable[[int], int | str]
    """What stands for an HTTP status in the exception that comes with it."""
    statuses: Mapping[int, int] = field(default_factory=dict)
    """Statuses that this version does not have, each with the one that it says instead."""
    format_time: Callable[[datetime], str]
    bell_url: str
    """How an asset names the device's own bell, with ``{type}`` for the alert's type in lower case; empty: it can't."""

    silencing: type[OneAlert]
    """The directive that ends the ringing of an alert."""
    stopping_removes: bool
    """An alert that was stopped is not on the device any more."""
    stop_asks_first: bool
    """A stop button mutes, asks the cloud and waits for its word; else the device stops by itself and reports."""
    delete_request: type[OneAlert] | None
    """A delete button hides the alert and asks the cloud with this; None: alerts are deleted in the account only."""
    sync_request: type[Message]
    """The event with which a device begins a connection."""
    sync_replies: Mapping[type[Message], type[Message] | None]
    """What is said to each event that asks for the whole list; None: nothing, but its context is believed."""
    several_at_once: SeveralAtOnce
    asset_failure: AssetFailure
    offline: Offline
    unknown_directive: UnknownDirective
    played_once: tuple[str, ...] = ()
    """Types whose sounds are not repeated, where the message does not say how often."""
    past_due: timedelta = timedelta(minutes=30)
    """An alert later than this does not ring any more; one that is late by less rings at once."""
    ring_limit: timedelta = timedelta(hours=1)
    """Nobody hears an alert that has rung for so long: the device ends it."""

    namespaces: frozenset[str] = field(init=False)
    """Those whose events are served; an unknown name in one of them is an error."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "namespaces", frozenset(namespace for namespace, _ in self.events))

    def has(self, message: type[Message]) -> bool:
        """Whether this version has a message of this class, in either direction."""
        key = key_of(message)
        forms = (tables.get(key) for tables in (self.events, self.own_events, self.directives))
        return any(form is not None and form.message is message for form in forms)

    def bell_of(self, alert_type: str) -> str:
        """The url of the device's own bell for alerts of this type; empty where urls can't name it."""
        return self.bell_url.replace("{type}", alert_type.lower())

    def is_bell(self, url: str) -> bool:
        """Whether a url names one of the device's own bells."""
        return bool(self.bell_url) and url.startswith(self.bell_url.partition("{")[0])
