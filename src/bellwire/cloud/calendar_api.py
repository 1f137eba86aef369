"""Calendars as routes of the account API: .ics files in and out, and the feed.

It knows requests and answers; it must not know what is in a calendar, nor how it is kept.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, cast

import msgspec
from litestar import Controller, Response, delete, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.params import FromPath, Parameter

from bellwire.cloud.accounts import UnknownDeviceError, name_of
from bellwire.cloud.asgi import Scope, origin_of
from bellwire.cloud.auth import hash_of, new_token
from bellwire.cloud.calendar_files import Wish
from bellwire.cloud.calendars.importing import Result, Step
from bellwire.cloud.feeds import FEED_PATH, SUFFIX
from bellwire.cloud.pages import PAGE, After, Limit, page, place_of
from bellwire.cloud.problems import refusals
from bellwire.cloud.services import Asked, services_of
from bellwire.cloud.store.calendars import drop_feed, feed_since, list_calendars, set_feed
from bellwire.cloud.store.devices import which_are_there
from bellwire.cloud.wishes import length_of

_CALENDAR = "text/calendar"
_AT_START = "start"
_NOT_AT_ALL = "none"
_MOST_DEVICES = 100
"""As many as an address has room for: one of 64 KB is refused by the server itself."""
Ids = list[str]


@dataclass
class TakesCalendar(Operation):
    """A request whose body is an .ics file."""

    def __post_init__(self) -> None:
        """Say so, since it is no field of the handler."""
        file = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING))
        self.request_body = RequestBody(content={_CALENDAR: file}, required=True, description="An .ics file, in UTF-8")


class EntryView(msgspec.Struct, kw_only=True):
    """What became of one alert that the file asks for, or of an event that asks for none."""

    result: Result
    uid: str
    recurrence: str | None
    """The occurrence, where it is one of a series alone."""
    line: int | None
    """On which its event begins; null: it is in the file no longer."""
    label: str
    reason: str | None
    """Why it is removed, skipped or refused."""
    token: str | None
    """The alert's."""
    scheduled_time: datetime | None
    """When it rings next, of what is added or changed."""
    timezone: str | None
    """On whose clocks it does."""


class ImportReport(msgspec.Struct, kw_only=True):
    """What an import did, or with `dry_run` would do."""

    calendar: str
    dry_run: bool
    counts: dict[str, int]
    """added, changed, unchanged, removed, skipped, refused."""
    entries: list[EntryView]
    """In the order of the file; what was removed comes last."""


class CalendarView(msgspec.Struct, kw_only=True):
    """A calendar that was imported."""

    name: str
    alerts: int
    """That came of it, and are still there."""


class CalendarPage(msgspec.Struct, kw_only=True):
    """Some of the calendars, by name."""

    calendars: list[CalendarView]
    next: str | None
    """Give it as `after` to get the next page; null: this was the last."""


class FeedView(msgspec.Struct, kw_only=True):
    """The account's feed."""

    since: datetime | None
    """When its address was made; null: there is none."""


class NewFeed(msgspec.Struct, kw_only=True):
    """A new address of the account's feed. It is shown this once."""

    url: str


