"""An event, with what is known where it arrived. It knows values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bellwire.alerts.alert import Kind
from bellwire.alerts.standing import Desired, Seen
from bellwire.cloud.identity import DeviceIdentity
from bellwire.protocol.messages.envelope import Event


@dataclass(frozen=True, slots=True)
class Arrival:
    """One event of one device."""

    device: DeviceIdentity
    event: Event
    now: datetime
    acknowledged: Desired | None = None
    """What this event answers, when it answers something that was said on the present downchannel."""
    told: Mapping[str, Desired] = field(default_factory=dict)
    """By token, what the device was told so long ago that its context shows it."""


def shown_in(event: Event) -> dict[str, tuple[datetime, bool]] | None:
    """By token, when each of the device's alerts rings and whether it rings now; None when there is no context."""
    state = event.alerts_state
    if state is None:
        return None
    shown = {alert.token: (alert.scheduled_time, False) for alert in state.all_alerts}
    for alert in state.active_alerts:
        shown[alert.token] = alert.scheduled_time, True
    return shown


def seen_in(event: Event, token: str) -> Seen | None:
    """One of the device's alerts as the context of an event has it; None when it is not there."""
    state = event.alerts_state
    if state is None:
        return None
    for ringing, alerts in ((True, state.active_alerts), (False, state.all_alerts)):
        for alert in alerts:
            if alert.token == token:
                return Seen(token, Kind(alert.type), alert.scheduled_time, ringing)
    return None
