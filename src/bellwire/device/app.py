"""A speaker, put together from its parts, once.

It knows which part needs which; it must not know what any of them does.
"""

import asyncio
import random
import ssl
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property, partial
from hashlib import sha256
from typing import Self, TypeVar

import structlog

from bellwire.alerts.alert import Kind
from bellwire.device import inputs
from bellwire.device.authorization import server_of
from bellwire.device.cable import Cable
from bellwire.device.clouds import address_of
from bellwire.device.config import Config
from bellwire.device.connection import Connection
from bellwire.device.do_not_disturb import HEARD, DoNotDisturb, Hours
from bellwire.device.endpoint import Endpoint, endpoint_of, tls_context
from bellwire.device.hardware import Button, Hardware, checked_firmware_version
from bellwire.device.held import LOUDEST, Setup
from bellwire.device.laptop import Laptop
from bellwire.device.lights import Lighting
from bellwire.device.meant import Meant
from bellwire.device.muting import Muting
from bellwire.device.observer import Observer, Observers
from bellwire.device.renewal import Renewal
from bellwire.device.ringer.assets import AssetCache
from bellwire.device.ringer.ringer import Ringer
from bellwire.device.runner import Runner
from bellwire.device.storage import Storage
from bellwire.device.timer import Clock
from bellwire.device.token_file import TokenFile
from bellwire.protocol.profiles import profile_named

log = structlog.get_logger()

T = TypeVar("T")

VOLUME_STEP = 10
"""What a press of louder or softer changes, of LOUDEST."""


