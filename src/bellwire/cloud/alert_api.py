"""The account's alerts as routes of the account API.

It knows requests and answers; it must not know how alerts reach devices.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated

import msgspec
from litestar import Controller, Response, delete, get, patch, post
from litestar.params import FromPath, JSONBody, QueryParameter

from bellwire.alerts.alert import Schedule
from bellwire.cloud import accounts
from bellwire.cloud.accounts import Devices, Shown
from bellwire.cloud.action_forms import reserved_by
from bellwire.cloud.alert_forms import (
    MOST_PREVIEWED,
    AlertPage,
    AlertPlace,
    AlertView,
    ChangedAlert,
    ExtendWish,
    NewAlert,
    OccurrencePlace,
    Preview,
    PreviewWish,
    SnoozeWish,
    alert_of,
    changed_by,
    preview_of,
    says_when,
    schedule_of,
    view_of,
)
from bellwire.cloud.conduct_forms import conduct_by
from bellwire.cloud.pages import PAGE, After, Limit, page, place_of
from bellwire.cloud.problems import refusals
from bellwire.cloud.services import API_PATH, LOCATION, Asked, services_of
from bellwire.cloud.snoozing import snooze_alert, snooze_length, stop_alert
from bellwire.cloud.sound_forms import sounds_of
from bellwire.cloud.store.accounts import find_account
from bellwire.cloud.store.transaction import Transaction
from bellwire.cloud.timers import extend_timer
from bellwire.cloud.wishes import first_occurrence, label_of, length_of


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

        edit = accounts.Edit(
            label=label,
            speech=speech,
            reschedule=reschedule,
            conduct=None if data.conduct is None else partial(conduct_by, wish=data.conduct),
            actions=None if data.actions is None else reserved_by(data.actions, before.kind),
            assets=None if data.assets is None else sounds_of(data.assets, services.limits.assets),
            where=None if data.devices is msgspec.UNSET else Devices(data.devices),
        )
        shown = await services.store.write(accounts.edit_alert, account_id, token, edit, now)
        services.bus.wake((*shown.lives, *shown.left))
        return view_of(shown)

    @post("/preview", status_code=200, summary="See when it would ring", responses=refusals(body=True))
    async def preview(self, data: JSONBody[PreviewWish], request: Asked) -> Preview:
        """The next occurrences of what is asked for. Nothing is added."""
        services, now = services_of(request), services_of(request).clock()
        schedule = schedule_of(data, await services.store.read(find_account, request.user.account_id), now)
        first = first_occurrence(schedule, now, services.limits.past_due) - timedelta(microseconds=1)
        return preview_of(schedule, first, data.limit, place_of(data.after, OccurrencePlace))

    @get("/{token:str}/occurrences", summary="See when an alert rings", responses=refusals(404, 422))
    async def occurrences(
        self,
        token: FromPath[str],
        request: Asked,
        after: After = None,
        limit: Annotated[int, QueryParameter(ge=1, le=MOST_PREVIEWED)] = 10,
    ) -> Preview:
        """The next occurrences of an alert."""
        services, place = services_of(request), place_of(after, OccurrencePlace)
        alert = (await services.store.read(accounts.show_alert, request.user.account_id, token)).alert
        return preview_of(alert.schedule, services.clock(), limit if alert.paused_on is None else 0, place)

    @post("/{token:str}/skip", status_code=200, summary="Skip the next occurrence", responses=refusals(404, 422))
    async def skip(self, token: FromPath[str], request: Asked) -> AlertView:
        """Leave out the next occurrence; the devices are told of the one after it at once."""
        return await _step(request, token, accounts.skip_occurrence)

    @post("/{token:str}/pause", status_code=200, summary="Pause an alert", responses=refusals(404, 422))
    async def pause(self, token: FromPath[str], request: Asked) -> AlertView:
        """Have an alert ring nowhere until it is resumed; its devices are told at once. Again: nothing changes.

        What is left of a timer is kept. One that rings is over, so there is nothing to pause.
        """
        return await _step(request, token, accounts.pause_alert)

    @post("/{token:str}/extend", status_code=200, summary="Extend a timer", responses=refusals(404, body=True))
    async def extend(self, token: FromPath[str], data: JSONBody[ExtendWish], request: Asked) -> AlertView:
        """Give a timer more time, also one that is paused or rings; its devices are told at once."""
        by = length_of(data.by)

        def extended(account_id: str, token: str, now: datetime) -> Transaction[Shown]:
            return extend_timer(account_id, token, by, now)

        return await _step(request, token, extended)

    @post("/{token:str}/resume", status_code=200, summary="Resume an alert", responses=refusals(404, 422))
    async def resume(self, token: FromPath[str], request: Asked) -> AlertView:
        """Have a paused alert ring again, from its next occurrence on; a timer when the rest is over.

        Again: nothing changes.
        """
        return await _step(request, token, accounts.resume_alert)

    @post("/{token:str}/snooze", status_code=200, summary="Snooze what rings", responses=refusals(404, body=True))
    async def snooze(self, token: FromPath[str], request: Asked, data: JSONBody[SnoozeWish | None] = None) -> AlertView:
        """Have an alert that rings be silent for a while, and ring again then; its devices are told at once.

        Where each device is stopped by itself, those on which it rings. What comes again goes on by its own schedule.
        """
        length = snooze_length(data.for_) if data is not None and data.for_ is not None else None

        def snoozed(account_id: str, token: str, now: datetime) -> Transaction[Shown]:
            return snooze_alert(account_id, token, length, now)

        return await _step(request, token, snoozed)

    @post("/{token:str}/stop", status_code=204, summary="Stop what rings", responses=refusals(404, 422))
    async def stop(self, token: FromPath[str], request: Asked) -> None:
        """Have an alert that rings, or is snoozed, ring no longer on any device; its devices are told at once.

        What comes again goes on by its schedule; another one is deleted.
        """
        services, account_id = services_of(request), request.user.account_id
        services.bus.wake(await services.store.write(stop_alert, account_id, token, services.clock()))

    @delete("/{token:str}", summary="Delete an alert", responses=refusals(404))
    async def remove(self, token: FromPath[str], request: Asked) -> None:
        """Delete an alert; its devices are told at once."""
        services = services_of(request)
        account_id, now = request.user.account_id, services.clock()
        services.bus.wake(await services.store.write(accounts.remove_alert, account_id, token, now))


async def _step(
    request: Asked,
    token: str,
    step: Callable[[str, str, datetime], Transaction[Shown]],
) -> AlertView:
    services = services_of(request)
    shown = await services.store.write(step, request.user.account_id, token, services.clock())
    services.bus.wake(shown.lives)
    return view_of(shown)
