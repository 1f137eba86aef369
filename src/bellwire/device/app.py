"""A speaker, put together from its parts, once.

It knows which part needs which; it must not know what any of them does.
"""

import asyncio
import random
import shutil
import ssl
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from hashlib import sha256

from bellwire.alerts.alert import Kind
from bellwire.device import inputs
from bellwire.device.authorization import AuthorizationServer
from bellwire.device.clouds import address_of
from bellwire.device.config import Config
from bellwire.device.connection import DEFAULT_TIMING, Connection
from bellwire.device.do_not_disturb import HEARD, DoNotDisturb, Hours
from bellwire.device.endpoint import Endpoint, tls_context
from bellwire.device.held import Remembered, Setup
from bellwire.device.observer import Observer
from bellwire.device.renewal import Renewal
from bellwire.device.ringer.assets import AssetCache
from bellwire.device.ringer.ringer import Ringer
from bellwire.device.runner import Runner
from bellwire.device.storage import Storage, fact_of
from bellwire.device.timer import Clock
from bellwire.device.token_file import TokenFile
from bellwire.protocol.profiles import profile_named
from bellwire.protocol.profiles.profile import Profile


class Speaker:
    """A speaker that runs; `run` makes one. All methods are called on the event loop."""

    def __init__(self, config: Config, observer: Observer) -> None:
        profile = profile_named(config.profile)
        tls = tls_context(config.ca_file)
        clock = Clock()
        self._observer = observer
        self._ca_file = config.ca_file
        self._can_delete = profile.delete_request is not None
        self._renewal = self._renewing(config, tls, clock) if config.access_token is None else None
        authorization = self._renewal.authorization if self._renewal else lambda: f"Bearer {config.access_token}"
        self._endpoint = _endpoint(config, profile, tls, authorization)
        self._setup = Setup(
            cloud=address_of(config.cloud, config.cloud),
            owner=self._renewal.device_id if self._renewal else _owner_of(config),
            firmware=config.firmware_version,
            offline_grace=config.offline_grace,
        )
        # Sounds are fetched by HTTP/1.1: the connection's own context offers HTTP/2 alone.
        trust = ssl.create_default_context(cafile=config.ca_file)
        config.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._assets = AssetCache(config.assets, trusted_origin=config.cloud, trusted_context=trust)
        self._storage = Storage(config.database)
        self._runner = Runner(profile, self._storage, observer, clock)
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
                output=config.output,
                record=config.record,
                on_sounding=self._runner.sounding,
                on_ended=self._runner.ended,
                on_fetched=self._runner.fetched,
                on_failed=self._runner.failed,
            )
        except BaseException:
            self._storage.close()
            raise

    def start(self) -> None:
        """Sound first, so that an alert that was missed rings at once; then what was kept; then the cloud."""
        self._ringer.start()
        self._runner.start(self._ringer, self._setup, reconnect=self._connection.reconnect)
        self._tasks = (
            asyncio.create_task(self._connection.run()),
            asyncio.create_task(self._runner.send(self._connection.post_event)),
            *([asyncio.create_task(self._renewal.run())] if self._renewal else []),
        )

    def press_stop(self) -> None:
        """The stop button: for whatever rings."""
        self._runner.happens(inputs.StopPressed())

    def press_snooze(self) -> None:
        """The snooze button: for whatever rings."""
        self._runner.happens(inputs.SnoozePressed())

    def press_delete(self, token: str) -> None:
        """The delete button beside an alert."""
        self._runner.happens(inputs.DeletePressed(token))

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
            authorization_server(config, tls).renewed,
            chance=random.random,
            on_use=self._renewed,
            on_log_out=self._end_pairing,
        )

    def _renewed(self) -> None:
        self._connection.try_now()
        self._runner.send_now()

    def _end_pairing(self) -> None:
        self.log_out()
        self._observer.logged_out()
        self.logged_out.set()


async def run(config: Config, observer: Observer) -> Speaker:
    """A speaker that is set going: it rings from now on, and looks for its cloud until it is closed.

    Raises ValueError for a setting that can't be, OSError for a folder or file, StorageError.
    """
    speaker = Speaker(config, observer)
    try:
        speaker.start()
    except BaseException:
        await speaker.close()
        raise
    return speaker


def authorization_server(config: Config, tls: ssl.SSLContext | None = None) -> AuthorizationServer:
    """What gives this speaker its tokens. Raises ValueError for an address or authority that can't be."""
    profile = profile_named(config.profile)
    return AuthorizationServer(_endpoint(config, profile, tls or tls_context(config.ca_file)), DEFAULT_TIMING)


def hold(config: Config) -> Storage:
    """What a speaker keeps: as long as it is open here no speaker runs on the folder, which is made when missing.

    Raises StorageError when one does.
    """
    config.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Storage(config.database)


def forget_account(config: Config, storage: Storage) -> None:
    """Delete all that a speaker, whose folder is on `hold`, has of an account, but for its tokens.

    Raises StorageError.
    """
    forgotten = [held.token for held in storage.alerts()]
    storage.keep(forget=forgotten, drop_letters=True, facts=fact_of(Remembered()))
    shutil.rmtree(config.assets, ignore_errors=True)


def _owner_of(config: Config) -> str:
    """What tells this device from another one when all that is known of it is its token, which stays the same."""
    return "token " + sha256((config.access_token or "").encode()).hexdigest()


def _endpoint(
    config: Config, profile: Profile, tls: ssl.SSLContext, authorization: Callable[[], str] | None = None
) -> Endpoint:
    return Endpoint(
        config.cloud,
        profile.downchannel_path,
        profile.events_path,
        headers=profile.introduce(config.product),
        tls=tls,
        authorization=authorization,
    )