class Speaker:
    """One speaker: `async with Speaker(config) as speaker` runs it; what it needs is its own, so there may be several.

    All methods are called on the event loop on which it runs.
    """

    def __init__(self, config: Config, hardware: Hardware | None = None, *observers: Observer) -> None:
        """`hardware`: what it is built of; None: this machine's sound card, if there is one. `observers` see it live.

        Takes the folder and opens the sound output: what was made must be closed. Raises ValueError for a setting that
        can't be, OSError for a folder or file, StorageError, also when another speaker runs on the folder.
        """
        profile = profile_named(config.profile)
        tls = tls_context(config.ca_file)
        clock = Clock()
        self._hardware = hardware or Laptop()
        self._ca_file = config.ca_file
        self._can_delete = profile.delete_request is not None
        self._muting = Muting(self._hush, self._muted)
        self._meant = Meant()
        self._lighting = Lighting(self._hardware.show)
        self._observer = Observers(self._muting, self._meant, self._lighting, *observers)
        self._cable = Cable()
        self._renewal = self._renewing(config, tls, clock) if config.access_token is None else None
        authorization = self._renewal.authorization if self._renewal else lambda: f"Bearer {config.access_token}"
        self._endpoint = endpoint_of(config, self._hardware.product, tls, authorization, self._cable)
        self._setup = Setup(
            cloud=address_of(config.cloud, config.cloud),
            owner=self._renewal.device_id if self._renewal else _owner_of(config),
            firmware=checked_firmware_version(self._hardware.firmware_version),
            offline_grace=config.offline_grace,
        )
        # Sounds are fetched by HTTP/1.1: the connection's own context offers HTTP/2 alone.
        trust = partial(ssl.create_default_context, cafile=config.ca_file)
        config.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._assets = AssetCache(config.assets, trusted_origin=config.cloud, trust=trust, cable=self._cable)
        self._storage = Storage(config.database)
        self._runner = Runner(profile, self._storage, self._observer, clock)
        self._connection = Connection(
            self._endpoint,
            self._runner,
            where=self._where,
            meaning=self._runner.meaning_of,
            on_unauthorized=self._renewal.unauthorized if self._renewal else None,
            on_date=self._runner.told_time,
        )
        self.logged_out = asyncio.Event()
        """Set when the cloud has ended the pairing by code, and what there was of the account was deleted."""
        self._tasks: tuple[asyncio.Task[None], ...] = ()
        try:
            self._ringer = Ringer(
                self._assets,
                audio=self._hardware.open_audio,
                amplified=self._amplified,
                on_sounding=self._runner.sounding,
                on_ended=self._runner.ended,
                on_fetched=self._runner.fetched,
                on_failed=self._runner.failed,
            )
        except BaseException:
            self._storage.close()
            raise

    async def __aenter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    def start(self) -> None:
        """Sound first, so that an alert that was missed rings at once; then what was kept; then the cloud.

        Raises StorageError when what was kept can't be read.
        """
        self._ringer.start()
        _unfailing("lights", self._lighting.begin)
        self._runner.start(self._ringer, self._setup, reconnect=self._connection.reconnect)
        _unfailing("buttons", self._listen)
        self._tasks = (
            asyncio.create_task(self._connection.run()),
            asyncio.create_task(self._runner.send(self._connection.post_event)),
            *([asyncio.create_task(self._renewal.run())] if self._renewal else []),
        )

    def press(self, button: Button) -> None:
        """A button of the speaker, as its hardware has it or as a program stands in for it."""
        _PRESSED[button](self)

    def press_stop(self) -> None:
        """The stop button: for whatever rings."""
        self._runner.happens(inputs.StopPressed())

    def press_snooze(self) -> None:
        """The snooze button: for whatever rings."""
        self._runner.happens(inputs.SnoozePressed())

    def press_delete(self, token: str | None = None) -> None:
        """The delete button beside an alert; None: one that means what rings, else the next alert."""
        token = self._meant.token if token is None else token
        if token is not None:
            self._runner.happens(inputs.DeletePressed(token))

    def press_mute(self) -> None:
        """The mute button: what rings goes on unheard, or is heard again. The next ring is heard in any case."""
        self._muting.press()
        self.user_active()

    @property
    def can_delete(self) -> bool:
        """Whether alerts can be deleted on the device: where a version can't ask for it, they are in the account."""
        return self._can_delete

    @property
    def alert_volume(self) -> int:
        """How loud alerts ring, 0 to 100."""
        return self._runner.volume

    def set_alert_volume(self, volume: int) -> None:
        """Alerts ring so loud from now on, also after a restart; what is outside 0 to 100 counts as the nearest."""
        self._runner.happens(inputs.VolumePressed(volume))

    @property
    def do_not_disturb(self) -> DoNotDisturb:
        """Whether alerts are seen and not heard now, which are heard all the same, and its hours."""
        return self._runner.do_not_disturb

    def set_do_not_disturb(self, is_on: bool) -> None:
        """Alerts that are no exceptions light up from now on and are not heard, or are heard again.

        Where there are hours, until they next begin or end. What rings meanwhile is AlertStarted for the cloud all the
        same: it can be seen, and stopped.
        """
        self._runner.happens(inputs.DoNotDisturbPressed(is_on))

    def set_do_not_disturb_hours(self, hours: Hours | None, exceptions: tuple[Kind, ...] = HEARD) -> None:
        """Each day so from now on, also after a restart; None: only as it is switched by hand."""
        self._runner.happens(inputs.DoNotDisturbSet(hours, exceptions))

    def other_audio_began(self) -> None:
        """A dialogue or another sound is heard: what rings goes behind it."""
        self._runner.happens(inputs.OtherAudio(in_front=True))

    def other_audio_ended(self) -> None:
        """Nothing else is heard any more: what rings comes to the front."""
        self._runner.happens(inputs.OtherAudio(in_front=False))

    def unplug(self) -> None:
        """Pull the network's plug: the connection is cut, and none is made, until `plug` puts it back."""
        self._cable.is_plugged = False
        self._connection.reconnect()

    def plug(self) -> None:
        """Put the plug back: the cloud is looked for at once."""
        self._cable.is_plugged = True
        self._connection.try_now()

    @property
    def is_plugged(self) -> bool:
        """Whether `unplug` left the network there."""
        return self._cable.is_plugged

    def user_active(self) -> None:
        """Somebody uses the speaker in another way than by these buttons: speaks to it, touches its screen."""
        self._runner.happens(inputs.UserActive())

    def log_out(self) -> None:
        """Forgets everything of the account."""
        self._runner.happens(inputs.LoggedOut())

    async def ended(self) -> None:
        """Returns when the speaker is closed; raises what broke it, if something did."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if not task.cancelled():
                task.result()

    async def close(self) -> None:
        """Ends everything; what must arrive waits on the disk for the next run."""
        self._runner.close()
        await self._connection.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._ringer.close()
        self._storage.close()
        _unfailing("closing", self._hardware.close)

    def _where(self) -> Endpoint:
        """Where the next connect goes: to the cloud that was set, or to one that it has sent this speaker to."""
        clouds = self._runner.clouds
        self._assets.trust(clouds.places)
        is_set = clouds.current == clouds.configured
        tls = self._tls_without_dates if self._runner.has_wrong_clock else self._endpoint.tls
        return replace(self._endpoint, url=clouds.current, sender="" if is_set else self._endpoint.host, tls=tls)

    @cached_property
    def _tls_without_dates(self) -> ssl.SSLContext:
        """A clock that is years behind takes every certificate for one of the future; the cloud can set it right."""
        return tls_context(self._ca_file, by_the_clock=False)

    def _renewing(self, config: Config, tls: ssl.SSLContext, clock: Clock) -> Renewal:
        file = TokenFile(config.folder)
        tokens = file.read()
        if tokens is None:
            raise ValueError(f"{config.folder} holds no tokens: this speaker is not paired")
        return Renewal(
            file,
            tokens,
            clock,
            server_of(config, self._hardware.product, tls, self._cable).renewed,
            chance=_chance,
            on_use=self._renewed,
            on_log_out=self._end_pairing,
        )

    def _listen(self) -> None:
        loop = asyncio.get_running_loop()

        def pressed(button: Button) -> None:
            loop.call_soon_threadsafe(self.press, button)

        self._hardware.listen(pressed)

    def _amplified(self, volume: float) -> bool:
        """Whether the hardware makes it so loud; where it fails, the samples are made softer."""
        return bool(_unfailing("volume", lambda: self._hardware.set_volume(round(volume * LOUDEST))))

    def _hush(self, token: str, is_hushed: bool) -> None:
        self._ringer.hush(token, is_hushed)

    def _muted(self, is_muted: bool) -> None:
        self._observer.muted(is_muted)

    def _renewed(self) -> None:
        self._connection.try_now()
        self._runner.send_now()

    def _end_pairing(self) -> None:
        self.log_out()
        self._observer.logged_out()
        self.logged_out.set()


def _owner_of(config: Config) -> str:
    """What tells this device from another one when all that is known of it is its token, which stays the same."""
    return "token " + sha256((config.access_token or "").encode()).hexdigest()


def _unfailing(what: str, call: Callable[[], T]) -> T | None:
    """A lamp, a button or an amplifier that is broken is in the log, and keeps no alarm from ringing."""
    try:
        return call()
    except Exception:
        log.exception("the hardware failed", what=what)
        return None


def _chance() -> float:
    # As in `connection`.
    return random.random()  # noqa: S311


_PRESSED: Mapping[Button, Callable[[Speaker], None]] = {
    Button.STOP: Speaker.press_stop,
    Button.SNOOZE: Speaker.press_snooze,
    Button.DELETE: Speaker.press_delete,
    Button.LOUDER: lambda speaker: speaker.set_alert_volume(speaker.alert_volume + VOLUME_STEP),
    Button.SOFTER: lambda speaker: speaker.set_alert_volume(speaker.alert_volume - VOLUME_STEP),
    Button.MUTE: Speaker.press_mute,
    Button.DO_NOT_DISTURB: lambda speaker: speaker.set_do_not_disturb(not speaker.do_not_disturb.is_on),
}
