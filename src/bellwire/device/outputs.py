"""What a device does.

It knows what the engine asks for; it must not know how it is done. `Save`, `Forget`, `DropEvents` and certified `Send`s
of one step are kept together, or not at all, before anything of it is sent.
"""

from dataclasses import dataclass
from datetime import datetime

from bellwire.alerts.alert import Kind
from bellwire.device.held import Held
from bellwire.device.ringer.sounds import Source
from bellwire.protocol.messages import Message


@dataclass(frozen=True, slots=True)
class Save:
    """Keep this alert, over power cuts too."""

    held: Held


@dataclass(frozen=True, slots=True)
class Forget:
    """Keep this alert no longer."""

    token: str


@dataclass(frozen=True, slots=True)
class Send:
    """Tell the cloud. A `certified` event must arrive, however long it takes; another may be lost."""

    message: Message
    certified: bool = True


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


@dataclass(frozen=True, slots=True)
class Mute:
    """Let this ring be heard no longer."""

    token: str


@dataclass(frozen=True, slots=True)
class Stop:
    """End this ring."""

    token: str


@dataclass(frozen=True, slots=True)
class Fetch:
    """Make these assets ready to play."""

    urls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ForgetAssets:
    """No alert plays these any more."""

    urls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Say `inputs.Woke` at this time, and no longer at the one named before; None: at none."""

    time: datetime | None


Output = Save | Forget | Send | DropEvents | Ring | Mute | Stop | Fetch | ForgetAssets | WakeAt
