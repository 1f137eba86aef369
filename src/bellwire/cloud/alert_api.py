"""The account's alerts as routes of the account API.

It knows requests and answers; it must not know how alerts reach devices.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated

from litestar import Controller, Response, delete, get, patch, post
from litestar.params import FromPath, JSONBody, QueryParameter

from bellwire.alerts.alert import Schedule
from bellwire.cloud import accounts
from bellwire.cloud.accounts import Shown
from bellwire.cloud.alert_forms import (
    MOST_PREVIEWED,
    AlertPage,
    AlertPlace,
    AlertView,
    ChangedAlert,
    NewAlert,
    Preview,
    PreviewWish,
    alert_of,
    changed_by,
    preview_of,
    says_when,
    schedule_of,
    view_of,
)
from bellwire.cloud.pages import PAGE, After, Limit, page, place_of
from bellwire.cloud.problems import refusals
from bellwire.cloud.services import API_PATH, LOCATION, Asked, services_of
from bellwire.cloud.store.accounts import find_account
from bellwire.cloud.store.transaction import Transaction
from bellwire.cloud.wishes import first_occurrence, label_of


class AlertsController(Controller):
    """The alerts of the account."""

    path = f"{API_PATH}/alerts"
    tags = ("alerts",)

    @post(summary="Add an alert", response_headers=[LOCATION], responses=refusals(409, body=True))
    async def add(self, data: JSONBody[NewAlert], request: Asked) -> Response[AlertView]:
        """Add an alert; its devices are told at once."""
        services, account_id, now = services_of(request), request.user.account_id, services_of(request).clock()
        account = await services.store.read(find_account, account_id)
        alert = alert_of(data, account, services.limits, now)
        alert = replace(alert, speech=await services.speech_of(account, alert.kind, alert.label))
        most = services.limits.alerts
        shown = await services.store.write(accounts.add_alert, account_id, alert, data.devices, most, now)
        services.bus.wake(shown.lives)
        return Response(view_of(shown), headers={"Location": f"{self.path}/{alert.token}"})

    @get(summary="List the alerts", responses=refusals(422))
    async def list(self, request: Asked, after: After = None, limit: Limit = PAGE) -> AlertPage:
        """A page of the account's alerts, the earliest first."""
        store, place = services_of(request).store, place_of(after, AlertPlace)
        found = await store.read(accounts.show_alerts, request.user.account_id, place, limit + 1)
        shown, following = page(found, limit, lambda each: AlertPlace(each.alert.scheduled_time, each.alert.token))
        return AlertPage(alerts=[view_of(each) for each in shown], next=following)

    @get("/{token:str}", summary="Show an alert", responses=refusals(404))
    async def show(self, token: FromPath[str], request: Asked) -> AlertView:
        """One alert."""
        return view_of(await services_of(request).store.read(accounts.show_alert, request.user.account_id, token))

    @patch("/{token:str}", summary="Edit an alert", responses=refusals(404, body=True))
    async def edit(self, token: FromPath[str], data: JSONBody[ChangedAlert], request: Asked) -> AlertView:
        """Change an alert; its devices are told at once."""
        services, account_id, now = services_of(request), request.user.account_id, services_of(request).clock()
        before = (await services.store.read(accounts.show_alert, account_id, token)).alert
        account = await services.store.read(find_account, account_id)
        label = speech = reschedule = None
        if data.label is not None:
            label = label_of(data.label, services.limits.label)
            speech = await services.speech_of(account, before.kind, label)
        if says_when(data):

            def reschedule(present: Schedule) -> tuple[Schedule, datetime]:
                schedule = changed_by(present, data, account, now)
                return schedule, first_occurrence(schedule, now, services.limits.past_due)

        edit = accounts.Edit(label=label, speech=speech, reschedule=reschedule)
        shown = await services.store.write(accounts.edit_alert, account_id, token, edit, now)
        services.bus.wake(shown.lives)
        return view_of(shown)

    @post("/preview", status_code=200, summary="See when it would ring", responses=refusals(body=True))
    async def preview(self, data: JSONBody[PreviewWish], request: Asked) -> Preview:
        """The next occurrences of what is asked for. Nothing is added."""
        services, now = services_of(request), services_of(request).clock()
        schedule = schedule_of(data, await services.store.read(find_account, request.user.account_id), now)
        first = first_occurrence(schedule, now, services.limits.past_due)
        return preview_of(schedule, first - timedelta(microseconds=1), data.limit)

    @get("/{token:str}/occurrences", summary="See when an alert rings", responses=refusals(404, 422))
    async def occurrences(
        self,
        token: FromPath[str],
        request: Asked,
        limit: Annotated[int, QueryParameter(ge=1, le=MOST_PREVIEWED)] = 10,
    ) -> Preview:
        """The next occurrences of an alert."""
        services = services_of(request)
        alert = (await services.store.read(accounts.show_alert, request.user.account_id, token)).alert
        return preview_of(alert.schedule, services.clock(), limit if alert.paused_on is None else 0)

    @post("/{token:str}/skip", status_code=200, summary="Skip the next occurrence", responses=refusals(404, 422))
    async def skip(self, token: FromPath[str], request: Asked) -> AlertView:
        """Leave out the next occurrence; the devices are told of the one after it at once."""
        return await _step(request, token, accounts.skip_occurrence)

    @post("/{token:str}/pause", status_code=200, summary="Pause an alert", responses=refusals(404))
    async def pause(self, token: FromPath[str], request: Asked) -> AlertView:
        """Have an alert ring nowhere until it is resumed; its devices are told at once. Again: nothing changes."""
        return await _step(request, token, accounts.pause_alert)

    @post("/{token:str}/resume", status_code=200, summary="Resume an alert", responses=refusals(404, 422))
    async def resume(self, token: FromPath[str], request: Asked) -> AlertView:
        """Have a paused alert ring again, from its next occurrence on. Again: nothing changes."""
        return await _step(request, token, accounts.resume_alert)

    @delete("/{token:str}", summary="Delete an alert", responses=refusals(404))
    async def remove(self, token: FromPath[str], request: Asked) -> None:
        """Delete an alert; its devices are told at once."""
        services = services_of(request)
        services.bus.wake(await services.store.write(accounts.remove_alert, request.user.account_id, token))


async def _step(
    request: Asked,
    token: str,
    step: Callable[[str, str, datetime], Transaction[Shown]],
) -> AlertView:
    services = services_of(request)
    shown = await services.store.write(step, request.user.account_id, token, services.clock())
    services.bus.wake(shown.lives)
    return view_of(shown)
