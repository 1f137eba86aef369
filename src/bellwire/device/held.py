"""What a device holds of its alerts.

It knows the values of which the device's whole state is made; it must not know what changes them, nor where they are
kept.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bellwire.alerts.alert import Occurrence
from bellwire.alerts.lifecycle import SOUNDING, Life


@dataclass(frozen=True, slots=True)
class Held:
    """One alert on this device."""

    occurrence: Occurrence
    life: Life = Life.SET
    hidden: bool = False
    """Somebody deleted it here: not shown and not rung while the cloud's word is awaited."""
    ends_at: datetime | None = None
    """When the device itself ends what rings too long, or is muted and nobody answers."""

    @property
    def token(self) -> str:
        """Names it, here and in the cloud."""
        return self.occurrence.token

    @property
    def turn(self) -> tuple[datetime, str]:
        """Its place among alerts that are due: they ring in the order (time, token)."""
        return self.occurrence.scheduled_time, self.occurrence.token


@dataclass(frozen=True, slots=True)
class State:
    """All that the engine knows. Its mappings are never changed, only replaced."""

    alerts: Mapping[str, Held] = field(default_factory=dict)
    """By token."""
    missing: Mapping[str, datetime] = field(default_factory=dict)
    """Assets that could not be fetched, by url, with the time to try again."""


def sounding_of(alerts: Iterable[Held]) -> Held | None:
    """The one that has the bell, heard or muted."""
    return next((held for held in alerts if held.life in SOUNDING), None)
