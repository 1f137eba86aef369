"""What can happen to a device.

It knows what the engine is told; it must not know who tells it. Beside these a directive is an input as it came
(`protocol.messages.envelope.Directive`).
"""

from datetime import datetime, timedelta

import msgspec

from bellwire.alerts.alert import Kind
from bellwire.device.do_not_disturb import HEARD, DoNotDisturb, Hours
from bellwire.device.held import LOUDEST, Held, Remembered, Setup
from bellwire.protocol.messages import Message
from bellwire.protocol.messages.envelope import Directive, Unread


class Started(msgspec.Struct, frozen=True):
    """The device has booted; `alerts`, the volume and `remembered` were saved before."""

    alerts: tuple[Held, ...] = ()
    volume: int = LOUDEST
    remembered: Remembered = msgspec.field(default_factory=Remembered)
    setup: Setup = msgspec.field(default_factory=Setup)
    latest: datetime | None = None
    """The last time that was saved while the clock was believed."""
    is_same_boot: bool = False
    """The machine has been on since then."""
    do_not_disturb: DoNotDisturb = msgspec.field(default_factory=DoNotDisturb)


class Told(msgspec.Struct, frozen=True):
    """The cloud has said something; `raw` is the directive as it came."""

    directive: Directive
    raw: str


class NotUnderstood(msgspec.Struct, frozen=True):
    """The cloud has said something that is no directive of this version; `problem` is one sentence."""

    raw: str
    problem: str
    unread: Unread | None = None
    """What is left of it, where it is one that this version has."""


class NotKept(msgspec.Struct, frozen=True):
    """What this directive changes could not be saved: so nothing of it has happened."""

    directive: Directive
    raw: str = ""
    """The directive as it came."""


class Answered(msgspec.Struct, frozen=True):
    """What came of an event that is tried once (`outputs.Send.once`)."""

    message: Message
    status: int | None
    """Of HTTP, as the profile means it; None: there was no answer."""


class Connected(msgspec.Struct, frozen=True):
    """The downchannel stands."""


class Disconnected(msgspec.Struct, frozen=True):
    """There is no downchannel any more, or a try to connect has failed."""


class Woke(msgspec.Struct, frozen=True):
    """The time that `outputs.WakeAt` named has come, or may have."""


class ClockStepped(msgspec.Struct, frozen=True):
    """The wall clock was set, or the machine slept: now is later than it would have been, `by` so much."""

    by: timedelta


class KeptByNtp(msgspec.Struct, frozen=True):
    """The machine says that its clock is right."""


class TimeTold(msgspec.Struct, frozen=True):
    """The cloud's clock shows this time (HTTP, Date)."""

    time: datetime


class StopPressed(msgspec.Struct, frozen=True):
    """Somebody pressed stop, whatever rings."""


class SnoozePressed(msgspec.Struct, frozen=True):
    """Somebody pressed snooze, whatever rings."""


class DeletePressed(msgspec.Struct, frozen=True):
    """Somebody deleted this alert on the device."""

    token: str


class VolumePressed(msgspec.Struct, frozen=True):
    """Somebody set how loud alerts ring; outside 0 to LOUDEST counts as the nearest of them."""

    volume: int


class DoNotDisturbPressed(msgspec.Struct, frozen=True):
    """Somebody switched it on or off; where it has hours, until they next begin or end."""

    is_on: bool


class DoNotDisturbSet(msgspec.Struct, frozen=True):
    """Somebody set its hours, or none, and which kinds of alerts are heard all the same."""

    hours: Hours | None
    exceptions: tuple[Kind, ...] = HEARD


class OtherAudio(msgspec.Struct, frozen=True):
    """A dialogue or another sound has begun, or nothing else is heard any more."""

    in_front: bool


class UserActive(msgspec.Struct, frozen=True):
    """Somebody used the device in another way: spoke to it, or touched its screen."""


class PlaybackEnded(msgspec.Struct, frozen=True):
    """A ring of so many rounds is over by itself."""

    token: str


class AssetFetched(msgspec.Struct, frozen=True):
    """An asset is ready to play."""

    url: str


class AssetFailed(msgspec.Struct, frozen=True):
    """An asset can't be had now; `reason` is one sentence."""

    url: str
    reason: str


class LoggedOut(msgspec.Struct, frozen=True):
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
