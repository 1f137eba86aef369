"""What can happen to a device.

It knows what the engine is told; it must not know who tells it. Beside these a directive is an input as it came
(`protocol.messages.envelope.Directive`).
"""

from dataclasses import dataclass
from datetime import timedelta

from bellwire.device.held import Held
from bellwire.protocol.messages.envelope import Directive


@dataclass(frozen=True, slots=True)
class Started:
    """The device has booted; `alerts` were saved before."""

    alerts: tuple[Held, ...] = ()


@dataclass(frozen=True, slots=True)
class NotKept:
    """What this directive changes could not be saved: so nothing of it has happened."""

    directive: Directive


@dataclass(frozen=True, slots=True)
class Connected:
    """The downchannel stands."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """There is no downchannel any more."""


@dataclass(frozen=True, slots=True)
class Woke:
    """The time that `outputs.WakeAt` named has come, or may have."""


@dataclass(frozen=True, slots=True)
class ClockStepped:
    """The wall clock was set, or the machine slept: now is later than it would have been, `by` so much."""

    by: timedelta


@dataclass(frozen=True, slots=True)
class StopPressed:
    """Somebody pressed stop, whatever rings."""


@dataclass(frozen=True, slots=True)
class DeletePressed:
    """Somebody deleted this alert on the device."""

    token: str


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
    | NotKept
    | Connected
    | Disconnected
    | Woke
    | ClockStepped
    | StopPressed
    | DeletePressed
    | PlaybackEnded
    | AssetFetched
    | AssetFailed
    | LoggedOut
)
