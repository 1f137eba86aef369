"""Whole calendars, in and out: read and written off the event loop, one at a time, and imported in portions.

It knows which parts do what; it must not know requests, nor what is in a calendar.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

import msgspec

from bellwire import __version__
from bellwire.alerts.alert import Alert, Kind
from bellwire.cloud.account_changes import language_of_account
from bellwire.cloud.assets import AssetStore
from bellwire.cloud.attempts import Attempts
from bellwire.cloud.bus import Bus
from bellwire.cloud.calendar_changes import Into, apply
from bellwire.cloud.calendars.content import CalendarError
from bellwire.cloud.calendars.entries import Entry, Said, Terms, Written
from bellwire.cloud.calendars.importing import Present, Result, Step, plan
from bellwire.cloud.config import Limits
from bellwire.cloud.store.accounts import Account, find_account
from bellwire.cloud.store.alerts import list_alerts
from bellwire.cloud.store.calendars import list_changed, list_known
from bellwire.cloud.store.devices import list_devices
from bellwire.cloud.store.protocol import Store

_PAGE = 100
"""Alerts that are read at a time."""
_PORTION = 50
"""Standings that one transaction makes: the event loop is away for some milliseconds."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """How a calendar is imported."""

    name: str
    devices: tuple[str, ...] | None = None
    """On which new alerts ring; None: on all, also on those that join later."""
    unalarmed: timedelta | None = timedelta()
    """So long before they begin events ring that have no alarm; None: they do not ring."""
    keep_missing: bool = False
    """What the file has no longer stays."""
    dry_run: bool = False
    """Nothing is changed."""


class CalendarFiles:
    """The calendars of all accounts."""

    def __init__(
        self, store: Store, assets: AssetStore, bus: Bus, limits: Limits, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._assets = assets
        self._bus = bus
        self._limits = limits
        self._clock = clock
        self._imports = Attempts(limits.imports)
        self._importing = asyncio.Lock()
        self._writing = asyncio.Lock()

    async def imported(self, account_id: str, content: bytes, wish: Wish) -> list[Step]:
        """Import a file into an account; what became of each of its entries. Raises CalendarError, Refusal."""
        self._imports.take(account_id, self._clock())
        async with self._importing:
            account = await self._store.read(find_account, account_id)
            entries = await asyncio.to_thread(self._read, content, account.timezone, wish.unalarmed)
            return await self._brought_in(account, entries, wish)

    async def removed(self, account_id: str, name: str) -> list[Step]:
        """Remove all alerts of a calendar from an account."""
        async with self._importing:
            account = await self._store.read(find_account, account_id)
            return await self._brought_in(account, [], Wish(name=name))

    def _read(self, content: bytes, zone: str, unalarmed: timedelta | None) -> list[Entry]:
        from bellwire.cloud.calendars.reading import read_calendar  # noqa: PLC0415 - most clouds import nothing

        terms = Terms(
            zone=zone,
            now=self._clock(),
            unalarmed=unalarmed,
            most_label=self._limits.label,
            patience=_patience(self._limits.calendar_reading),
        )
        return read_calendar(content, terms)

    async def _brought_in(self, account: Account, entries: list[Entry], wish: Wish) -> list[Step]:
        account_id, now = account.account_id, self._clock()
        alerts = await self._alerts(account_id)
        present = Present(
            known=await self._store.read(list_known, account_id, wish.name),
            own={alert.token: Said(alert.label, alert.schedule) for alert in alerts},
            room=self._limits.alerts - len(alerts),
            most=self._limits.alerts,
        )
        steps = await asyncio.to_thread(
            plan,
            entries,
            present,
            now,
            keep_missing=wish.keep_missing,
            everywhere=wish.devices is None,
            patience=_patience(self._limits.calendar_reading),
        )
        return steps if wish.dry_run else await self._applied(account, steps, wish, now)

    async def _applied(self, account: Account, steps: list[Step], wish: Wish, now: datetime) -> list[Step]:
        devices = len(await self._store.read(list_devices, account.account_id)) or 1
        into = Into(account_id=account.account_id, calendar=wish.name, devices=wish.devices, most=self._limits.alerts)
        # First what goes: it makes room for what comes, where the account has nearly as many as it may have.
        to_do = sorted((step for step in steps if step.changes), key=lambda step: step.result is not Result.REMOVED)
        done = [step for step in steps if not step.changes]
        portion = max(1, _PORTION // devices)
        for begin in range(0, len(to_do), portion):
            following = [self._spoken(account, step) for step in to_do[begin : begin + portion]]
            applied = await self._store.write(apply, following, into, now)
            self._bus.wake(applied.woken)
            done += applied.steps
        return sorted(done, key=lambda step: (step.line is None, step.line))

    def _spoken(self, account: Account, step: Step) -> Step:
        """The step with the name of its label's sound, which is made when a speaker asks for it."""
        if step.alert is None or step.alert.kind is Kind.ALARM or not step.label.strip():
            return step
        language = language_of_account(account)
        speech = self._assets.later(account.account_id, step.label, language)
        return replace(step, alert=replace(step.alert, speech=speech))

    async def _alerts(self, account_id: str) -> list[Alert]:
        found: list[Alert] = []
        place = None
        while page := await self._store.read(list_alerts, account_id, place, _PAGE):
            found += page
            place = page[-1].scheduled_time, page[-1].token
            await asyncio.sleep(0)
        return found

    async def version(self, account_id: str) -> tuple[str, list[Alert], Account]:
        """What tells whether the calendar of an account's alerts is another one than before; and what is in it."""
        account, alerts = await self._store.read(find_account, account_id), await self._alerts(account_id)
        told = [(each.token, each.version, each.paused_on, each.label, each.schedule) for each in alerts]
        # Which holidays are to be told changes from day to day.
        content = msgspec.json.encode((__version__, account.name, self._clock().date(), told))
        return sha256(content).hexdigest()[:32], alerts, account

    async def exported(self, account: Account, alerts: list[Alert], *, paused: bool) -> bytes:
        """These alerts of an account as an .ics file; with those that are `paused`, too."""
        changed, now = await self._store.read(list_changed, account.account_id), self._clock()
        written = [Written(each, changed.get(each.token, now)) for each in alerts]
        async with self._writing:
            return await asyncio.to_thread(_write, written, account.name, now, paused=paused)


def _write(written: list[Written], name: str, now: datetime, *, paused: bool) -> bytes:
    from bellwire.cloud.calendars.writing import calendar_of  # noqa: PLC0415 - as in _read

    return calendar_of(written, name, now, paused=paused)


def _patience(most: timedelta) -> Callable[[], None]:
    """What raises CalendarError when its thread has used so much time of a processor since it was first asked."""
    begun: float | None = None

    def ask() -> None:
        nonlocal begun
        begun = time.thread_time() if begun is None else begun
        if time.thread_time() - begun > most.total_seconds():
            seconds = f"{most.total_seconds():g}"
            raise CalendarError(f"the file takes more than {seconds} s to read; import fewer events at once")

    return ask
