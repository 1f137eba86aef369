"""The hardware of a machine that is no speaker by birth: a sound card, or none; no lights, no buttons.

It knows this machine's name and its sound card; it must not know what is played. What has lights and buttons beside a
sound card may be a subclass that says what it does with them.
"""

import platform
import re
from collections.abc import Callable
from pathlib import Path

from bellwire import __version__
from bellwire.device.hardware import AudioOut, Button, Lights, Samples, checked_firmware_version
from bellwire.device.ringer.card import Output
from bellwire.device.ringer.playback import Playback
from bellwire.protocol.profiles.profile import Product


def this_product(tags: tuple[str, ...] = ()) -> Product:
    """The program and its machine. Raises ValueError for a tag that can't be."""
    return Product(
        maker="Bellwire",
        product="Speaker",
        version=__version__,
        os=platform.system() or "unknown",
        hardware=platform.machine() or "unknown",
        tags=tags,
    )


def default_firmware_version(version: str = __version__) -> str:
    """The program's version as a number, two digits for each part after the first: 0.1.0 is 100, 1.12.3 is 11203."""
    numbers = [min(int(part), 99) for part in re.findall(r"\d+", version)[:3]]
    major, minor, patch = (*numbers, 0, 0, 0)[:3]
    return str(max(major * 10_000 + minor * 100 + patch, 1))


class Laptop:
    """A sound card, or what stands in for it (`hardware.Hardware`)."""

    def __init__(
        self,
        *,
        output: Output = "auto",
        record: Path | None = None,
        product: Product | None = None,
        firmware_version: str | None = None,
    ) -> None:
        """`output`: a sound card, if there is one; or "null". `record`: a WAV file of what is heard.

        Without them, `product` and `firmware_version` are this program's. Raises ValueError for one that can't be.
        """
        self.product = product or this_product()
        self.firmware_version = checked_firmware_version(
            default_firmware_version() if firmware_version is None else firmware_version
        )
        self._output = output
        self._record = record

    def open_audio(self, samples: Samples) -> AudioOut:
        """The first sound card that opens, else the null device. Raises OSError when the recording can't be made."""
        return Playback(samples, output=self._output, record=self._record)

    def set_volume(self, volume: int) -> bool:
        """A sound card's own volume is its user's, for all programs: it is left alone."""
        return False

    def show(self, lights: Lights) -> None:
        """It has no lights."""

    def listen(self, pressed: Callable[[Button], None]) -> None:
        """It has no buttons."""

    def close(self) -> None:
        """There is nothing to let go of."""
