"""The account API: REST over the account's alerts and devices, with OpenAPI at /schema.

It knows requests, answers and problems (RFC 9457); it must not know how alerts reach devices.
"""

import base64
import binascii
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Controller, Litestar, Request, Router, delete, get, patch, post
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.params import FromPath, JSONBody, Parameter

from bellwire import __version__
from bellwire.alerts.alert import Alert, Kind, Schedule
from bellwire.cloud import accounts
from bellwire.cloud.account_routes import AccountController
from bellwire.cloud.accounts import Shown
from bellwire.cloud.activity import note_success, tell_devices
from bellwire.cloud.assets import AssetStore
from bellwire.cloud.auth import Tokens
from bellwire.cloud.authority import Authority
from bellwire.cloud.bus import Bus
from bellwire.cloud.config import Limits
from bellwire.cloud.consent import AgreementController, ApprovalsController, AuthorizationsController
from bellwire.cloud.device_api import DeviceController
from bellwire.cloud.gateway import Gateway
from bellwire.cloud.identity import AccountIdentity
from bellwire.cloud.problems import HANDLERS, refusals
from bellwire.cloud.store.accounts import Account, find_account
from bellwire.cloud.store.devices import Device, list_devices
from bellwire.cloud.store.sqlite import SqliteStore
from bellwire.cloud.wishes import WishError, every_of, first_occurrence, one_line, schedule_at, schedule_in, zone_of
from bellwire.protocol.profiles import DEFAULT_PROFILE, PROFILES

API_PATH = "/api/v1"
PAGE = 100
"""Alerts of a page at most."""


Word = Annotated[str, msgspec.Meta(max_length=64)]
"""What has a form of its own; none is longer."""


class NewAlert(msgspec.Struct, kw_only=True, rename={"in_": "in"}, forbid_unknown_fields=True):
    """An alert to add. Exactly one of `in` and `at` is given."""

    label: str = ""
    kind: Kind = Kind.REMINDER
    in_: Word | None = None
    """So long from now: 5s, 10m, 1h30m."""
    at: Word | None = None
    """A time of day in `timezone` (07:00), or an instant with its offset."""
    every: Word | None = None
    """daily, weekday, weekend or weekly; with `at`."""
    timezone: Word | None = None
    """IANA name; the account's where none is given."""
    devices: Annotated[list[Word], msgspec.Meta(min_length=1, max_length=1000)] | None = None
    """Ids; every device of the account where none is given, also those that join later."""


class ChangedAlert(msgspec.Struct, kw_only=True, rename={"in_": "in"}, forbid_unknown_fields=True):
    """What of an alert becomes different; the rest stays."""

    label: str | None = None
    in_: Word | None = None
    at: Word | None = None
    every: Word | None = None
    timezone: Word | None = None


class AlertView(msgspec.Struct, kw_only=True):
    """An alert, and where it stands."""

    token: str
    kind: Kind
    label: str
    scheduled_time: datetime
    """The next occurrence."""
    every: str | None
    timezone: str
    everywhere: bool
    devices: dict[str, str]
    """By device id: unknown, set, failed, ringing, stopped or absent, as the device last said."""


class AlertPage(msgspec.Struct, kw_only=True):
    """Some of the alerts, the earliest first."""

    alerts: list[AlertView]
    next: str | None
    """Give it as `after` to get the next page; null: this was the last."""


