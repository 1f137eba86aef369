"""What the routes of the account API work with, and how they get at it.

It knows the parts of a running cloud; it must not know routes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Request
from litestar.datastructures import ResponseHeader, State

from bellwire.alerts.alert import Kind
from bellwire.cloud.account_changes import language_of_account
from bellwire.cloud.assets import AssetStore
from bellwire.cloud.auth import Tokens
from bellwire.cloud.authority import Authority
from bellwire.cloud.bus import Bus
from bellwire.cloud.calendar_files import CalendarFiles
from bellwire.cloud.change_feed import ChangeFeed
from bellwire.cloud.conditions import ConditionalStore
from bellwire.cloud.config import Limits
from bellwire.cloud.gateway import Gateway
from bellwire.cloud.identity import AccountIdentity
from bellwire.cloud.store.accounts import Account

API_PATH = "/api/v1"

LOCATION = ResponseHeader(
    name="Location", documentation_only=True, description="Where it is from now on: for GET, PATCH and DELETE."
)
"""Of the answer to a request that made something with an address of its own."""

Asked = Request[AccountIdentity, Any, State]
"""A request of somebody who is known."""


@dataclass(frozen=True, kw_only=True)
class Services:
    """What the account API works with."""

    store: ConditionalStore
    tokens: Tokens[AccountIdentity]
    assets: AssetStore
    calendars: CalendarFiles
    bus: Bus
    gateway: Gateway
    authority: Authority
    changes: ChangeFeed
    limits: Limits
    clock: Callable[[], datetime]
    behind_proxy: bool = False
    """Peers are a proxy's connections, which many clients share."""

    async def speech_of(self, account: Account, kind: Kind, label: str) -> str | None:
        """The name of the asset that speaks the label; None where there is nothing to speak, or it cannot be."""
        if not label.strip() or kind is Kind.ALARM:
            return None
        return await self.assets.speech(account.account_id, label, language_of_account(account))

    def promised_speech(self, account: Account, kind: Kind, label: str) -> str | None:
        """The same for many alerts at once: the asset is made when a speaker asks for it."""
        if not label.strip() or kind is Kind.ALARM:
            return None
        return self.assets.promised(account.account_id, label, language_of_account(account))


def services_of(request: Asked) -> Services:
    """What the cloud that was asked works with."""
    services: Services = request.app.state.services
    return services
