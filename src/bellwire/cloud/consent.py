"""What an account lets in and agrees to, as routes of the account API: authorization codes, speakers that show a code,
the end of a device's tokens, terms.

It knows requests and answers; it must not know who may have what (`authority`).
"""

from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, post
from litestar.datastructures import State
from litestar.params import FromPath, JSONBody

from bellwire.cloud.accounts import name_of
from bellwire.cloud.authority import AskedCode, Authority
from bellwire.cloud.config import Limits
from bellwire.cloud.grants import CODE_LASTS, Bound, is_challenge
from bellwire.cloud.identity import AccountIdentity
from bellwire.cloud.problems import refusals
from bellwire.cloud.refusal import Fault, Refusal
from bellwire.cloud.services import API_PATH, LOCATION
from bellwire.cloud.store.clients import Client
from bellwire.cloud.wishes import WishError, one_line
from bellwire.protocol.profiles import profile_named
from bellwire.protocol.profiles.profile import TokenForm

_S256 = "S256"
_LONGEST_ID = 200
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=_LONGEST_ID)]
Uri = Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
UserCode = Annotated[str, msgspec.Meta(max_length=64)]


class NewAuthorization(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a code is asked for, by the program with which the owner sets a device up."""

    client_id: Id
    redirect_uri: Uri
    """One of the client's."""
    code_challenge: Id
    """Made by S256 from the verifier that the device will show (RFC 7636, 4.2)."""
    code_challenge_method: Id = _S256
    """S256; plain proves nothing, and is refused."""
    product: Id | None = None
    """What kind of device it is."""
    name: str | None = None
    """What you call the device; what kind it is where none is given."""
    device_id: Id | None = None
    """The device's own id, such as its serial number: one that comes again with it is the one it was."""


class GivenCode(msgspec.Struct, kw_only=True):
    """A code that gives tokens once."""

    code: str
    expires_in: int
    """Seconds."""


class NewApproval(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A speaker to let in."""

    user_code: UserCode
    """As the speaker shows it; small letters and blanks are no mistake."""
    name: str | None = None
    """What you call it; what it calls itself where none is given."""


class ApprovedDevice(msgspec.Struct, kw_only=True):
    """The device that the speaker is from now on. It gets its tokens by itself, within seconds."""

    device_id: str
    name: str
    profile: str
    product: str | None


class NewRefusal(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A speaker that is not to be let in."""

    user_code: UserCode


class Agreement(msgspec.Struct, kw_only=True):
    """What was agreed to."""

    terms: str
    """Its address."""


_Asked = Request[AccountIdentity, Any, State]


def _authority(request: _Asked) -> Authority:
    authority: Authority = request.app.state.services.authority
    return authority


def _limits(request: _Asked) -> Limits:
    limits: Limits = request.app.state.services.limits
    return limits


def _peer(request: _Asked) -> str:
    return request.client.host if request.client else ""


class AuthorizationsController(Controller):
    """Codes for devices that the owner sets up with a program of its maker."""

    path = "/authorizations"
    tags = ("authorization",)

    @post(summary="Get an authorization code for a device", responses=refusals(423, 429, 451, body=True))
    async def add(self, data: JSONBody[NewAuthorization], request: _Asked) -> GivenCode:
        """Get a code; the device shows it with its code_verifier at its version's token path."""
        if data.code_challenge_method != _S256:
            raise WishError(f"code_challenge_method must be {_S256}: a plain one proves nothing")
        if not is_challenge(data.code_challenge):
            raise WishError("code_challenge must be the SHA-256 of the verifier in base64url: 43 characters, no =")
        _check_redirect(await _authority(request).client(data.client_id), data.redirect_uri)
        bound = Bound(data.client_id, data.redirect_uri, data.device_id, data.code_challenge)
        product = None if data.product is None else one_line("product", data.product, _LONGEST_ID)
        name = None if data.name is None else name_of(data.name, _limits(request).name)
        code = await _authority(request).code(request.user.account_id, AskedCode(bound, product, name))
        return GivenCode(code=code, expires_in=int(CODE_LASTS.total_seconds()))


def _check_redirect(client: Client, redirect_uri: str) -> None:
    if client.profile is None or profile_named(client.profile).authorization.token_form is not TokenForm.JSON:
        raise Refusal(
            Fault.UNAUTHORIZED_CLIENT, "devices of this client ask for their codes themselves; there is no other way"
        )
    if redirect_uri not in client.redirect_uris:
        known = ", ".join(client.redirect_uris)
        raise WishError(f"redirect_uri is none of this client's, letter by letter; they are: {known}")


class ApprovalsController(Controller):
    """Speakers that show a code."""

    tags = ("authorization",)

    @post(
        "/device-approvals",
        summary="Let a speaker in",
        response_headers=[LOCATION],
        responses=refusals(404, 409, 423, 429, 451, body=True),
    )
    async def approve(self, data: JSONBody[NewApproval], request: _Asked) -> Response[ApprovedDevice]:
        """Let the speaker that shows this code in, as a new device of the account."""
        device = await _authority(request).approve(request.user.account_id, _peer(request), data.user_code, data.name)
        approved = ApprovedDevice(
            device_id=device.device_id, name=device.name, profile=device.profile, product=device.model
        )
        return Response(approved, headers={"Location": f"{API_PATH}/devices/{device.device_id}"})

    @post("/device-refusals", status_code=204, summary="Refuse a speaker", responses=refusals(404, 429, body=True))
    async def refuse(self, data: JSONBody[NewRefusal], request: _Asked) -> None:
        """Tell the speaker that shows this code that it is not let in."""
        await _authority(request).refuse(request.user.account_id, _peer(request), data.user_code)

    @post(
        "/devices/{device_id:str}/revocation",
        status_code=204,
        summary="End a device's tokens",
        responses=refusals(404),
    )
    async def revoke(self, device_id: FromPath[str], request: _Asked) -> None:
        """End all tokens of a device and its downchannel, at once. It stays, with its alerts, until it is removed."""
        await _authority(request).revoke_device(request.user.account_id, device_id)


class AgreementController(Controller):
    """The terms of whoever runs this cloud."""

    path = "/agreement"
    tags = ("authorization",)

    @post(summary="Agree to the terms", responses=refusals(422))
    async def agree(self, request: _Asked) -> Agreement:
        """Agree to the terms of this cloud: without, nothing is authorized in the account where there are some."""
        return Agreement(terms=await _authority(request).agree(request.user.account_id))
