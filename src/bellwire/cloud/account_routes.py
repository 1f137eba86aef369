"""The account itself as routes of the account API: its name, its time zone, in which country it is.

It knows requests and answers; it must not know how a device is told to go elsewhere (`delivery`).
"""

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from litestar import Controller, Request, get, patch
from litestar.datastructures import State
from litestar.params import JSONBody

from bellwire.cloud.countries import country_of
from bellwire.cloud.identity import AccountIdentity
from bellwire.cloud.problems import refusals
from bellwire.cloud.store.accounts import find_account, set_country

if TYPE_CHECKING:
    from bellwire.cloud.api import Services

_Asked = Request[AccountIdentity, Any, State]
Country = Annotated[str, msgspec.Meta(max_length=64)]


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

    country: Country | None
    """ISO 3166-1 alpha-2, such as KR; null: not known."""


def _services(request: _Asked) -> "Services":
    services: Services = request.app.state.services
    return services


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
        """Change the country; where another cloud serves it, the devices are told at once to go there."""
        country = None if data.country is None else country_of(data.country)
        services = _services(request)
        services.bus.wake(await services.store.write(set_country, request.user.account_id, country))
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
