"""One device, and the account itself, as routes of the account API: what is known of it, its name, its volume, its
software; in which country the account is, and what it speaks.

It knows requests and answers; it must not know how a device is told (`commands`, `delivery`).
"""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from litestar import Controller, Request, delete, get, patch, post
from litestar.datastructures import State
from litestar.params import FromPath, JSONBody

from bellwire.cloud.accounts import Change, change_account, language_of_account, name_of
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
from bellwire.cloud.languages import language_named
from bellwire.cloud.problems import refusals
from bellwire.cloud.store.accounts import find_account
from bellwire.cloud.store.devices import remove_device, rename_device
from bellwire.cloud.wishes import WishError
from bellwire.protocol.messages import Message
from bellwire.protocol.messages.alerts import AdjustVolume, SetVolume
from bellwire.protocol.messages.system import ReportSoftwareInfo

if TYPE_CHECKING:
    from bellwire.cloud.api import Services

_Asked = Request[AccountIdentity, Any, State]
Word = Annotated[str, msgspec.Meta(max_length=64)]


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
    language: str | None
    """As it was chosen, ISO 639: en, ja, ko or zh; null: it follows from country and time zone."""
    speaks: str
    """The language in which labels are spoken."""


class ChangedAccount(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What of the account becomes different."""

    country: Word | msgspec.UnsetType | None = msgspec.UNSET
    """ISO 3166-1 alpha-2, such as KR; null: not known."""
    language: Word | msgspec.UnsetType | None = msgspec.UNSET
    """Of its labels: en, ja, ko or zh; null: that of the country or time zone."""


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

    @patch(summary="Say where the account is and what it speaks", responses=refusals(body=True))
    async def edit(self, data: JSONBody[ChangedAccount], request: _Asked) -> AccountView:
        """Change country or language; the rest stays.

        Where another cloud serves the country, the devices are told at once to go there. Labels are spoken anew where
        the account speaks another language then.
        """
        services, account_id = _services(request), request.user.account_id
        change = _change(data)
        name_of_label, now = services.assets.name_of_label, services.clock()
        services.bus.wake(await services.store.write(change_account, account_id, change, name_of_label, now))
        return await _account(request)


def _change(data: ChangedAccount) -> Change:
    said: dict[str, str | None] = {}
    if data.country is not msgspec.UNSET:
        said["country"] = None if data.country is None else country_of(data.country)
    if data.language is not msgspec.UNSET:
        said["language"] = None if data.language is None else language_named(data.language)
    if not said:
        raise WishError("say what becomes different: country, language or both")
    return Change(frozenset(said), **said)


async def _account(request: _Asked) -> AccountView:
    services = _services(request)
    account = await services.store.read(find_account, request.user.account_id)
    return AccountView(
        account_id=account.account_id,
        name=account.name,
        timezone=account.timezone,
        country=account.country,
        endpoint=services.gateway.regions.endpoint_of(account.country),
        language=account.language,
        speaks=language_of_account(account),
    )
