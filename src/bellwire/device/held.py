"""What a device holds: its alerts, and what it knows beside them, of its owner, its cloud and itself.

It knows the values of which the device's whole state is made; it must not know what changes them, nor where they are
kept.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bellwire.alerts.alert import Occurrence
from bellwire.alerts.lifecycle import Life
from bellwire.device.agenda import Agenda
from bellwire.device.belief import Belief
from bellwire.device.clouds import Clouds
from bellwire.device.do_not_disturb import DoNotDisturb


@dataclass(frozen=True, slots=True)
class Held:
    """One alert on this device."""

    occurrence: Occurrence
    life: Life = Life.SET
    hidden: bool = False
    """Somebody deleted it here: not shown and not rung while the cloud's word is awaited."""
    ends_at: datetime | None = None
    """When the device itself ends what rings too long, or is muted and nobody answers."""
    again_at: datetime | None = None
    """When it rings again, or did, after it was snoozed here."""
    snoozes: int = 0
    """How often it was snoozed here and the cloud said nothing about it."""
    is_put_off: bool = False
    """It rang, and the cloud gave it this later time: a snooze, or an edit."""
    is_missed: bool = False
    """It was too late to ring when its time had come, by the clock as it was then."""

    @property
    def token(self) -> str:
        """Names it, here and in the cloud."""
        return self.occurrence.token

    @property
    def due_at(self) -> datetime:
        """When it is to be heard."""
        return self.again_at or self.occurrence.scheduled_time

    def moved_by(self, by: timedelta) -> "Held":
        """The same after the clock was set: what counts from now on is carried along with it."""
        if self.ends_at is None and self.again_at is None:
            return self
        return replace(self, ends_at=self.ends_at and self.ends_at + by, again_at=self.again_at and self.again_at + by)

    @property
    def turn(self) -> tuple[datetime, str]:
        """Its place among alerts that are due: they ring in the order (time, token)."""
        return self.occurrence.scheduled_time, self.occurrence.token


HOUR = timedelta(hours=1)

LOUDEST = 100
"""The alert volume goes from 0 to this."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What the person who runs a device has set; it does not change while the device runs."""

    cloud: str = ""
    """The address of its cloud."""
    owner: str = ""
    """Names whose device it is, in any form; another name is another account. Empty: it can't be told."""
    firmware: str = ""
    """The version of the software, as a number in decimal digits."""
    snooze: timedelta = timedelta(minutes=10)
    """For how long a press of snooze silences what rings, where the cloud does not say it otherwise."""
    most_snoozes: int = 5
    """Of one occurrence, as long as the cloud says nothing about them."""
    offline_grace: timedelta | None = None
    """How long the account's data stays without a network, where the profile has it deleted then; None: for ever."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a device still knows after a power cut, beside its alerts."""

    owner: str = ""
    """Whose the data is; empty: nobody has said it yet."""
    clouds: Clouds = field(default_factory=Clouds)
    firmware_taken: str = ""
    """The version of the software of which the cloud knows."""
    firmware_refused: str = ""
    """The one that the cloud would never take."""


@dataclass(frozen=True, slots=True)
class Noted:
    """What the clock showed while it was believed."""

    latest: datetime
    boot: str
    """Names the time since the machine was switched on, empty: it can't be told."""


@dataclass(frozen=True, slots=True)
class System:
    """What the engine knows beside alerts. When the clock is set its times move along: they count what has gone by."""

    setup: Setup = field(default_factory=Setup)
    remembered: Remembered = field(default_factory=Remembered)
    connected_at: datetime | None = None
    """Since when the downchannel stands; None: it does not."""
    connected_to: str = ""
    """The cloud at its other end."""
    delete_at: datetime | None = None
    """Without a network until then, the account's data is deleted; None: it is not."""
    is_deleting: bool = False
    """That time has come: until the network is back nothing may be here, but what rings may ring to its end."""
    active_at: datetime | None = None
    """When somebody last used the device; None: nobody wants to know."""
    hours_told: int = 0
    """Whole hours since then that the cloud has been told of."""
    hours_heard: int = 0
    """Those of which it has taken note, too: what was lost with a connection is told at the next one."""
    software_at: datetime | None = None
    """When the cloud is to be told of the software again; None: not."""
    software_tries: int = 0
    """That went wrong, in a row."""
    complaints: tuple[datetime, ...] = ()
    """When directives that could not be carried out were last reported."""

    @property
    def kept(self) -> Remembered:
        """What of it survives a power cut."""
        clouds = self.remembered.clouds
        return self.remembered if clouds.kept is clouds else replace(self.remembered, clouds=clouds.kept)

    def times(self) -> Iterator[datetime]:
        """When something of it is due."""
        if self.delete_at is not None and not self.is_deleting:
            yield self.delete_at
        if self.connected_at is not None and self.active_at is not None:
            yield self.active_at + (self.hours_told + 1) * HOUR
        if self.connected_at is not None and self.software_at is not None:
            yield self.software_at


@dataclass(frozen=True, slots=True)
class State:
    """All that the engine knows. Its mappings are never changed, only replaced."""

    alerts: Agenda = field(default_factory=Agenda)
    missing: Mapping[str, datetime] = field(default_factory=dict)
    """Assets that could not be fetched, by url, with the time to try again."""
    over: Mapping[str, datetime] = field(default_factory=dict)
    """Occurrences that were stopped and are not held any more, by token: said again they do not ring again."""
    volume: int = LOUDEST
    """How loud alerts ring, 0 to LOUDEST."""
    do_not_disturb: DoNotDisturb = field(default_factory=DoNotDisturb)
    """Which alerts are not to be heard, and when."""
    is_behind: bool = False
    """A dialogue or another sound is in front: what rings is heard behind it."""
    system: System = field(default_factory=System)
    belief: Belief = field(default_factory=Belief)
    """Whether the clock can be believed."""
