"""What can happen to a device.

It knows what the engine is told; it must not know who tells it. Beside these a directive is an input as it came
(`protocol.messages.envelope.Directive`).
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bellwire.alerts.alert import Kind
from bellwire.device.do_not_disturb import HEARD, DoNotDisturb, Hours
from bellwire.device.held import LOUDEST, Held, Remembered, Setup
from bellwire.protocol.messages import Message
from bellwire.protocol.messages.envelope import Directive, Unread


@dataclass(frozen=True, slots=True)
class Started:
    """The device has booted; `alerts`, the volume and `remembered` were saved before."""

    alerts: tuple[Held, ...] = ()
    volume: int = LOUDEST
    remembered: Remembered = field(default_factory=Remembered)
    setup: Setup = field(default_factory=Setup)
    latest: datetime | None = None
    """The last time that was saved while the clock was believed."""
    is_same_boot: bool = False
    """The machine has been on since then."""
    do_not_disturb: DoNotDisturb = field(default_factory=DoNotDisturb)


@dataclass(frozen=True, slots=True)
class Told:
    """The cloud has said something; `raw` is the directive as it came."""

    directive: Directive
    raw: str


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """The cloud has said something that is no directive of this version; `problem` is one sentence."""

    raw: str
    problem: str
    unread: Unread | None = None
    """What is left of it, where it is one that this version has."""


@dataclass(frozen=True, slots=True)
class NotKept:
    """What this directive changes could not be saved: so nothing of it has happened."""

    directive: Directive
    raw: str = ""
    """The directive as it came."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of an event that is tried once (`outputs.Send.once`)."""

    message: Message
    status: int | None
    """Of HTTP, as the profile means it; None: there was no answer."""


@dataclass(frozen=True, slots=True)
class Connected:
    """The downchannel stands."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """There is no downchannel any more, or a try to connect has failed."""


@dataclass(frozen=True, slots=True)
class Woke:
    """The time that `outputs.WakeAt` named has come, or may have."""


@dataclass(frozen=True, slots=True)
class ClockStepped:
    """The wall clock was set, or the machine slept: now is later than it would have been, `by` so much."""

    by: timedelta


@dataclass(frozen=True, slots=True)
class KeptByNtp:
    """The machine says that its clock is right."""


@dataclass(frozen=True, slots=True)
class TimeTold:
    """The cloud's clock shows this time (HTTP, Date)."""

    time: datetime


@dataclass(frozen=True, slots=True)
class StopPressed:
    """Somebody pressed stop, whatever rings."""


@dataclass(frozen=True, slots=True)
class SnoozePressed:
    """Somebody pressed snooze, whatever rings."""


@dataclass(frozen=True, slots=True)
class DeletePressed:
    """Somebody deleted this alert on the device."""

    token: str


@dataclass(frozen=True, slots=True)
class VolumePressed:
    """Somebody set how loud alerts ring; outside 0 to LOUDEST counts as the nearest of them."""

    volume: int


@dataclass(frozen=True, slots=True)
class DoNotDisturbPressed:
    """Somebody switched it on or off; where it has hours, until they next begin or end."""

    is_on: bool


@dataclass(frozen=True, slots=True)
class DoNotDisturbSet:
    """Somebody set its hours, or none, and which kinds of alerts are heard all the same."""

    hours: Hours | None
    exceptions: tuple[Kind, ...] = HEARD


@dataclass(frozen=True, slots=True)
class OtherAudio:
    """A dialogue or another sound has begun, or nothing else is heard any more."""

    in_front: bool


@dataclass(frozen=True, slots=True)
class UserActive:
    """Somebody used the device in another way: spoke to it, or touched its screen."""


@dataclass(frozen=True, slots=True)
class PlaybackEnded:
    """A ring of so many rounds is over by itself."""

    token: str


@dataclass(frozen=True, slots=True)
class AssetFetched:
    """An asset is ready to play."""

    url: str


@dataclass(frozen=True, slots=True)
class AssetFailed:
    """An asset can't be had now; `reason` is one sentence."""

    url: str
    reason: str


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """The device is nobody's any more: nothing of the account may stay on it (System, note on logout)."""


Input = (
    Started
    | Directive
    | Told
    | NotUnderstood
    | Answered
    | UserActive
    | NotKept
    | Connected
    | Disconnected
    | Woke
    | ClockStepped
    | KeptByNtp
    | TimeTold
    | StopPressed
    | SnoozePressed
    | DeletePressed
    | VolumePressed
    | DoNotDisturbPressed
    | DoNotDisturbSet
    | OtherAudio
    | PlaybackEnded
    | AssetFetched
    | AssetFailed
    | LoggedOut
)
