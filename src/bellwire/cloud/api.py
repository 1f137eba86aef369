"""The account API: REST over the account's alerts and devices, with OpenAPI at /schema.

It knows requests, answers and problems (RFC 9457); it must not know how alerts reach devices.
"""

import base64
import binascii
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
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
from bellwire.alerts.recurrence import MOST_COUNTED, MOST_EXCEPTIONS, occurrences
from bellwire.alerts.rules import LONGEST_RULE
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
from bellwire.cloud.store.transaction import Transaction
from bellwire.cloud.wishes import (
    Change,
    WishError,
    changed_schedule,
    every_of,
    exceptions_of,
    first_occurrence,
    one_line,
    schedule_at,
    schedule_in,
    until_of,
    zone_of,
)
from bellwire.protocol.profiles import DEFAULT_PROFILE, PROFILES

API_PATH = "/api/v1"
PAGE = 100
"""Alerts of a page at most."""


MOST_PREVIEWED = 100
"""Occurrences that are shown at a time."""


Word = Annotated[str, msgspec.Meta(max_length=64)]
"""What has a form of its own; none is longer."""
Recurrence = Annotated[str, msgspec.Meta(max_length=LONGEST_RULE + 100)]
"""A name, days or a rule with its end."""
Times = Annotated[int, msgspec.Meta(ge=1, le=MOST_COUNTED)]
Exceptions = Annotated[list[Word], msgspec.Meta(max_length=MOST_EXCEPTIONS)]


_RENAMED = {"in_": "in", "exceptions": "except"}


class Wish(msgspec.Struct, kw_only=True, rename=_RENAMED, forbid_unknown_fields=True):
    """When something shall ring. Exactly one of `in` and `at` is given."""

    in_: Word | None = None
    """So long from now: 5s, 10m, 1h30m."""
    at: Word | None = None
    """A time of day in `timezone` (07:00), or an instant with its offset."""
    every: Recurrence | None = None
    """With `at`: daily, weekday, weekend, weekly, monthly, yearly, workday (without the public holidays of the
    account's country), days such as mon,wed,fri, or a rule of RFC 5545 such as FREQ=MONTHLY;BYDAY=-1FR."""
    until: Word | None = None
    """With `every`: the last day (2026-12-31), or the last moment; not with `times`."""
    times: Times | None = None
    """With `every`: so often."""
    exceptions: Exceptions | None = None
    """With `every`: days (2026-12-25) or times (2026-12-25T07:00) at which it does not ring."""
    timezone: Word | None = None
    """IANA name; the account's where none is given, and then it moves with the account."""


class NewAlert(Wish, kw_only=True, rename=_RENAMED, forbid_unknown_fields=True):
    """An alert to add."""

    label: str = ""
    kind: Kind = Kind.REMINDER
    devices: Annotated[list[Word], msgspec.Meta(min_length=1, max_length=1000)] | None = None
    """Ids; every device of the account where none is given, also those that join later."""


class ChangedAlert(Wish, kw_only=True, rename=_RENAMED, forbid_unknown_fields=True):
    """What of an alert becomes different; the rest stays. `every` may be once, `until` may be never."""

    label: str | None = None


