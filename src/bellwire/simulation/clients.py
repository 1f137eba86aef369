"""Clients of the field that are not as good as ours, as engines that do one thing otherwise on purpose.

It knows what such a client does; it must not know how a cloud copes with it.
"""

from datetime import datetime
from typing import Any

import msgspec

from bellwire.device import inputs, outputs
from bellwire.device.held import State
from bellwire.protocol.messages import alerts, system
from bellwire.protocol.profiles.profile import Profile
from bellwire.simulation.breakage import Step, Turned


def upserts_only(engine: Step) -> Step:
    """It takes a list of all alerts for so many SetAlerts: what the list lacks stays."""

    def step(state: State, happened: Any, now: datetime, profile: Profile) -> Turned:
        message = happened.directive.message if isinstance(happened, inputs.Told) else None
        if not isinstance(message, alerts.SynchronizeAlert | system.SynchronizeState):
            return engine(state, happened, now, profile)
        done: list[outputs.Output] = []
        for alert in message.all_alerts or ():
            directive = msgspec.structs.replace(happened.directive, message=alert)
            state, more = engine(state, inputs.Told(directive, happened.raw), now, profile)
            done += more
        return state, tuple(done)

    return step
