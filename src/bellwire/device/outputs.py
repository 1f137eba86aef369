"""What a device does.

It knows what the engine asks for; it must not know how it is done. `DropEvents` and certified `Send`s of one step are
kept together with what `difference.to_keep` finds, or not at all, before anything of it is sent.
"""

from datetime import datetime, timedelta

import msgspec

from bellwire.alerts.alert import Kind
from bellwire.device.ringer.sounds import Source
from bellwire.protocol.messages import Message


class Send(msgspec.Struct, frozen=True):
    """Tell the cloud. A `certified` event must arrive, however long it takes; another may be lost."""

    message: Message
    certified: bool = True
    once: bool = False
    """It is not tried again: what comes of it is said as `inputs.Answered`."""


class DropEvents(msgspec.Struct, frozen=True):
    """Nothing that still waits to be sent may be sent any more."""


class Ring(msgspec.Struct, frozen=True):
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


class Mute(msgspec.Struct, frozen=True):
    """Let this ring be heard no longer."""

    token: str


class Stop(msgspec.Struct, frozen=True):
    """End this ring."""

    token: str


class SetVolume(msgspec.Struct, frozen=True):
    """Let alerts ring so loud from now on, 0 to `held.LOUDEST`."""

    volume: int


class PutBehind(msgspec.Struct, frozen=True):
    """Let what rings, now and later, be heard behind something else; or in front again."""

    is_behind: bool


class Fetch(msgspec.Struct, frozen=True):
    """Make these assets ready to play."""

    urls: tuple[str, ...]


class ForgetAssets(msgspec.Struct, frozen=True):
    """No alert plays these any more."""

    urls: tuple[str, ...]


class DropAssets(msgspec.Struct, frozen=True):
    """Nothing that was ever fetched may stay."""


class Reconnect(msgspec.Struct, frozen=True):
    """Leave the connection, if there is one, and connect to where the state now says, after the usual wait."""


class Warn(msgspec.Struct, frozen=True):
    """Tell the person who runs the device, in one sentence, what is wrong and how to mend it."""

    text: str


class CorrectClock(msgspec.Struct, frozen=True):
    """Take it to be `by` so much later than until now, until somebody sets the machine's clock."""

    by: timedelta


class WakeAt(msgspec.Struct, frozen=True):
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
