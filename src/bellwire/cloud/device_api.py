"""One device, and the account itself, as routes of the account API: what is known of it, its name, its volume, its
software; in which country the account is.

It knows requests and answers; it must not know how a device is told (`commands`, `delivery`).
"""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from litestar import Controller, Request, delete, get, patch, post
from litestar.datastructures import State
from litestar.params import FromPath, JSONBody

from bellwire.cloud.accounts import move_account, name_of
from bellwire.cloud.commands import order
from bellwire.cloud.countries import country_of
from bellwire.cloud.device_view import (
    DeviceDetail,
    ExceptionView,
    detail_of,
    exception_of,
    load_exceptions,
    load_known,
)
from bellwire.cloud.identity import AccountIdentity
from bellwire.cloud.problems import refusals
from bellwire.cloud.store.accounts import find_account, set_country
from bellwire.cloud.store.devices import remove_device, rename_device
from bellwire.cloud.wishes import WishError, zone_of
from bellwire.protocol.messages import Message
from bellwire.protocol.messages.alerts import AdjustVolume, SetVolume
from bellwire.protocol.messages.system import ReportSoftwareInfo

if TYPE_CHECKING:
    from bellwire.cloud.api import Services

_Asked = Request[AccountIdentity, Any, State]
Country = Annotated[str, msgspec.Meta(max_length=64)]


class ChangedDevice(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What of a device becomes different."""

    name: str


class NewVolume(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How loud alerts are to ring. Exactly one of the two is given."""

    volume: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = None
    change: Annotated[int, msgspec.Meta(ge=-100, le=100)] | None = None
    """By so much louder, or softer."""


class Ordered(msgspec.Struct, kw_only=True):
    """The device is told at once, or when it connects."""

    connected: bool
    """Whether it is now."""
    until: datetime
    """If it does not connect until then, it is not told."""


class AccountView(msgspec.Struct, kw_only=True):
    """The account."""

    account_id: str
    name: str
    timezone: str
    country: str | None
    """ISO 3166-1 alpha-2; null: not known."""
    endpoint: str | None
    """The cloud that serves this country; null: this one."""


class ChangedAccount(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What of the account becomes different."""

    country: Country | msgspec.UnsetType | None = msgspec.UNSET
    """ISO 3166-1 alpha-2, such as KR; null: not known."""
    timezone: Country | msgspec.UnsetType = msgspec.UNSET
    """IANA name, such as Asia/Seoul: what 07:00 means. Alerts that were made without a time zone of their own move."""


def _services(request: _Asked) -> "Services":
    services: Services = request.app.state.services
    return services


async def _order(request: _Asked, device_id: str, message: Message) -> Ordered:
    services, account_id = _services(request), request.user.account_id
    until = await services.store.write(order, account_id, device_id, message, services.clock())
    services.bus.wake([device_id])
    return Ordered(connected=services.gateway.is_connected(device_id), until=until)


class DeviceController(Controller):
    """One device of the account."""

    path = "/devices/{device_id:str}"
    tags = ("devices",)

    @get(summary="Show a device", responses=refusals(404))
    async def show(self, device_id: FromPath[str], request: _Asked) -> DeviceDetail:
        """All that is known of a device."""
        return await _detail(request, device_id)

    @patch(summary="Rename a device", responses=refusals(404, body=True))
    async def edit(self, device_id: FromPath[str], data: JSONBody[ChangedDevice], request: _Asked) -> DeviceDetail:
        """Call a device otherwise."""
        services = _services(request)
        name = name_of(data.name, services.limits.name)
        await services.store.write(rename_device, request.user.account_id, device_id, name)
        return await _detail(request, device_id)

    @delete(summary="Remove a device", responses=refusals(404))
    async def remove(self, device_id: FromPath[str], request: _Asked) -> None:
        """Remove a device with its tokens; its downchannel ends at once."""
        services = _services(request)
        await services.store.write(remove_device, request.user.account_id, device_id)
        services.gateway.hang_up(device_id)

    @get("/exceptions", summary="List what a device could not carry out", responses=refusals(404))
    async def exceptions(self, device_id: FromPath[str], request: _Asked) -> list[ExceptionView]:
        """The last 100 directives that the device could not carry out, the newest first."""
        found = await _services(request).store.read(load_exceptions, request.user.account_id, device_id)
        return [exception_of(each) for each in found]

    @post("/volume", status_code=202, summary="Set how loud alerts ring", responses=refusals(404, body=True))
    async def volume(self, device_id: FromPath[str], data: JSONBody[NewVolume], request: _Asked) -> Ordered:
        """Have the device ring so loud, or louder or softer by so much; it reports its volume then."""
        if (data.volume is None) == (data.change is None):
            raise WishError("say either how loud (volume) or by how much louder or softer (change), and not both")
        loud = SetVolume(volume=data.volume) if data.volume is not None else AdjustVolume(volume=data.change or 0)
        return await _order(request, device_id, loud)

    @post("/software", status_code=202, summary="Ask for a device's software", responses=refusals(404, 422))
    async def software(self, device_id: FromPath[str], request: _Asked) -> Ordered:
        """Have the device report the version of its software."""
        return await _order(request, device_id, ReportSoftwareInfo())


async def _detail(request: _Asked, device_id: str) -> DeviceDetail:
    services = _services(request)
    known = await services.store.read(load_known, request.user.account_id, device_id)
    return detail_of(
        known,
        connected=services.gateway.is_connected(device_id),
        endpoint=services.gateway.regions.endpoint_of(known.country),
    )


class AccountController(Controller):
    """The account."""

    path = "/account"
    tags = ("account",)

    @get(summary="Show the account", responses=refusals())
    async def show(self, request: _Asked) -> AccountView:
        """The account whose token it is."""
        return await _account(request)

    @patch(summary="Say where the account is", responses=refusals(body=True))
    async def edit(self, data: JSONBody[ChangedAccount], request: _Asked) -> AccountView:
        """Change the country or the time zone.

        Where another cloud serves the country, the devices are told at once to go there. Alerts that were made
        without a time zone of their own ring at the same wall times in the new one.
        """
        services, account_id = _services(request), request.user.account_id
        country = country_of(data.country) if isinstance(data.country, str) else data.country
        zone = zone_of(data.timezone).key if isinstance(data.timezone, str) else None
        if country is msgspec.UNSET and zone is None:
            raise WishError("say what shall be different: country or timezone")
        if not isinstance(country, msgspec.UnsetType):
            services.bus.wake(await services.store.write(set_country, account_id, country))
        if zone is not None:
            services.bus.wake(await services.store.write(move_account, account_id, zone, services.clock()))
        return await _account(request)


async def _account(request: _Asked) -> AccountView:
    services = _services(request)
    account = await services.store.read(find_account, request.user.account_id)
    return AccountView(
        account_id=account.account_id,
        name=account.name,
        timezone=account.timezone,
        country=account.country,
        endpoint=services.gateway.regions.endpoint_of(account.country),
    )
