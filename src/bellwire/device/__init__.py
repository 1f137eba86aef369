"""The speaker, as a library: a maker's own hardware becomes one that rings.

    import asyncio
    from pathlib import Path

    from bellwire.device import Config, Observer, Speaker


    class Said(Observer):
        def alert_ringing(self, occurrence, late):
            print("rings:", occurrence.label or occurrence.kind)


    async def main():
        config = Config(cloud="https://cloud.home:8443", access_token="…", folder=Path("kitchen"))
        async with Speaker(config, None, Said()) as speaker:
            await speaker.ended()


    asyncio.run(main())

`examples/speaker.py` is the same as a program. A speaker has its own folder, connection, sound and clock, and nothing
in common with another one in the same process. What it is built of is `Hardware`, for a machine with a sound card
`Laptop`; what is to be seen of it goes to each `Observer`. docs/speaker.md has more, and docs/raspberry-pi.md a device
with buttons and lights.

All other modules of this package are its own affair, and may change.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bellwire.alerts.alert import Kind, Occurrence
    from bellwire.device.app import Speaker
    from bellwire.device.config import Config
    from bellwire.device.do_not_disturb import DoNotDisturb, Hours
    from bellwire.device.hardware import AudioOut, Button, Hardware, Lights, Samples
    from bellwire.device.laptop import Laptop
    from bellwire.device.observer import Observer
    from bellwire.device.storage import StorageError
    from bellwire.protocol.profiles.profile import Product

__all__ = [
    "AudioOut",
    "Button",
    "Config",
    "DoNotDisturb",
    "Hardware",
    "Hours",
    "Kind",
    "Laptop",
    "Lights",
    "Observer",
    "Occurrence",
    "Product",
    "Samples",
    "Speaker",
    "StorageError",
]

# Imported when it is asked for: a command that only looks into a speaker's folder should not wait for the sound card's
# library.
_HOMES = {
    "AudioOut": "bellwire.device.hardware",
    "Button": "bellwire.device.hardware",
    "Config": "bellwire.device.config",
    "DoNotDisturb": "bellwire.device.do_not_disturb",
    "Hardware": "bellwire.device.hardware",
    "Hours": "bellwire.device.do_not_disturb",
    "Kind": "bellwire.alerts.alert",
    "Laptop": "bellwire.device.laptop",
    "Lights": "bellwire.device.hardware",
    "Observer": "bellwire.device.observer",
    "Occurrence": "bellwire.alerts.alert",
    "Product": "bellwire.protocol.profiles.profile",
    "Samples": "bellwire.device.hardware",
    "Speaker": "bellwire.device.app",
    "StorageError": "bellwire.device.storage",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
