"""The emulated cloud in the hands of tests in any language: REST, described at /schema/openapi.json.

It knows requests and answers; it must not know how anything is brought about.
"""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Litestar, MediaType, Request, Response, delete, get, post
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.params import FromPath, JSONBody, Parameter

from bellwire import __version__
from bellwire.cloud.alert_forms import NewAlert
from bellwire.cloud.problems import HANDLERS, MEDIA_TYPE, Problem, answered
from bellwire.cloud.wishes import WishError, length_of, zone_of
from bellwire.emulation.clock import TimeOutOfReachError
from bellwire.emulation.conversation import Entry
from bellwire.emulation.emulator import Emulator, RefusedError
from bellwire.emulation.faults import Fault, FaultWish, FaultWishError
from bellwire.emulation.names import UnknownNameError, check_name
from bellwire.protocol.profiles import DEFAULT_PROFILE, PROFILES

LONGEST_WAIT = 60.0
"""Seconds that one request may wait for a message."""
_HOSTS = frozenset({"localhost", "127.0.0.1"})
"""Names under which it is asked: a page in a browser that has another name lead here is not among them."""
_BODY = 64 * 1024

Asked = Request[Any, Any, State]
Seconds = Annotated[float, Parameter(ge=0, le=LONGEST_WAIT, description="Seconds to wait for it")]
Word = Annotated[str, msgspec.Meta(max_length=100)]


class NotThereError(Exception):
    """What is named is not there, or did not come."""


class ElsewhereError(Exception):
    """A page from elsewhere asks."""


class CameError(Exception):
    """What should not come came."""


class Cloud(msgspec.Struct, kw_only=True):
    """The emulated cloud."""

    url: str
    """Where devices connect."""
    ca: str
    """The file of the authority that they must trust."""
    account_url: str
    """Where its account API is, past all faults."""
    account_token: str
    """For the account API: of the account that is there since the last reset."""
    time: datetime
    """What its clock shows."""
    runs: bool
    """Its clock goes on by itself."""
    faults: list[Fault]
    trouble: str | None
    """What goes wrong with connections, if anything."""


