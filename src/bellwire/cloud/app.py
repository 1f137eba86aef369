"""One cloud: builds every part once, serves, and ends in good order.

It knows what is made of what; it must not know how any part does its work.
"""

import asyncio
import gc
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP2Settings
from granian.server.embed import Server

from bellwire.cloud.address import announce, holding
from bellwire.cloud.api import account_api
from bellwire.cloud.asgi import App, Receive, Scope, Send, answer, in_time
from bellwire.cloud.assets import CONTENT_TYPE, AssetStore, Label, secret_of
from bellwire.cloud.auth import Tokens
from bellwire.cloud.authority import Authority
from bellwire.cloud.bus import InProcessBus
from bellwire.cloud.calendar_files import CalendarFiles
from bellwire.cloud.certificates import Certificates, ensure_certificates
from bellwire.cloud.change_feed import ChangeFeed
from bellwire.cloud.conditions import ConditionalStore
from bellwire.cloud.config import Config
from bellwire.cloud.feeds import FEED_PATH, Feeds
from bellwire.cloud.gateway import Gateway
from bellwire.cloud.listening import check_port, until_accepting
from bellwire.cloud.oauth import OAuth
from bellwire.cloud.regions import Regions
from bellwire.cloud.services import Services
from bellwire.cloud.speech import synthesizer_of
from bellwire.cloud.store.accounts import account_by_token
from bellwire.cloud.store.alerts import label_spoken_by
from bellwire.cloud.store.changes import STARTED, add_change
from bellwire.cloud.store.devices import device_by_token, nobody_is_here
from bellwire.cloud.store.errors import StoreError
from bellwire.cloud.store.sqlite import SqliteStore
from bellwire.cloud.sweeping import SWEEP_EVERY, sweep
from bellwire.cloud.wording import ASSET_PATH
from bellwire.protocol.codec import Codec
from bellwire.protocol.profiles import PROFILES

log = structlog.get_logger()

LOOK_AT_TOKENS_EVERY = 15.0
"""Seconds between two looks at the tokens of open downchannels: one may have been revoked in the file. It takes some
10 us for each."""
_HTTP2 = HTTP2Settings(
    keep_alive_interval=30_000,
    keep_alive_timeout=10,
    max_concurrent_streams=32,
    max_headers_size=16_384,
    initial_connection_window_size=262_144,
    initial_stream_window_size=131_072,
    max_send_buffer_size=65_536,
)
"""Pings find dead devices within 40 s; small windows and buffers bound what a slow or hostile one can hold."""
_CONNECTIONS = 19_500
"""Of one worker; beyond, accepting would stall silently."""
_NEW_OBJECTS = 50_000
"""Between two looks for garbage, where only what was made and is still there counts: next to nothing of an event."""
_TO_STOP = 1.0
"""Seconds for clients to close their connections; those that do not are cut off when the process ends."""


def now() -> datetime:
    """The clock of the cloud, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a cloud stands in: the world as it is, or one that a test has in its hands."""

    clock: Callable[[], datetime] = now
    """In UTC, with its time zone."""
    stepped: asyncio.Event = field(default_factory=asyncio.Event)
    """Set it when the clock was set: what follows from the time is done at once, not at the next look."""
    wrap: Callable[[App], App] = lambda app: app
    """Stands between the server and the cloud, for every request."""


