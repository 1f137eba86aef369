"""What its owner does with the account is activity of its user: connected devices count their inactivity anew.

(System document, ResetUserInactivity: an interaction with the companion program triggers it.)

It knows which requests are an action, and which devices are told; it must not know what was done.
"""

from collections.abc import Iterable
from datetime import datetime

import structlog
from litestar.enums import ScopeType
from litestar.types import Message as AsgiMessage
from litestar.types import Scope

from bellwire.cloud.commands import order_all
from bellwire.cloud.identity import AccountIdentity
from bellwire.cloud.services import Asked, services_of
from bellwire.cloud.store.devices import list_devices
from bellwire.cloud.store.errors import StoreError
from bellwire.cloud.store.reports import save_inactivity
from bellwire.cloud.store.transaction import Transaction
from bellwire.protocol.messages.system import ResetUserInactivity
from bellwire.protocol.profiles import PROFILES

log = structlog.get_logger()

_LOOKS_ONLY = frozenset({"GET", "HEAD", "OPTIONS"})
_ACTED = "bellwire_acted"


async def note_success(message: AsgiMessage, scope: Scope) -> None:
    """Note, before its answer is sent, that a request did something in an account."""
    if message["type"] == "http.response.start" and scope["type"] == ScopeType.HTTP:
        is_action = message["status"] < 400 and scope["method"] not in _LOOKS_ONLY
        scope["state"][_ACTED] = is_action and isinstance(scope.get("user"), AccountIdentity)


async def tell_devices(request: Asked) -> None:
    """Tell the account's devices, after its answer was sent, that a request did something: nobody waits for this."""
    if not request.scope["state"].get(_ACTED):
        return
    services = services_of(request)
    account_id = request.user.account_id
    try:
        counting = [
            device.device_id
            for device in await services.store.read(list_devices, account_id)
            if PROFILES[device.profile].has(ResetUserInactivity) and services.gateway.is_connected(device.device_id)
        ]
        if counting:
            await services.store.write(user_acted, account_id, counting, services.clock())
            services.bus.wake(counting)
    except StoreError as error:
        log.warning("devices were not told that their user is active", account=account_id, error=str(error))


def user_acted(account_id: str, device_ids: Iterable[str], now: datetime) -> Transaction[None]:
    """These devices count their inactivity anew, and what they reported of it is over."""
    device_ids = list(device_ids)
    yield from order_all(account_id, device_ids, ResetUserInactivity(), now)
    for device_id in device_ids:
        yield from save_inactivity(account_id, device_id, None, now)