class CalendarsController(Controller):
    """Calendars that are imported."""

    path = "/calendars"

    @get(summary="List the calendars that were imported", responses=refusals(422))
    async def list(self, request: Asked, after: After = None, limit: Limit = PAGE) -> CalendarPage:
        """A page of the calendars of which the account has alerts, by name."""
        store, place = services_of(request).store, place_of(after, tuple[str])
        found = await store.read(list_calendars, request.user.account_id, place[0] if place else "", limit + 1)
        shown, following = page(found, limit, lambda each: (each.name,))
        calendars = [CalendarView(name=each.name, alerts=each.alerts) for each in shown]
        return CalendarPage(calendars=calendars, next=following)

    @post(
        "/{name:str}/import",
        status_code=200,
        summary="Import a calendar, or import it again",
        operation_class=TakesCalendar,
        responses=refusals(429, body=True),
    )
    async def import_file(
        self,
        *,
        name: FromPath[str],
        request: Asked,
        device: Annotated[
            Ids | None,
            Parameter(max_items=_MOST_DEVICES, description="New alerts ring there; else on all, also later ones"),
        ] = None,
        without_alarm: Annotated[
            str,
            Parameter(
                max_length=64,
                description="Events without an alarm ring at their start, so long before (10m), or not (none)",
            ),
        ] = _AT_START,
        keep_missing: Annotated[bool, Parameter(description="What the file has no longer stays")] = False,
        dry_run: Annotated[bool, Parameter(description="Nothing is changed")] = False,
    ) -> ImportReport:
        """Make alerts of the events of an .ics file; their devices are told at once.

        What was imported before under the same name is known again: what is the same stays as it is, what is
        different is changed, and what the file has no longer is removed.
        """
        services, account_id = services_of(request), request.user.account_id
        wish = Wish(
            name=name_of(name, services.limits.name),
            devices=tuple(dict.fromkeys(device)) if device else None,
            unalarmed=_unalarmed(without_alarm),
            keep_missing=keep_missing,
            dry_run=dry_run,
        )
        if wish.devices:
            unknown = set(wish.devices) - await services.store.read(which_are_there, account_id, wish.devices)
            if unknown:
                raise UnknownDeviceError(f"this account has no device {', '.join(sorted(unknown))}")
        steps = await services.calendars.imported(account_id, await request.body(), wish)
        return _report(wish, steps)

    @delete("/{name:str}", status_code=200, summary="Remove a calendar", responses=refusals(422))
    async def remove(self, name: FromPath[str], request: Asked) -> ImportReport:
        """Delete all alerts that came of a calendar; their devices are told at once."""
        services = services_of(request)
        wish = Wish(name=name_of(name, services.limits.name))
        return _report(wish, await services.calendars.removed(request.user.account_id, wish.name))


class CalendarController(Controller):
    """The account's own alerts as a calendar."""

    tags = ("calendars",)

    @get(
        "/calendar.ics",
        summary="Export the alerts as a calendar",
        media_type=_CALENDAR,
        responses={
            200: ResponseSpec(str, description="An .ics file", media_type=_CALENDAR, generate_examples=False),
            **refusals(),
        },
    )
    async def export(self, request: Asked) -> Response[bytes]:
        """All alerts as an .ics file; those that are paused without an alarm that rings."""
        services = services_of(request)
        version, alerts, account = await services.calendars.version(request.user.account_id)
        content = await services.calendars.exported(account, alerts, paused=True)
        headers = {"ETag": f'"{version}"', "Content-Disposition": 'attachment; filename="bellwire.ics"'}
        return Response(content, media_type=_CALENDAR, headers=headers)

    @get("/calendar-feed", summary="Show whether there is a feed", responses=refusals())
    async def feed(self, request: Asked) -> FeedView:
        """Whether the alerts can be subscribed to, and since when. The address itself is not known any more."""
        return FeedView(since=await services_of(request).store.read(feed_since, request.user.account_id))

    @post("/calendar-feed", summary="Make a new address for the feed", responses=refusals())
    async def new_feed(self, request: Asked) -> NewFeed:
        """Make an address at which anybody who knows it reads the alerts; one that was made before ends."""
        services, secret, scope = services_of(request), new_token(), cast("Scope", request.scope)
        await services.store.write(set_feed, request.user.account_id, hash_of(secret), services.clock())
        return NewFeed(url=f"{origin_of(scope)}{FEED_PATH}{secret}{SUFFIX}")

    @delete("/calendar-feed", summary="End the feed", responses=refusals())
    async def end_feed(self, request: Asked) -> None:
        """Have the feed's address lead nowhere, from now on. Again: nothing changes."""
        await services_of(request).store.write(drop_feed, request.user.account_id)


def _unalarmed(text: str) -> timedelta | None:
    if text == _NOT_AT_ALL:
        return None
    return timedelta() if text == _AT_START else length_of(text)


def _report(wish: Wish, steps: list[Step]) -> ImportReport:
    counted = Counter(step.result for step in steps)
    return ImportReport(
        calendar=wish.name,
        dry_run=wish.dry_run,
        counts={result.value: counted[result] for result in Result},
        entries=[_entry(step) for step in steps],
    )


def _entry(step: Step) -> EntryView:
    return EntryView(
        result=step.result,
        uid=step.key.uid,
        recurrence=step.key.recurrence or None,
        line=step.line,
        label=step.label,
        reason=step.why or None,
        token=step.token,
        scheduled_time=step.alert.scheduled_time if step.alert else None,
        timezone=step.alert.schedule.zone if step.alert else None,
    )