async def run(config: Config, ready: Callable[[Certificates], None], surroundings: Surroundings | None = None) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is called when connections are accepted.

    Raises FolderError, AlreadyRunningError, CertificateError, PortTakenError, StoreUnusable, SecretError, and
    ValueError when nothing speaks as the configuration has it; each says how to mend it.
    """
    surroundings = surroundings or Surroundings()
    with holding(config.data):
        certificates = ensure_certificates(config.data, [config.host, *config.names], now())
        check_port(config.host, config.port, "choose another with --port")
        store = SqliteStore(config.database)
        await store.open()
        try:
            await store.write(nobody_is_here)
            await _serve(config, certificates, store, lambda: ready(certificates), surroundings)
        finally:
            await store.close()


async def _serve(
    config: Config,
    certificates: Certificates,
    store: SqliteStore,
    ready: Callable[[], None],
    surroundings: Surroundings,
) -> None:
    clock = surroundings.clock
    bus = InProcessBus()
    gateway = Gateway(
        store=store,
        tokens=Tokens(store, device_by_token, clock),
        codecs={profile.name: Codec(profile) for profile in PROFILES.values()},
        bus=bus,
        limits=config.limits,
        clock=clock,
        strict=config.strict,
        behind_proxy=config.behind_proxy,
        regions=Regions(config.endpoints),
    )
    account_tokens = Tokens(store, account_by_token, clock)
    conditional = ConditionalStore(store)
    authority = Authority(
        store=conditional,
        hang_up=gateway.hang_up,
        terms=config.terms,
        access_lasts=config.access_lasts,
        limits=config.limits,
        by_address=not config.behind_proxy,
        clock=clock,
    )
    changes = ChangeFeed(store, config.limits.listeners)
    oauth = OAuth(authority, account_tokens, config.limits)
    assets = AssetStore(
        config.sounds, secret_of(config.data), synthesizer_of(config.speech), label_of=partial(_label_of, store)
    )
    calendars = CalendarFiles(conditional, assets, bus, config.limits, clock)
    feeds = Feeds(store, calendars, config.limits, clock)
    api = account_api(
        Services(
            store=conditional,
            tokens=account_tokens,
            assets=assets,
            calendars=calendars,
            bus=bus,
            gateway=gateway,
            authority=authority,
            changes=changes,
            limits=config.limits,
            clock=clock,
            behind_proxy=config.behind_proxy,
        )
    )
    in_good_time = _in_good_time(api, config.limits.api_time)  # type: ignore[arg-type]
    routed = _routed(gateway, oauth, assets, feeds, in_good_time)
    server = http2_server(config, certificates, surroundings.wrap(routed))
    stop = _stop_signal()
    serving = asyncio.create_task(server.serve())
    await store.write(add_change, STARTED, clock())
    pause = partial(_until_next_sweep, surroundings.stepped, gateway)
    sweeping = asyncio.create_task(sweep(store, bus, authority, config.limits.past_due, clock, pause=pause))
    watching = asyncio.create_task(_watch_tokens(gateway))
    try:
        await until_accepting(config.host, config.port, serving)
        announce(config.data, config.url)
        look_seldom_for_garbage()
        ready()
        await asyncio.wait({serving, asyncio.create_task(stop.wait())}, return_when=asyncio.FIRST_COMPLETED)
        log.info("shutting down")
        await gateway.drain()
        await changes.close()
    finally:
        sweeping.cancel()
        watching.cancel()
        server.stop()  # type: ignore[no-untyped-call]
        await asyncio.wait({serving}, timeout=_TO_STOP)
        if serving.done():
            serving.result()


def look_seldom_for_garbage() -> None:
    """Leave alone what is there by now: all that a cloud is made of, and it lives as long as the cloud does.

    A tenth of its time went into looking for garbage there. And next to nothing that an event makes is garbage by the
    time of the next look, when it comes so soon.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS)


def http2_server(config: Config, certificates: Certificates, app: App) -> Server:
    """The server of this cloud, for any application: HTTP/2 and HTTP/1.1 over TLS 1.2 or newer."""
    return Server(
        app,
        address=config.host,
        port=config.port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.auto,
        websockets=False,
        backlog=4096,
        backpressure=_CONNECTIONS,
        http2_settings=_HTTP2,
        log_enabled=False,
        ssl_cert=certificates.certificate,
        ssl_key=certificates.key,
        ssl_protocol_min=SSLProtocols.tls12,
    )


def _routed(gateway: Gateway, oauth: OAuth, assets: AssetStore, feeds: App, api: App) -> App:
    """Devices to the gateway, who wants tokens to `oauth`, sounds and feeds to theirs, all else to the account API."""

    def app(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        path: str = scope["path"]
        if path in gateway.paths:
            return gateway(scope, receive, send)
        if path in oauth.paths:
            return oauth(scope, receive, send)
        if path.startswith(ASSET_PATH):
            return _asset(assets, path.removeprefix(ASSET_PATH), scope, send)
        if path.startswith(FEED_PATH):
            return feeds(scope, receive, send)
        return api(scope, receive, send)

    return app


def _in_good_time(api: App, time: timedelta) -> App:
    """The same application; what is sent to it has so much time to arrive."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await api(scope, in_time(receive, time), send)

    return app


async def _label_of(store: SqliteStore, name: str) -> Label | None:
    try:
        found = await store.read(label_spoken_by, name)
    except StoreError as error:
        log.warning("it could not be looked up what a sound says", error=str(error))
        return None
    return None if found is None else Label(*found)


async def _asset(assets: AssetStore, name: str, scope: Scope, send: Send) -> None:
    try:
        content = await assets.open(name) if scope["method"] in {"GET", "HEAD"} else None
    except OSError as error:
        log.warning("sound not read", reason=error.strerror)  # not the path: its name is the right to hear it
        await answer(send, 500, [(b"content-type", b"text/plain")], b"the sound cannot be read; the log has why\n")
        return
    if content is None:
        await answer(send, 404, [(b"content-type", b"text/plain")], b"there is no such sound\n")
        return
    headers = [
        (b"content-type", CONTENT_TYPE.encode()),
        (b"content-length", str(len(content)).encode()),
        (b"cache-control", b"private, max-age=86400, immutable"),
    ]
    await answer(send, 200, headers, content if scope["method"] == "GET" else b"")


async def _watch_tokens(gateway: Gateway) -> None:
    while True:
        await asyncio.sleep(LOOK_AT_TOKENS_EVERY)
        try:
            await gateway.hang_up_on_revoked()
        except StoreError as error:
            log.warning("tokens could not be looked at", error=str(error))
        except Exception:  # or what is revoked would stay connected
            log.exception("tokens could not be looked at")


async def _until_next_sweep(stepped: asyncio.Event, gateway: Gateway) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stepped.wait(), SWEEP_EVERY)
        stepped.clear()
        gateway.wake_all()


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
