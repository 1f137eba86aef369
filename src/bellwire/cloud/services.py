"""What the routes of the account API work with, and how they get at it.

It knows the parts of a running cloud; it must not know routes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Request
from litestar.datastructures import State

from bellwire.alerts.alert import Kind
from bellwire.cloud import accounts
from bellwire.cloud.assets import AssetStore
from bellwire.cloud.auth import Tokens
from bellwire.cloud.authority import Authority
from bellwire.cloud.bus import Bus
from bellwire.cloud.calendar_files import CalendarFiles
from bellwire.cloud.config import Limits
from bellwire.cloud.gateway import Gateway
from bellwire.cloud.identity import AccountIdentity
from bellwire.cloud.store.accounts import Account
from bellwire.cloud.store.sqlite import SqliteStore

API_PATH = "/api/v1"

Asked = Request[AccountIdentity, Any, State]
"""A request of somebody who is known."""


@dataclass(frozen=True, kw_only=True)
class Services:
    """What the account API works with."""

    store: SqliteStore
    tokens: Tokens[AccountIdentity]
    assets: AssetStore
    calendars: CalendarFiles
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


def services_of(request: Asked) -> Services:
    """What the cloud that was asked works with."""
    services: Services = request.app.state.services
    return services
