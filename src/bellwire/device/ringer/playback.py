"""Opens the sound card and feeds it; without a card, plays into nothing at the same pace.

It knows miniaudio and its traps; it must not know what is played.
"""

import ctypes
from collections.abc import Callable, Generator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import miniaudio
import structlog

from bellwire.device.ringer.recording import Recording
from bellwire.device.ringer.sounds import FRAME_BYTES, RATE

log = structlog.get_logger()

Output = Literal["auto", "null"]

_BUFFER_MS = 20
"""The card asks this often; it holds about three such buffers, which is how long a busy processor is bridged."""


class Playback:
    """The sound card, or what stands in for it."""

    def __init__(self, source: Callable[[int], bytes], *, output: Output, record: Path | None = None) -> None:
        """`source` is called on the sound card's thread, with the number of frames wanted, and gives their PCM.

        `record`: a WAV file of what is heard. Raises OSError when it cannot be written.
        """
        self._source = source
        self._failing = False
        self._recording = Recording(record) if record else None
        self._device = _null_device() if output == "null" else _open_card()

    def start(self) -> None:
        """Raises miniaudio.MiniaudioError when the card does not start."""
        feed = self._feed()
        next(feed)
        self._device.start(feed)
        log.info("sound output started", backend=self._device.backend)

    def close(self) -> None:
        """Stops the card and completes the recording. A second call does nothing."""
        self._device.close()
        if self._recording:
            self._end_recording(self._recording)

    def _feed(self) -> Generator[bytes, int, None]:
        frames = yield b""
        while True:
            sound = self._next(frames)
            self._record(sound)
            frames = yield sound

    def _next(self, frames: int) -> bytes:
        """The next sound, or silence when the source fails.

        miniaudio would drop a generator that raises or gives too much, and stay mute while it says that it runs.
        """
        try:
            sound = self._source(frames)
            if len(sound) != frames * FRAME_BYTES:
                raise ValueError(f"the source gave {len(sound)} bytes for {frames} frames")
        except Exception:
            if not self._failing:
                log.exception("sound source failed and is silent until it works again")
            self._failing = True
            return bytes(frames * FRAME_BYTES)
        self._failing = False
        return sound

    def _record(self, sound: bytes) -> None:
        if self._recording is None:
            return
        try:
            self._recording.write(sound)
        except OSError as error:
            log.warning("recording ended: the file cannot be written", reason=str(error))
            self._end_recording(self._recording)

    def _end_recording(self, recording: Recording) -> None:
        self._recording = None
        try:
            recording.close()
        except OSError as error:
            log.warning("recording is incomplete", reason=str(error))


def _open_card() -> Any:
    """The first card that opens, else the null device.

    Left to itself miniaudio settles on a backend before it has tried to open its card, and gives up when that fails.
    """
    backends = miniaudio.get_enabled_backends() - {miniaudio.Backend.NULL, miniaudio.Backend.CUSTOM}
    _quieten_alsa()
    for backend in sorted(backends, key=lambda backend: int(backend.value)):
        with suppress(miniaudio.MiniaudioError):
            return _device(backend)
    tried = ", ".join(sorted(backend.name for backend in backends))
    log.warning("no sound card could be opened: nothing will be heard", tried=tried)
    return _null_device()


def _null_device() -> Any:
    log.info("playing into nothing: the null output is in use")
    return _device(miniaudio.Backend.NULL)


def _device(backend: Any) -> Any:
    return miniaudio.PlaybackDevice(
        nchannels=1,
        sample_rate=RATE,
        buffersize_msec=_BUFFER_MS,
        backends=[backend],
        app_name="bellwire",
    )


# Kept for ever: ALSA calls it at any time.
_SAY_NOTHING = ctypes.CFUNCTYPE(None)(lambda: None)


def _quieten_alsa() -> None:
    """ALSA prints some forty lines to the terminal when there is no card; the log says it in one."""
    with suppress(OSError):
        ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(_SAY_NOTHING)
