"""Opens the sound card, or what plays into nothing at the same pace where there is none.

It knows miniaudio, its backends and their traps; it must not know what is played, nor for how long.
"""

from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, Protocol

import miniaudio
import structlog

from bellwire.device.ringer.sounds import RATE

log = structlog.get_logger()

Output = Literal["auto", "null"]
"""The first sound card that plays; or none."""

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108
"""Where a running JACK server has what it shares with its clients."""

_BUFFER_MS = 20
"""The card asks this often; it holds about three such buffers, which is how long a busy processor is bridged."""

Feed = Generator[bytes, int, None]
"""Is sent a number of frames, and yields their PCM; it has been started."""


class Card(Protocol):
    """A sound card that plays. Its `stop_callback` is called, on any thread, when it stops by itself or is closed."""

    backend: str
    stop_callback: Any

    def close(self) -> None:
        """Silence, at once. A second call does nothing."""


def open_card(feed: Feed) -> Card | None:
    """The first card that opens and plays; None: there is none.

    Left to itself miniaudio settles on a backend before it has tried to open its card, and gives up when that fails.
    """
    _quieten_alsa()
    for backend in _backends():
        with suppress(miniaudio.MiniaudioError):
            return _playing(backend, feed)
    return None


def open_nothing(feed: Feed) -> Card:
    """What asks for sound as a card does, and lets nobody hear it."""
    return _playing(miniaudio.Backend.NULL, feed)


def tried() -> str:
    """The names of what `open_card` looks for, for people."""
    return ", ".join(backend.name for backend in _backends())


def _backends() -> list[Any]:
    """JACK only where a server of it runs: its library prints five lines where none does, and takes 4 MB for them."""
    found = miniaudio.get_enabled_backends() - {miniaudio.Backend.NULL, miniaudio.Backend.CUSTOM}
    if not _runs_jack():
        found.discard(miniaudio.Backend.JACK)
    return sorted(found, key=lambda backend: int(backend.value))


def _runs_jack() -> bool:
    # Clients leave a folder there too, without any server.
    return any(not left.name.startswith("jack_db") for left in _SHARED_MEMORY.glob("jack*"))


def _playing(backend: Any, feed: Feed) -> Card:
    device = miniaudio.PlaybackDevice(
        nchannels=1,
        sample_rate=RATE,
        buffersize_msec=_BUFFER_MS,
        backends=[backend],
        app_name="bellwire",
    )
    try:
        device.start(feed)
    except miniaudio.MiniaudioError:
        device.close()
        raise
    playing: Card = device
    return playing


_kept_for_ever: list[Any] = []
"""ALSA calls it at any time."""


def _quieten_alsa() -> None:
    """ALSA prints some forty lines to the terminal when there is no card; the log says it in one."""
    if _kept_for_ever:
        return
    import ctypes  # noqa: PLC0415  (half a megabyte that a speaker without a card does not need)

    _kept_for_ever.append(ctypes.CFUNCTYPE(None)(lambda: None))
    with suppress(OSError):
        ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(_kept_for_ever[0])
