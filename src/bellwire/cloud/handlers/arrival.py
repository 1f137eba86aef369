"""An event, with what is known where it arrived. It knows values only."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias

import msgspec
from msgspec.structs import force_setattr

from bellwire.alerts.alert import Kind
from bellwire.alerts.standing import Desired, Seen
from bellwire.cloud.handlers.component_states import States, states_of
from bellwire.cloud.identity import DeviceIdentity
from bellwire.protocol.messages.context import AlertState
from bellwire.protocol.messages.envelope import Event
from bellwire.protocol.profiles.profile import Profile

Agreed: TypeAlias = dict[str, tuple[Any, AlertState | None]]
"""By token, a row and what a context showed of it, quiet or not at all: they were compared, and say the same."""


class Arrival(msgspec.Struct, frozen=True):
    """One event of one device. What is told of its context is worked out once, for it is asked for all the time."""

    device: DeviceIdentity
    profile: Profile
    event: Event
    now: datetime
    acknowledged: Desired | None = None
    """What this event answers, when it answers something that was said on the present downchannel."""
    told: Mapping[str, Desired] = msgspec.field(default_factory=dict)
    """By token, what the device was told so long ago that its context shows it."""
    agreed: Agreed = msgspec.field(default_factory=dict)
    """Noted by whoever compares; it spares comparing again, and decides nothing."""
    connected_since: datetime | None = None
    """Since when the present downchannel stands; None: there is none."""

    shown: Mapping[str, AlertState] | None = None
    """The device's alerts, by token, as the context has them; None when there is no context."""
    ringing: frozenset[str] = frozenset()
    """The tokens of those that ring, as the context has it."""

    def __post_init__(self) -> None:
        """Work out what the context tells."""
        state = self.event.alerts_state
        if state is not None:
            shown = {alert.token: alert for alert in (*state.all_alerts, *state.active_alerts)}
            force_setattr(self, "shown", shown)
            force_setattr(self, "ringing", frozenset([alert.token for alert in state.active_alerts]))

    @property
    def states(self) -> States:
        """What the context tells of the device's components."""
        return states_of(self.event)

    def seen(self, token: str) -> Seen | None:
        """One of these, in the words of the domain; None when the context does not have it."""
        shown = (self.shown or {}).get(token)
        if shown is None:
            return None
        return Seen(token, Kind(shown.type), shown.scheduled_time, token in self.ringing)
