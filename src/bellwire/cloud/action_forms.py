"""What people write of what an action timer does: directives that its devices are told when it is over.

It knows their shape and bounds; it must not know what a device makes of them.
"""

from typing import Annotated, Any

import msgspec

from bellwire.alerts.alert import Kind, Reserved
from bellwire.cloud.wishes import WishError
from bellwire.protocol.messages.alerts import AlertMessage
from bellwire.protocol.messages.bellwire import RequestAlertSnooze
from bellwire.protocol.messages.system import SystemMessage

MOST_ACTIONS = 10
"""Of one alert."""
MOST_BYTES = 16 * 1024
"""Of JSON, of all payloads of one alert."""
OURS = frozenset(message.namespace for message in (AlertMessage, SystemMessage, RequestAlertSnooze))
"""Namespaces by which the cloud itself brings a device to a state: said beside it they would undo that."""

Name = Annotated[str, msgspec.Meta(pattern="^[A-Za-z][A-Za-z0-9]{0,63}$")]


class ActionHeader(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a directive is called. Its message id is made when it is said."""

    namespace: Name
    name: Name


class Action(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A directive, of any namespace but Alerts, System and Bellwire."""

    header: ActionHeader
    payload: dict[str, Any]


Actions = Annotated[list[Action], msgspec.Meta(max_length=MOST_ACTIONS)]


def reserved_by(actions: list[Action], kind: Kind) -> tuple[Reserved, ...]:
    """The directives as they are kept. Raises WishError."""
    if actions and kind is not Kind.ACTIONTIMER:
        raise WishError(f"only an ACTIONTIMER does something when it is over, and this is to be a kind of {kind}")
    reserved = tuple(_reserved(action) for action in actions)
    size = sum(len(each.payload.encode()) for each in reserved)
    if size > MOST_BYTES:
        raise WishError(f"the payloads of its actions have {size} bytes of JSON; {MOST_BYTES} are taken at most")
    return reserved


def _reserved(action: Action) -> Reserved:
    namespace = action.header.namespace
    if namespace.lower() in {each.lower() for each in OURS}:
        raise WishError(
            f"an action cannot be of namespace {namespace}: by that the cloud itself tells devices what they have"
        )
    try:
        payload = msgspec.json.encode(action.payload).decode()
    except (RecursionError, ValueError) as error:
        raise WishError(f"the payload of {namespace}.{action.header.name} cannot be kept: {error}") from None
    return Reserved(namespace, action.header.name, payload)


def actions_of(reserved: tuple[Reserved, ...]) -> list[Action]:
    """The directives as people see them."""
    return [
        Action(
            header=ActionHeader(namespace=each.namespace, name=each.name),
            payload=msgspec.json.decode(each.payload, type=dict[str, Any]),
        )
        for each in reserved
    ]