class PreviewWish(Wish, kw_only=True, rename=_RENAMED, forbid_unknown_fields=True):
    """A wish, to see when it would ring."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST_PREVIEWED)] = 10


class Preview(msgspec.Struct, kw_only=True, rename=_RENAMED):
    """When something rings."""

    occurrences: list[datetime]
    """The next ones, the earliest first; none while it is paused."""
    every: str | None
    until: str | None
    exceptions: list[str]
    timezone: str


class AlertView(msgspec.Struct, kw_only=True, rename=_RENAMED):
    """An alert, and where it stands."""

    token: str
    kind: Kind
    label: str
    scheduled_time: datetime | None
    """The next occurrence; null: it is paused."""
    paused: bool
    every: str | None
    """As it is given; null: once."""
    until: str | None
    """The last moment on the clocks of `timezone`; null: for ever."""
    exceptions: list[str]
    """Days, and times on the clocks of `timezone`, at which it does not ring."""
    timezone: str
    floating: bool
    """It moves along when the account moves to another time zone."""
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
        schedule = _schedule(data, account, now)
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
        account = await services.store.read(find_account, account_id)
        label = speech = reschedule = None
        if data.label is not None:
            label = one_line("label", data.label, services.limits.label)
            speech = await services.speech_of(account, before.kind, label)
        if _says_when(data):

            def reschedule(present: Schedule) -> tuple[Schedule, datetime]:
                schedule = _changed(present, data, account, now)
                return schedule, first_occurrence(schedule, now, services.limits.past_due)

        edit = accounts.Edit(label=label, speech=speech, reschedule=reschedule)
        shown = await services.store.write(accounts.edit_alert, account_id, token, edit, now)
        services.bus.wake(shown.lives)
        return _view(shown)

    @post("/preview", status_code=200, summary="See when it would ring", responses=refusals(body=True))
    async def preview(self, data: JSONBody[PreviewWish], request: Request[AccountIdentity, Any, State]) -> Preview:
        """The next occurrences of what is asked for. Nothing is added."""
        services, now = _services(request), _services(request).clock()
        schedule = _schedule(data, await services.store.read(find_account, request.user.account_id), now)
        first = first_occurrence(schedule, now, services.limits.past_due)
        return _preview(schedule, first - timedelta(microseconds=1), data.limit)

    @get("/{token:str}/occurrences", summary="See when an alert rings", responses=refusals(404, 422))
    async def occurrences(
        self,
        token: FromPath[str],
        request: Request[AccountIdentity, Any, State],
        limit: Annotated[int, Parameter(ge=1, le=MOST_PREVIEWED)] = 10,
    ) -> Preview:
        """The next occurrences of an alert."""
        services = _services(request)
        alert = (await services.store.read(accounts.show_alert, request.user.account_id, token)).alert
        return _preview(alert.schedule, services.clock(), limit if alert.paused_on is None else 0)

    @post("/{token:str}/skip", status_code=200, summary="Skip the next occurrence", responses=refusals(404, 422))
    async def skip(self, token: FromPath[str], request: Request[AccountIdentity, Any, State]) -> AlertView:
        """Leave out the next occurrence; the devices are told of the one after it at once."""
        return await _step(request, token, accounts.skip_occurrence)

    @post("/{token:str}/pause", status_code=200, summary="Pause an alert", responses=refusals(404))
    async def pause(self, token: FromPath[str], request: Request[AccountIdentity, Any, State]) -> AlertView:
        """Have an alert ring nowhere until it is resumed; its devices are told at once. Again: nothing changes."""
        return await _step(request, token, accounts.pause_alert)

    @post("/{token:str}/resume", status_code=200, summary="Resume an alert", responses=refusals(404, 422))
    async def resume(self, token: FromPath[str], request: Request[AccountIdentity, Any, State]) -> AlertView:
        """Have a paused alert ring again, from its next occurrence on. Again: nothing changes."""
        return await _step(request, token, accounts.resume_alert)

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


async def _step(
    request: Request[AccountIdentity, Any, State],
    token: str,
    step: Callable[[str, str, datetime], Transaction[Shown]],
) -> AlertView:
    services = _services(request)
    shown = await services.store.write(step, request.user.account_id, token, services.clock())
    services.bus.wake(shown.lives)
    return _view(shown)


def _schedule(data: Wish, account: Account, now: datetime) -> Schedule:
    zone = account.timezone if data.timezone is None else data.timezone
    zone_of(zone)
    if (data.in_ is None) == (data.at is None):
        raise WishError(_WHEN)
    change = _change(data, account)
    if data.in_ is not None:
        return _schedule_in(data.in_, change, zone, now)
    return schedule_at(data.at or "", data.every, zone, now, change, floating=data.timezone is None)


def _changed(present: Schedule, data: Wish, account: Account, now: datetime) -> Schedule:
    change = _change(data, account)
    if data.in_ is None:
        return changed_schedule(present, change, now)
    if data.at is not None:
        raise WishError(_WHEN)
    return _schedule_in(data.in_, change, data.timezone or account.timezone, now)


def _schedule_in(length: str, change: Change, zone: str, now: datetime) -> Schedule:
    if change.is_said:
        raise WishError("what comes again needs a time (at), not a length of time (in)")
    return schedule_in(length, zone, now)


_WHEN = "say either how long from now (in) or at what time (at), and not both"


def _says_when(data: Wish) -> bool:
    return any(getattr(data, name) is not None for name in Wish.__struct_fields__)


def _change(data: Wish, account: Account) -> Change:
    return Change(
        at=data.at,
        zone=data.timezone,
        account_zone=account.timezone,
        every=data.every,
        until=data.until,
        times=data.times,
        exceptions=data.exceptions,
        country=account.country,
    )


def _preview(schedule: Schedule, after: datetime, limit: int) -> Preview:
    return Preview(
        occurrences=list(islice(occurrences(schedule, after), limit)),
        every=every_of(schedule),
        until=until_of(schedule),
        exceptions=exceptions_of(schedule),
        timezone=schedule.zone,
    )


def _view(shown: Shown) -> AlertView:
    alert = shown.alert
    return AlertView(
        token=alert.token,
        kind=alert.kind,
        label=alert.label,
        scheduled_time=None if alert.paused_on is not None else alert.scheduled_time,
        paused=alert.paused_on is not None,
        every=every_of(alert.schedule),
        until=until_of(alert.schedule),
        exceptions=exceptions_of(alert.schedule),
        timezone=alert.schedule.zone,
        floating=alert.schedule.floating,
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
