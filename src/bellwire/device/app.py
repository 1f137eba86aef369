"""A speaker, put together from its parts, once.

It knows which part needs which; it must not know what any of them does.
"""

import asyncio
import ssl

from bellwire.device import inputs
from bellwire.device.config import Config
from bellwire.device.connection import Connection
from bellwire.device.endpoint import Endpoint, tls_context
from bellwire.device.observer import Observer
from bellwire.device.ringer.assets import AssetCache
from bellwire.device.ringer.ringer import Ringer
from bellwire.device.runner import Runner
from bellwire.device.storage import Storage
from bellwire.device.timer import Clock
from bellwire.protocol.profiles import profile_named
from bellwire.protocol.profiles.profile import Profile


class Speaker:
    """A speaker that runs; `run` makes one. All methods are called on the event loop."""

    def __init__(self, config: Config, observer: Observer) -> None:
        profile = profile_named(config.profile)
        endpoint = _endpoint(config, profile)
        # Sounds are fetched by HTTP/1.1: the connection's own context offers HTTP/2 alone.
        trust = ssl.create_default_context(cafile=config.ca_file)
        config.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        assets = AssetCache(config.assets, trusted_origin=config.cloud, trusted_context=trust)
        self._storage = Storage(config.database)
        self._runner = Runner(profile, self._storage, observer, Clock())
        self._connection = Connection(endpoint, self._runner)
        self._tasks: tuple[asyncio.Task[None], ...] = ()
        try:
            self._ringer = Ringer(
                assets,
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
        self._runner.start(self._ringer)
        self._tasks = (
            asyncio.create_task(self._connection.run()),
            asyncio.create_task(self._runner.send(self._connection.post_event)),
        )

    def press_stop(self) -> None:
        """The stop button: for whatever rings."""
        self._runner.happens(inputs.StopPressed())

    def press_delete(self, token: str) -> None:
        """The delete button beside an alert."""
        self._runner.happens(inputs.DeletePressed(token))

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


def _endpoint(config: Config, profile: Profile) -> Endpoint:
    return Endpoint(
        config.cloud,
        profile.downchannel_path,
        profile.events_path,
        headers={"authorization": f"Bearer {config.access_token}", "user-agent": config.user_agent},
        tls=tls_context(config.ca_file),
    )