class NewDevice(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A device to add."""

    name: str = "speaker"
    profile: Word = DEFAULT_PROFILE.name


class DeviceView(msgspec.Struct, kw_only=True):
    """A device of the account."""

    device_id: str
    name: str
    profile: str
    model: str | None
    """As the device, or the program that had it authorized, calls its kind."""
    connected: bool


class AddedDevice(msgspec.Struct, kw_only=True):
    """A device that was added. Its access token is shown this once."""

    device_id: str
    access_token: str


@dataclass(frozen=True, kw_only=True)
class Services:
    """What the account API works with."""

    store: SqliteStore
    tokens: Tokens[AccountIdentity]
    assets: AssetStore
    bus: Bus
    gateway: Gateway
    authority: Authority
    limits: Limits
    clock: Callable[[], datetime]

    async def speech_of(self, account: Account, kind: Kind, label: str) -> str | None:
        """The name of the asset that speaks the label; None where there is nothing to speak, or it cannot be."""
        if not label.strip() or kind is Kind.ALARM:
            return None
        return await self.assets.speech(account.account_id, label, accounts.language_of_account(account))


def _services(request: Request[AccountIdentity, Any, State]) -> Services:
    services: Services = request.app.state.services
    return services


class AlertsController(Controller):
    """The alerts of the account."""

    path = f"{API_PATH}/alerts"
    tags = ("alerts",)

    @post(summary="Add an alert", responses=refusals(409, body=True))
    async def add(self, data: JSONBody[NewAlert], request: Request[AccountIdentity, Any, State]) -> AlertView:
        """Add an alert; its devices are told at once."""
        services, account_id, now = _services(request), request.user.account_id, _services(request).clock()
        account = await services.store.read(find_account, account_id)
        label = one_line("label", data.label, services.limits.label)
        schedule = _schedule(data, account.timezone, now)
        alert = Alert(
            token=str(uuid.uuid4()),
            kind=data.kind,
            label=label,
            schedule=schedule,
            scheduled_time=first_occurrence(schedule, now, services.limits.past_due),
            version=1,
            everywhere=data.devices is None,
            speech=await services.speech_of(account, data.kind, label),
        )
        most = services.limits.alerts
        shown = await services.store.write(accounts.add_alert, account_id, alert, data.devices, most, now)
        services.bus.wake(shown.lives)
        return _view(shown)

    @get(summary="List the alerts", responses=refusals(422))
    async def list(
        self,
        request: Request[AccountIdentity, Any, State],
        after: Annotated[str | None, Parameter(description="`next` of the page before")] = None,
        limit: Annotated[int, Parameter(ge=1, le=PAGE)] = PAGE,
    ) -> AlertPage:
        """A page of the account's alerts, the earliest first."""
        store = _services(request).store
        shown = await store.read(accounts.show_alerts, request.user.account_id, _cursor_of(after), limit + 1)
        following = _cursor(shown[limit - 1].alert) if len(shown) > limit else None
        return AlertPage(alerts=[_view(each) for each in shown[:limit]], next=following)

    @get("/{token:str}", summary="Show an alert", responses=refusals(404))
    async def show(self, token: FromPath[str], request: Request[AccountIdentity, Any, State]) -> AlertView:
        """One alert."""
        return _view(await _services(request).store.read(accounts.show_alert, request.user.account_id, token))

    @patch("/{token:str}", summary="Edit an alert", responses=refusals(404, body=True))
    async def edit(
        self, token: FromPath[str], data: JSONBody[ChangedAlert], request: Request[AccountIdentity, Any, State]
    ) -> AlertView:
        """Change an alert; its devices are told at once."""
        services, account_id, now = _services(request), request.user.account_id, _services(request).clock()
        before = (await services.store.read(accounts.show_alert, account_id, token)).alert
        label = speech = schedule = time = None
        if data.label is not None:
            label = one_line("label", data.label, services.limits.label)
            account = await services.store.read(find_account, account_id)
            speech = await services.speech_of(account, before.kind, label)
        if data.in_ is not None or data.at is not None or data.every is not None or data.timezone is not None:
            account = await services.store.read(find_account, account_id)
            schedule = _schedule(data, account.timezone, now)
            time = first_occurrence(schedule, now, services.limits.past_due)
        edit = accounts.Edit(label=label, speech=speech, schedule=schedule, scheduled_time=time)
        shown = await services.store.write(accounts.edit_alert, account_id, token, edit, now)
        services.bus.wake(shown.lives)
        return _view(shown)

    @delete("/{token:str}", summary="Delete an alert", responses=refusals(404))
    async def remove(self, token: FromPath[str], request: Request[AccountIdentity, Any, State]) -> None:
        """Delete an alert; its devices are told at once."""
        services = _services(request)
        services.bus.wake(await services.store.write(accounts.remove_alert, request.user.account_id, token))


class DevicesController(Controller):
    """The devices of the account."""

    path = f"{API_PATH}/devices"
    tags = ("devices",)

    @post(summary="Add a device", responses=refusals(409, 423, 451, body=True))
    async def add(self, data: JSONBody[NewDevice], request: Request[AccountIdentity, Any, State]) -> AddedDevice:
        """Add a device and make its access token. It gets every alert that rings everywhere."""
        services, account_id = _services(request), request.user.account_id
        name = accounts.name_of(data.name, services.limits.name)
        if data.profile not in PROFILES:
            raise WishError(f"there is no profile {data.profile!r}; there are: {', '.join(sorted(PROFILES))}")
        device = Device(str(uuid.uuid4()), name, data.profile)
        token = await services.authority.add_device(account_id, device)
        return AddedDevice(device_id=device.device_id, access_token=token)

    @get(summary="List the devices", responses=refusals())
    async def list(self, request: Request[AccountIdentity, Any, State]) -> list[DeviceView]:
        """The account's devices."""
        services = _services(request)
        return [
            DeviceView(
                device_id=device.device_id,
                name=device.name,
                profile=device.profile,
                model=device.model,
                connected=services.gateway.is_connected(device.device_id),
            )
            for device in await services.store.read(list_devices, request.user.account_id)
        ]


def _schedule(data: NewAlert | ChangedAlert, zone: str, now: datetime) -> Schedule:
    if data.timezone is not None:
        zone = data.timezone
        zone_of(zone)
    if (data.in_ is None) == (data.at is None):
        raise WishError("say either how long from now (in) or at what time (at), and not both")
    if data.in_ is not None:
        if data.every is not None:
            raise WishError("what comes again needs a time (at), not a length of time (in)")
        return schedule_in(data.in_, zone, now)
    return schedule_at(data.at or "", data.every, zone, now)


def _view(shown: Shown) -> AlertView:
    alert = shown.alert
    return AlertView(
        token=alert.token,
        kind=alert.kind,
        label=alert.label,
        scheduled_time=alert.scheduled_time,
        every=every_of(alert.schedule),
        timezone=alert.schedule.zone,
        everywhere=alert.everywhere,
        devices={device_id: life.value for device_id, life in shown.lives.items()},
    )


def _cursor(alert: Alert) -> str:
    return base64.urlsafe_b64encode(f"{alert.scheduled_time.isoformat()} {alert.token}".encode()).decode()


def _cursor_of(text: str | None) -> tuple[datetime, str] | None:
    if text is None:
        return None
    try:
        time, token = base64.urlsafe_b64decode(text.encode()).decode().split(" ", 1)
        at = datetime.fromisoformat(time)
    except (ValueError, binascii.Error):
        at, token = None, ""
    if at is None or at.tzinfo is None:
        raise WishError("`after` is not the `next` of a page; leave it out for the first page")
    return at, token


async def _authenticate(connection: ASGIConnection[Any, Any, Any, Any], _: Any) -> None:
    if connection.scope["path"].startswith(API_PATH):
        services: Services = connection.app.state.services
        connection.scope["user"] = await services.tokens.identity(connection.headers.get("authorization"))


def account_api(services: Services) -> Litestar:
    """The account API as an ASGI application."""
    consent = Router(API_PATH, route_handlers=[AuthorizationsController, ApprovalsController, AgreementController])
    single = Router(API_PATH, route_handlers=[DeviceController, AccountController])
    bearer = SecurityScheme(type="http", scheme="bearer", description="An account's token")
    return Litestar(
        [AlertsController, DevicesController, consent, single],
        before_send=[note_success],
        after_response=tell_devices,
        state=State({"services": services}),
        guards=[_authenticate],
        exception_handlers=HANDLERS,
        openapi_config=OpenAPIConfig(
            title="Bellwire account API",
            version=__version__,
            components=Components(security_schemes={"bearer": bearer}),
            security=[{"bearer": []}],
            render_plugins=[JsonRenderPlugin()],
        ),
        request_max_body_size=services.limits.api_body,
        logging_config=None,
    )
