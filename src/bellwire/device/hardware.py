"""What a speaker is built of, for a maker to fill in: sound, lights, buttons, a volume, and what it is called.

It knows what a speaker asks of its hardware, and what that may tell; it must not know how any of it is done.
`laptop.Laptop` is the one for a machine with a sound card and nothing else; docs/speaker.md has one with lights and
buttons.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bellwire.protocol.profiles.profile import Product

Samples = Callable[[int], bytes]
"""Asked by the audio output, on its own thread, for so many frames. Gives exactly so many, at once: 16 bit, signed,
in the machine's byte order, one channel, `ringer.sounds.RATE` frames a second; silence when nothing rings."""


class Button(StrEnum):
    """What somebody can press on a speaker."""

    STOP = "stop"
    """What rings is to stop; if nothing does, what is snoozed."""
    SNOOZE = "snooze"
    """What rings is to be silent for a while, and to ring again."""
    DELETE = "delete"
    """What rings is to go, else the next alert, in versions of the protocol in which a speaker may ask for that."""
    LOUDER = "louder"
    """Alerts are to ring louder by a tenth."""
    SOFTER = "softer"
    MUTE = "mute"
    """What rings is to be silent, and goes on; pressed again it is heard again."""
    DO_NOT_DISTURB = "do not disturb"
    """Alerts are to be seen and not heard, but for alarms and timers; pressed again all are heard again."""


@dataclass(frozen=True, slots=True)
class Lights:
    """What a speaker has to show; what is done with it is the maker's choice."""

    connected: bool = False
    """The cloud can be reached."""
    alert_set: bool = False
    """At least one alert will ring."""
    ringing: bool = False
    muted: bool = False
    """What rings was silenced by hand."""
    do_not_disturb: bool = False
    """Alerts are seen and not heard now, but for the exceptions."""


class AudioOut(Protocol):
    """A sound output that was opened; it is silent until it is started."""

    def start(self) -> None:
        """From now on it asks for samples, whenever it needs some."""

    def close(self) -> None:
        """It asks for no more. A second call does nothing."""


class Hardware(Protocol):
    """One device. All calls come from the speaker's event loop and must return at once.

    A call of `set_volume`, `show` or `listen` that raises is logged, and the speaker goes on: an amplifier or a light
    that is broken keeps no alarm from ringing.
    """

    @property
    def product(self) -> Product:
        """Maker, name and version, as the cloud is told in headers."""

    @property
    def firmware_version(self) -> str:
        """The version of the software as the cloud is told of it: 1 to 4294967295 in decimal digits."""

    def open_audio(self, samples: Samples) -> AudioOut:
        """Open the sound output; called once. Raises OSError for what can't be opened."""

    def set_volume(self, volume: int) -> bool:
        """Alerts ring so loud from now on, 0 to 100; also called at the start.

        Gives whether the hardware sees to it, as an amplifier with a volume of its own does; else the samples are
        made louder and softer.
        """

    def show(self, lights: Lights) -> None:
        """Show this from now on; called at the start, and when something of it has changed."""

    def listen(self, pressed: Callable[[Button], None]) -> None:
        """Call `pressed` for each press of a button from now on, on whatever thread."""

    def close(self) -> None:
        """The speaker is closed: let go of lights and buttons."""


def checked_firmware_version(version: str) -> str:
    """The same. Raises ValueError where it is no positive number of 32 bits in decimal digits."""
    if not re.fullmatch("[0-9]{1,10}", version) or not 0 < int(version) < 2**32:
        raise ValueError(f"the firmware version {version!r} is not a number from 1 to {2**32 - 1} in digits")
    return version