class NewStart(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How to begin anew."""

    timezone: Word = "UTC"
    """Of the new account, an IANA name."""


class NewDevice(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A device to pair."""

    profile: Word = DEFAULT_PROFILE.name
    name: Word = "device under test"


class PairedDevice(msgspec.Struct, kw_only=True):
    """A device of the account."""

    device_id: str
    access_token: str
    profile: str
    downchannel_url: str
    events_url: str


class NewTime(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What the cloud's clock shall show."""

    advance: Word | None = None
    """So much later: 10s, 1h30m, 2d."""
    at: datetime | None = None
    """This, with its offset."""
    runs: bool | None = None
    """Whether it goes on by itself; as before where it is not given."""


class Said(msgspec.Struct, kw_only=True):
    """A message that passed, or a note of what went on."""

    at: datetime
    direction: str
    """event, directive or note."""
    name: str
    device: str | None
    arrived: bool
    fate: str
    """How it was answered, or which fault it met."""
    message: Any


def control_api(emulator: Emulator) -> Litestar:
    """The control of an emulated cloud as an ASGI application."""
    return Litestar(
        [show, reset, pair, unpair, add_alert, remove_alert, list_faults, add_fault, remove_faults, remove_fault,
         set_time, expect, conversation, messages],
        state=State({"emulator": emulator}),
        guards=[_from_this_machine],
        exception_handlers={**HANDLERS, **_HANDLERS},
        openapi_config=OpenAPIConfig(
            title="Bellwire emulated cloud", version=__version__, render_plugins=[JsonRenderPlugin()]
        ),
        request_max_body_size=_BODY,
        logging_config=None,
    )  # fmt: skip


def _from_this_machine(connection: ASGIConnection[Any, Any, Any, Any], _: Any) -> None:
    """Browsers say whose page asks, and under which name."""
    host = connection.headers.get("host", "").rpartition(":")[0]
    if host not in _HOSTS or "origin" in connection.headers:
        raise ElsewhereError(f"the control answers programs on this machine only, by {' or '.join(sorted(_HOSTS))}")


def _problem(status: int) -> Any:
    def handler(_: Asked, error: Exception) -> Response[Problem]:
        return answered(error.status if isinstance(error, RefusedError) else status, str(error))

    return handler


_HANDLERS: dict[Any, Any] = {
    ElsewhereError: _problem(403),
    NotThereError: _problem(404),
    CameError: _problem(409),
    FaultWishError: _problem(422),
    UnknownNameError: _problem(422),
    TimeOutOfReachError: _problem(422),
    RefusedError: _problem(422),
}


def _refusals(*statuses: int) -> dict[int, ResponseSpec]:
    meanings = {
        404: "There is no such thing, or it did not come.",
        409: "What should not come came, or there is no room for more.",
        422: "What was asked for cannot be; the detail says why.",
    }
    return {
        status: ResponseSpec(Problem, description=meanings[status], media_type=MEDIA_TYPE, generate_examples=False)
        for status in statuses
    }


def _of(request: Asked) -> Emulator:
    emulator: Emulator = request.app.state.emulator
    return emulator


def _cloud(emulator: Emulator) -> Cloud:
    return Cloud(
        url=emulator.url,
        ca=str(emulator.ca),
        account_url=emulator.account_url,
        account_token=emulator.account.token,
        time=emulator.clock(),
        runs=emulator.clock.runs,
        faults=list(emulator.faults),
        trouble=emulator.front.trouble,
    )


@get("/", summary="Show the cloud")
async def show(request: Asked) -> Cloud:
    """Where it is, what its clock shows, what goes wrong."""
    return _cloud(_of(request))


@post("/reset", status_code=200, summary="Begin anew", responses=_refusals(422))
async def reset(request: Asked, data: JSONBody[NewStart | None] = None) -> Cloud:
    """A new account, the real time, no faults; devices of before are removed, and nothing was said yet."""
    wish = data or NewStart()
    zone_of(wish.timezone)
    await _of(request).reset(wish.timezone)
    return _cloud(_of(request))


@post("/pair", summary="Pair a device", responses=_refusals(409, 422))
async def pair(request: Asked, data: JSONBody[NewDevice | None] = None) -> PairedDevice:
    """A new device of the account, with its access token."""
    emulator, wish = _of(request), data or NewDevice()
    added = await emulator.asks("POST", "devices", {"name": wish.name, "profile": wish.profile})
    profile = PROFILES[wish.profile]
    return PairedDevice(
        **added,
        profile=profile.name,
        downchannel_url=emulator.url + profile.downchannel_path,
        events_url=emulator.url + profile.events_path,
    )


@delete("/devices/{device_id:str}", summary="Remove a device", responses=_refusals(404))
async def unpair(device_id: FromPath[str], request: Asked) -> None:
    """End a device's pairing, with its tokens."""
    await _of(request).asks("DELETE", f"devices/{device_id}")


@post("/alerts", summary="Add an alert", responses=_refusals(409, 422))
async def add_alert(data: JSONBody[NewAlert], request: Asked) -> dict[str, Any]:
    """Add an alert, as the account API takes it; its devices are told at once."""
    wish = msgspec.to_builtins({key: value for key, value in _fields(data).items() if value is not None})
    added: dict[str, Any] = await _of(request).asks("POST", "alerts", wish)
    return added


def _fields(data: msgspec.Struct) -> dict[str, Any]:
    names = zip(data.__struct_fields__, data.__struct_encode_fields__, strict=True)
    return {encoded: getattr(data, name) for name, encoded in names}


@delete("/alerts/{token:str}", summary="Delete an alert", responses=_refusals(404))
async def remove_alert(token: FromPath[str], request: Asked) -> None:
    """Delete an alert; its devices are told at once."""
    await _of(request).asks("DELETE", f"alerts/{token}")


@get("/faults", summary="List the faults")
async def list_faults(request: Asked) -> list[Fault]:
    """Those of messages that are not used up."""
    return list(_of(request).faults)


@post("/faults", summary="Have something go wrong", responses=_refusals(422))
async def add_fault(data: JSONBody[FaultWish], request: Asked) -> Fault:
    """Lose, hold up or refuse messages; cut or stall connections; show the wrong certificate."""
    return _of(request).brings(data)


@delete("/faults", summary="Take all faults back")
async def remove_faults(request: Asked) -> None:
    """Nothing goes wrong any more."""
    _of(request).calm()


@delete("/faults/{number:int}", summary="Take a fault back", responses=_refusals(404))
async def remove_fault(number: FromPath[int], request: Asked) -> None:
    """What it stands for goes wrong no more."""
    if _of(request).faults.remove(number) is None:
        raise NotThereError(f"there is no fault {number}; GET /faults lists what there is")


@post("/time", status_code=200, summary="Set the cloud's clock", responses=_refusals(422))
async def set_time(data: JSONBody[NewTime], request: Asked) -> Cloud:
    """Its own clock, not the device's: what follows from it is done at once."""
    if data.advance is not None and data.at is not None:
        raise WishError("say either by how much (advance) or to what (at), and not both")
    by = None if data.advance is None else length_of(data.advance)
    _of(request).time_passes(by, data.at, runs=data.runs)
    return _cloud(_of(request))


@get("/expect", summary="Wait for a message", responses=_refusals(404, 409, 422))
async def expect(
    request: Asked,
    *,
    name: Annotated[str, Parameter(description="Such as Alerts.AlertStarted", max_length=200)],
    token: Annotated[str | None, Parameter(description="The alert that it is about", max_length=200)] = None,
    device: Annotated[str | None, Parameter(description="The device's id", max_length=200)] = None,
    within: Seconds = 5.0,
    none: Annotated[bool, Parameter(description="It must not come: then the answer is null")] = False,
) -> Any:
    """The next event that the cloud took, or directive that was sent, of this name, as JSON; each is given once."""
    check_name(name)
    found = await _of(request).conversation.take(name, token, device, within)
    named = name if token is None else f"{name} of {token}"
    if none and found is not None:
        raise CameError(f"no {named} was to come within {within:g} s, and it came: {found.line()}")
    if found is None and not none:
        came = ", ".join(_of(request).conversation.not_taken()[-10:]) or "nothing"
        raise NotThereError(f"no {named} came within {within:g} s; of what came, not waited for: {came}")
    return None if found is None else found.message


@get("/conversation", media_type=MediaType.TEXT, summary="Show what was said")
async def conversation(request: Asked) -> str:
    """A line each: >> from the device, << from the cloud, -- what went on beside."""
    return "".join(f"{line}\n" for line in _of(request).conversation.lines())


@get("/messages", summary="List what was said")
async def messages(request: Asked) -> list[Said]:
    """The same for programs, each message whole."""
    return [_said(entry) for entry in _of(request).conversation.entries]


def _said(entry: Entry) -> Said:
    return Said(
        at=entry.at,
        direction=entry.direction,
        name=entry.name,
        device=entry.device,
        arrived=entry.arrived,
        fate=entry.fate,
        message=entry.message,
    )
