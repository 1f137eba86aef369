"""The account itself as routes of the account API: its name, its time zone, where it is and what it speaks.

It knows requests and answers; it must not know how a device is told to go elsewhere (`delivery`).
"""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, ClassVar

import msgspec
from litestar import Controller, get, patch
from litestar.params import JSONBody

from bellwire.alerts.alert import Conduct
from bellwire.cloud.account_changes import Change, change_settings, follow_account, language_of_account
from bellwire.cloud.bulk import PORTION
from bellwire.cloud.conduct_forms import ConductView, ConductWish, conduct_by, conduct_view
from bellwire.cloud.countries import country_of
from bellwire.cloud.languages import language_named
from bellwire.cloud.problems import refusals
from bellwire.cloud.services import Asked, Services, services_of
from bellwire.cloud.store.accounts import find_account
from bellwire.cloud.store.alerts import list_tokens
from bellwire.cloud.store.conducts import change_conduct, load_conduct
from bellwire.cloud.store.devices import list_devices
from bellwire.cloud.wishes import WishError, zone_of

Word = Annotated[str, msgspec.Meta(max_length=64)]


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
    conduct: ConductView
    """How its alerts are snoozed and stopped, where they do not say so themselves."""


class ChangedAccount(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What of the account becomes different."""

    EXAMPLE: ClassVar[Mapping[str, Any]] = {"country": "KR", "language": "ko", "timezone": "Asia/Seoul"}

    country: Word | msgspec.UnsetType | None = msgspec.UNSET
    """ISO 3166-1 alpha-2, such as KR; null: not known."""
    language: Word | msgspec.UnsetType | None = msgspec.UNSET
    """Of its labels: en, ja, ko or zh; null: that of the country or time zone."""
    timezone: Word | msgspec.UnsetType = msgspec.UNSET
    """IANA name, such as Asia/Seoul: what 07:00 means. Alerts that were made without a time zone of their own move."""
    conduct: ConductWish | msgspec.UnsetType = msgspec.UNSET
    """How its alerts are snoozed and stopped."""


class AccountController(Controller):
    """The account."""

    path = "/account"
    tags = ("account",)

    @get(summary="Show the account", responses=refusals())
    async def show(self, request: Asked) -> AccountView:
        """The account whose token it is."""
        return await _account(request)

    @patch(summary="Change the account", responses=refusals(body=True))
    async def edit(self, data: JSONBody[ChangedAccount], request: Asked) -> AccountView:
        """Change country, language, time zone or how alerts are snoozed and stopped; the rest stays.

        Where another cloud serves the country, the devices are told at once to go there. Alerts that were made without
        a time zone of their own ring at the same wall times in the new one. Labels are spoken anew where the account
        speaks another language then.
        """
        services, account_id = services_of(request), request.user.account_id
        change = _change(data)
        if data.conduct is not msgspec.UNSET:
            await services.store.write(change_conduct, account_id, partial(conduct_by, wish=data.conduct))
        services.bus.wake(await services.store.write(change_settings, account_id, change))
        if change.said:
            await _have_alerts_follow(services, account_id)
        return await _account(request)


async def _have_alerts_follow(services: Services, account_id: str) -> None:
    """Some alerts at a time, so that what others do is not delayed. Cut off, it is done by the same request again."""
    tokens = await services.store.read(list_tokens, account_id)
    rows = 1 + len(await services.store.read(list_devices, account_id))
    at_once = max(1, PORTION // rows)
    for begin in range(0, len(tokens), at_once):
        some = tokens[begin : begin + at_once]
        woken = await services.store.write(
            follow_account, account_id, some, services.assets.name_of_label, services.clock()
        )
        services.bus.wake(woken)


def _change(data: ChangedAccount) -> Change:
    said: dict[str, str | None] = {}
    if data.country is not msgspec.UNSET:
        said["country"] = None if data.country is None else country_of(data.country)
    if data.language is not msgspec.UNSET:
        said["language"] = None if data.language is None else language_named(data.language)
    if data.timezone is not msgspec.UNSET:
        said["timezone"] = zone_of(data.timezone).key
    if not said and data.conduct is msgspec.UNSET:
        raise WishError("say what becomes different: country, language, timezone or conduct")
    return Change(frozenset(said), **said)


async def _account(request: Asked) -> AccountView:
    services = services_of(request)
    account = await services.store.read(find_account, request.user.account_id)
    conduct = await services.store.read(load_conduct, request.user.account_id)
    return AccountView(
        account_id=account.account_id,
        name=account.name,
        timezone=account.timezone,
        country=account.country,
        endpoint=services.gateway.regions.endpoint_of(account.country),
        language=account.language,
        speaks=language_of_account(account),
        conduct=conduct_view(conduct.over(Conduct())),
    )
