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


def seen_in(event: Event) -> dict[str, Seen] | None:
    """The device's alerts, by token, as the context of an event has them; None when there is no context."""
    state = event.alerts_state
    if state is None:
        return None
    ringing = {alert.token for alert in state.active_alerts}
    return {
        alert.token: Seen(alert.token, Kind(alert.type), alert.scheduled_time, alert.token in ringing)
        for alert in (*state.active_alerts, *state.all_alerts)
    }
