"""The device's state as it travels with events.

It knows `Alerts.AlertsState`; every other context object is kept as it came.
Every event brings many of these and none can be part of a cycle: hence gc=False.
"""

from datetime import datetime
from typing import Annotated

import msgspec

from bellwire.protocol.messages import Message, Token


class ContextHeader(msgspec.Struct, frozen=True, gc=False):
    """Names a context object."""

    namespace: str
    name: str


class ContextObject(msgspec.Struct, frozen=True, gc=False):
    """One component's state, undecoded."""

    header: ContextHeader
    payload: msgspec.Raw


class AlertState(msgspec.Struct, frozen=True, gc=False, kw_only=True, rename="camel", omit_defaults=True):
    """One alert as the device has it."""

    token: Token
    type: str
    scheduled_time: Annotated[datetime, msgspec.Meta(tz=True)]


class AlertsState(Message, frozen=True, kw_only=True):
    """All alerts of a device, and those that ring now (Context objects, AlertsState)."""

    namespace = "Alerts"

    all_alerts: tuple[AlertState, ...]
    active_alerts: tuple[AlertState, ...]
