"""Many alerts in one request, as a route of the account API.

It knows requests and answers; it must not know how many are written at once (`bulk`).
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, ClassVar

import msgspec
from litestar import Controller, post
from litestar.params import JSONBody

from bellwire.alerts.alert import Alert
from bellwire.cloud.alert_forms import NewAlert, alert_of
from bellwire.cloud.bulk import MOST_IN_ONE_PIECE, SomeRefusedError, Wanted, add_portion, portions, rows_of
from bellwire.cloud.config import Config
from bellwire.cloud.problems import refusals
from bellwire.cloud.services import API_PATH, Asked, Services, services_of
from bellwire.cloud.store.accounts import Account, find_account
from bellwire.cloud.store.devices import list_devices
from bellwire.cloud.store.errors import StoreBusy, StoreFailed
from bellwire.cloud.wishes import WishError

MOST = 1_000
"""Alerts of one request."""
_TOLD = 3
"""Alerts of which a refusal of all says why."""


class NewAlerts(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Alerts to add."""

    EXAMPLE: ClassVar[Mapping[str, Any]] = {
        "alerts": [{"label": "Breakfast", "at": "07:30", "every": "daily"}, {"label": "Bus to the station", "in": "2h"}]
    }

    alerts: Annotated[list[NewAlert], msgspec.Meta(min_length=1, max_length=MOST)]
    all_or_nothing: bool = False
    """Add none unless all can be added. Else those are added that can be."""


class AlertResult(msgspec.Struct, kw_only=True):
    """What became of one alert."""

    status: int
    """201: it was added; 422: it cannot be; 503: too much was waiting, send it again."""
    token: str | None = None
    scheduled_time: datetime | None = None
    """When it rings first."""
    detail: str | None = None
    """Why it was not added."""


class BulkResult(msgspec.Struct, kw_only=True):
    """What became of all."""

    added: int
    refused: int
    results: list[AlertResult]
    """In the order in which they were asked for."""


class BulkController(Controller):
    """Many alerts."""

    path = f"{API_PATH}/alerts"
    tags = ("alerts",)

    @post(
        "/bulk",
        status_code=200,
        summary="Add many alerts",
        responses=refusals(body=True),
        request_max_body_size=Config.limits.bulk_body,
    )
    async def add_many(self, data: JSONBody[NewAlerts], request: Asked) -> BulkResult:
        """Add up to 1,000 alerts, each with its own label, time and devices; the devices are told as it goes on.

        Each is added or refused by itself, and the answer says which. With `all_or_nothing` one that cannot be added
        keeps all others from it, and that is answered 422.
        """
        services, account_id, now = services_of(request), request.user.account_id, services_of(request).clock()
        account = await services.store.read(find_account, account_id)
        results: list[AlertResult] = []
        wanted: list[Wanted] = []
        for place, wish in enumerate(data.alerts):
            try:
                alert = _alert(wish, services, account, now)
            except WishError as error:
                results.append(AlertResult(status=422, detail=str(error)))
            else:
                results.append(AlertResult(status=201, token=alert.token, scheduled_time=alert.scheduled_time))
                wanted.append(Wanted(place, alert, wish.devices))
            await asyncio.sleep(0)  # to read a rule can take milliseconds, and others wait
        if data.all_or_nothing:
            await _add_all(services, account_id, wanted, results, now)
        else:
            await _add_each(services, account_id, wanted, results, now)
        added = sum(result.status == 201 for result in results)
        return BulkResult(added=added, refused=len(results) - added, results=results)


def _alert(wish: NewAlert, services: Services, account: Account, now: datetime) -> Alert:
    alert = alert_of(wish, account, services.limits, now)
    return replace(alert, speech=services.promised_speech(account, alert.kind, alert.label))


async def _add_each(
    services: Services, account_id: str, wanted: Sequence[Wanted], results: list[AlertResult], now: datetime
) -> None:
    everywhere = len(await services.store.read(list_devices, account_id))
    most = services.limits.alerts
    for portion in portions(wanted, everywhere):
        try:
            done = await services.store.write(add_portion, account_id, portion, most, now)
        except (StoreBusy, StoreFailed) as error:
            for each in portion:
                results[each.place] = AlertResult(status=503, detail=f"{error}; send this one again")
            continue
        for place, why in done.refused.items():
            results[place] = AlertResult(status=422, detail=why)
        services.bus.wake(done.woken)


async def _add_all(
    services: Services, account_id: str, wanted: Sequence[Wanted], results: Sequence[AlertResult], now: datetime
) -> None:
    refused = {place: each.detail or "" for place, each in enumerate(results) if each.status != 201}
    if refused:
        raise _none_added(refused)
    everywhere = len(await services.store.read(list_devices, account_id))
    rows = sum(rows_of(each, everywhere) for each in wanted)
    if rows > MOST_IN_ONE_PIECE:
        raise WishError(
            f"these are {rows - len(wanted)} alerts on devices; all or none of them can be no more than "
            f"{MOST_IN_ONE_PIECE - len(wanted)}: send fewer at a time, or leave all_or_nothing out"
        )
    try:
        done = await services.store.write(
            add_portion, account_id, wanted, services.limits.alerts, now, all_or_none=True
        )
    except SomeRefusedError as error:
        raise _none_added(error.refused) from None
    services.bus.wake(done.woken)


def _none_added(refused: dict[int, str]) -> WishError:
    told = "; ".join(f"alerts[{place}]: {why}" for place, why in sorted(refused.items())[:_TOLD])
    more = f"; and {len(refused) - _TOLD} more" if len(refused) > _TOLD else ""
    return WishError(f"nothing was added, because of {len(refused)}: {told}{more}")
