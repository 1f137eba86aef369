"""The account's devices as routes of the account API: which there are, and each one's name, volume and software.

It knows requests and answers; it must not know how a device is told (`commands`, `delivery`).
"""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar

import msgspec
from litestar import Controller, Response, delete, get, patch, post
from litestar.params import FromPath, JSONBody

from bellwire.cloud.accounts import name_of
from bellwire.cloud.commands import order
from bellwire.cloud.device_view import (
    DeviceDetail,
    ExceptionView,
    detail_of,
    exception_of,
    load_exceptions,
    load_known,
)
from bellwire.cloud.pages import PAGE, After, Limit, page, place_of
from bellwire.cloud.problems import refusals
from bellwire.cloud.services import API_PATH, LOCATION, Asked, services_of
from bellwire.cloud.store.devices import Device, page_of_devices, remove_device, rename_device
from bellwire.cloud.store.portions import PORTION
from bellwire.cloud.store.rings import forget_rings
from bellwire.cloud.wishes import WishError
from bellwire.protocol.messages import Message
from bellwire.protocol.messages.alerts import AdjustVolume, SetVolume
from bellwire.protocol.messages.system import ReportSoftwareInfo
from bellwire.protocol.profiles import DEFAULT_PROFILE, PROFILES

Seq = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Word = Annotated[str, msgspec.Meta(max_length=64)]


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


class DevicePage(msgspec.Struct, kw_only=True):
    """Some of the devices, by name."""

    devices: list[DeviceView]
    next: str | None
    """Give it as `after` to get the next page; null: this was the last."""


class ExceptionPage(msgspec.Struct, kw_only=True):
    """Some of what a device could not carry out, the newest first."""

    exceptions: list[ExceptionView]
    next: str | None
    """Give it as `after` to get the next page; null: this was the last."""


class AddedDevice(msgspec.Struct, kw_only=True):
    """A device that was added. Its access token is shown this once."""

    device_id: str
    access_token: str


class ChangedDevice(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What of a device becomes different."""

    name: str


class NewVolume(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How loud alerts are to ring. Exactly one of the two is given."""

    EXAMPLE: ClassVar[Mapping[str, Any]] = {"volume": 40}

    volume: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = None
    change: Annotated[int, msgspec.Meta(ge=-100, le=100)] | None = None
    """By so much louder, or softer."""


class Ordered(msgspec.Struct, kw_only=True):
    """The device is told at once, or when it connects."""

    connected: bool
    """Whether it is now."""
    until: datetime
    """If it does not connect until then, it is not told."""


async def _order(request: Asked, device_id: str, message: Message) -> Ordered:
    services, account_id = services_of(request), request.user.account_id
    until = await services.store.write(order, account_id, device_id, message, services.clock())
    services.bus.wake([device_id])
    return Ordered(connected=services.gateway.is_connected(device_id), until=until)


class DevicesController(Controller):
    """The devices of the account."""

    path = f"{API_PATH}/devices"
    tags = ("devices",)

    @post(summary="Add a device", response_headers=[LOCATION], responses=refusals(409, 423, 451, body=True))
    async def add(self, data: JSONBody[NewDevice], request: Asked) -> Response[AddedDevice]:
        """Add a device and make its access token. It gets every alert that rings everywhere."""
        services, account_id = services_of(request), request.user.account_id
        name = name_of(data.name, services.limits.name)
        if data.profile not in PROFILES:
            raise WishError(f"there is no profile {data.profile!r}; there are: {', '.join(sorted(PROFILES))}")
        device = Device(str(uuid.uuid4()), name, data.profile)
        token = await services.authority.add_device(account_id, device)
        added = AddedDevice(device_id=device.device_id, access_token=token)
        return Response(added, headers={"Location": f"{self.path}/{device.device_id}"})

    @get(summary="List the devices", responses=refusals(422))
    async def list(self, request: Asked, after: After = None, limit: Limit = PAGE) -> DevicePage:
        """A page of the account's devices, by name."""
        services, place = services_of(request), place_of(after, tuple[str, str])
        found = await services.store.read(page_of_devices, request.user.account_id, place, limit + 1)
        devices, following = page(found, limit, lambda device: (device.name, device.device_id))
        shown = [
            DeviceView(
                device_id=device.device_id,
                name=device.name,
                profile=device.profile,
                model=device.model,
                connected=services.gateway.is_connected(device.device_id),
            )
            for device in devices
        ]
        return DevicePage(devices=shown, next=following)


class DeviceController(Controller):
    """One device of the account."""

    path = "/devices/{device_id:str}"
    tags = ("devices",)

    @get(summary="Show a device", responses=refusals(404))
    async def show(self, device_id: FromPath[str], request: Asked) -> DeviceDetail:
        """All that is known of a device."""
        return await _detail(request, device_id)

    @patch(summary="Rename a device", responses=refusals(404, body=True))
    async def edit(self, device_id: FromPath[str], data: JSONBody[ChangedDevice], request: Asked) -> DeviceDetail:
        """Call a device otherwise."""
        services = services_of(request)
        name = name_of(data.name, services.limits.name)
        await services.store.write(rename_device, request.user.account_id, device_id, name)
        return await _detail(request, device_id)

    @delete(summary="Remove a device", responses=refusals(404))
    async def remove(self, device_id: FromPath[str], request: Asked) -> None:
        """Remove a device with its tokens; its downchannel ends at once."""
        services, account_id = services_of(request), request.user.account_id
        # There may be so much history that it would keep the others waiting if it went at once with its device.
        while await services.store.write(forget_rings, account_id, device_id) == PORTION:
            pass
        await services.store.write(remove_device, account_id, device_id)
        services.gateway.hang_up(device_id)

    @get("/exceptions", summary="List what a device could not carry out", responses=refusals(404, 422))
    async def exceptions(
        self, device_id: FromPath[str], request: Asked, after: After = None, limit: Limit = PAGE
    ) -> ExceptionPage:
        """A page of the directives that the device could not carry out, the newest first; the last 100 are kept."""
        store, place = services_of(request).store, place_of(after, tuple[Seq])
        before = None if place is None else place[0]
        found = await store.read(load_exceptions, request.user.account_id, device_id, before, limit + 1)
        shown, following = page(found, limit, lambda exception: (exception.seq,))
        return ExceptionPage(exceptions=[exception_of(each) for each in shown], next=following)

    @post("/volume", status_code=202, summary="Set how loud alerts ring", responses=refusals(404, body=True))
    async def volume(self, device_id: FromPath[str], data: JSONBody[NewVolume], request: Asked) -> Ordered:
        """Have the device ring so loud, or louder or softer by so much; it reports its volume then."""
        if (data.volume is None) == (data.change is None):
            raise WishError("say either how loud (volume) or by how much louder or softer (change), and not both")
        loud = SetVolume(volume=data.volume) if data.volume is not None else AdjustVolume(volume=data.change or 0)
        return await _order(request, device_id, loud)

    @post("/software", status_code=202, summary="Ask for a device's software", responses=refusals(404, 422))
    async def software(self, device_id: FromPath[str], request: Asked) -> Ordered:
        """Have the device report the version of its software."""
        return await _order(request, device_id, ReportSoftwareInfo())


async def _detail(request: Asked, device_id: str) -> DeviceDetail:
    services = services_of(request)
    known = await services.store.read(load_known, request.user.account_id, device_id)
    return detail_of(
        known,
        connected=services.gateway.is_connected(device_id),
        endpoint=services.gateway.regions.endpoint_of(known.country),
    )
