"""What a device does.

It knows what the engine asks for; it must not know how it is done. `DropEvents` and certified `Send`s of one step are
kept together with what `difference.to_keep` finds, or not at all, before anything of it is sent.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bellwire.alerts.alert import Kind
from bellwire.device.ringer.sounds import Source
from bellwire.protocol.messages import Message


@dataclass(frozen=True, slots=True)
class Send:
    """Tell the cloud. A `certified` event must arrive, however long it takes; another may be lost."""

    message: Message
    certified: bool = True
    once: bool = False
    """It is not tried again: what comes of it is said as `inputs.Answered`."""


@dataclass(frozen=True, slots=True)
class DropEvents:
    """Nothing that still waits to be sent may be sent any more."""


@dataclass(frozen=True, slots=True)
class Ring:
    """Ring now; what rang before ends."""

    token: str
    kind: Kind
    sources: tuple[Source, ...]
    """What is played, in this order; nothing: the bell of the kind."""
    rounds: int | None
    """How often; None: until it is stopped."""
    pause: timedelta = timedelta()
    """Silence between two rounds."""
    behind: Source | None = None
    """What is played instead while something else is in front; None: the same, softly."""
    ramp: timedelta = timedelta()
    """From its beginning on it becomes louder for so long, up to the alert volume; nothing: it is as loud at once."""


@dataclass(frozen=True, slots=True)
class Mute:
    """Let this ring be heard no longer."""

    token: str


@dataclass(frozen=True, slots=True)
class Stop:
    """End this ring."""

    token: str


@dataclass(frozen=True, slots=True)
class SetVolume:
    """Let alerts ring so loud from now on, 0 to `held.LOUDEST`."""

    volume: int


@dataclass(frozen=True, slots=True)
class PutBehind:
    """Let what rings, now and later, be heard behind something else; or in front again."""

    is_behind: bool


@dataclass(frozen=True, slots=True)
class Fetch:
    """Make these assets ready to play."""

    urls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ForgetAssets:
    """No alert plays these any more."""

    urls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DropAssets:
    """Nothing that was ever fetched may stay."""


@dataclass(frozen=True, slots=True)
class Reconnect:
    """Leave the connection, if there is one, and connect to where the state now says, after the usual wait."""


@dataclass(frozen=True, slots=True)
class Warn:
    """Tell the person who runs the device, in one sentence, what is wrong and how to mend it."""

    text: str


@dataclass(frozen=True, slots=True)
class CorrectClock:
    """Take it to be `by` so much later than until now, until somebody sets the machine's clock."""

    by: timedelta


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Say `inputs.Woke` at this time, and no longer at the one named before; None: at none."""

    time: datetime | None


Output = (
    Send
    | DropEvents
    | Ring
    | Mute
    | Stop
    | SetVolume
    | PutBehind
    | Fetch
    | ForgetAssets
    | DropAssets
    | Reconnect
    | Warn
    | CorrectClock
    | WakeAt
)
