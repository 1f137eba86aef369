"""What became of an alert and how it stands now, as programs and people see it.

It knows what is kept of an alert's occurrences; it must not know who asks, nor over which way.
"""

import base64
import binascii
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from bellwire.alerts.alert import Alert
from bellwire.alerts.lifecycle import Life
from bellwire.alerts.reconcile import Patience, next_try
from bellwire.alerts.rings import Ending, Outcome, Ring, Why, late_by, outcome_of, why_missed
from bellwire.alerts.standing import Standing
from bellwire.cloud.accounts import UnknownAlertError
from bellwire.cloud.history_words import Teller
from bellwire.cloud.store.accounts import find_account
from bellwire.cloud.store.alerts import load_alert
from bellwire.cloud.store.devices import Presence, list_presences
from bellwire.cloud.store.instants import from_ms, to_ms
from bellwire.cloud.store.rings import list_rings
from bellwire.cloud.store.standings import load_standings_of_alert
from bellwire.cloud.store.transaction import Transaction
from bellwire.cloud.wishes import WishError

PAGE = 100
"""Rings of a page at most."""


class PresentView(msgspec.Struct, kw_only=True):
    """How the alert stands on a device now."""

    device_id: str
    device: str
    """Its name."""
    scheduled_time: datetime | None
    """What it should have; null: nothing, the alert is paused or deleted."""
    state: Life
    """As the device last said: unknown (it has not acknowledged anything), set, failed, ringing, stopped or absent."""
    since: datetime
    failures: int
    """How often in a row it has refused the alert (SetAlertFailed)."""
    next_try: datetime | None
    """After a failure; null: there is none."""
    offline_since: datetime | None
    """Null: it is connected."""
    told: str
    """The same as a sentence, on the clocks of `timezone`."""


class RingView(msgspec.Struct, kw_only=True):
    """What became of one occurrence on a device. Times of reports are those at which they came."""

    device_id: str
    device: str
    scheduled_time: datetime
    outcome: Outcome
    why: Why | None
    """Of what was missed."""
    set_at: datetime | None
    """Since when the device had the alert, as it said."""
    started_at: datetime | None
    late_seconds: float | None
    """From its time to the report that it rings; null: it did not ring, or when is not known."""
    offline_until: datetime | None
    """The device rang while it was not connected, and told of it then."""
    offline_since: datetime | None
    """The device was not connected at that time, or when it was over."""
    stopped_at: datetime | None
    ending: Ending | None
    """What ended it; null: nothing yet."""
    ended_by: str | None
    """The id of the device on which it was ended."""
    failures: int
    told: str
    """The same as a sentence, on the clocks of `timezone`."""


class HistoryPage(msgspec.Struct, kw_only=True):
    """Whether an alert rang, when, how late, and if not, why not."""

    token: str
    deleted: bool
    """The account has it no longer: what became of it is kept for 90 days."""
    label: str | None
    paused: bool
    scheduled_time: datetime | None
    """The present occurrence; null: there is none."""
    timezone: str
    """The account's."""
    now: list[PresentView]
    """By the names of the devices."""
    rings: list[RingView]
    """The newest first."""
    next: str | None
    """Give it as `after` to get the next page; null: this was the last."""


class Known(NamedTuple):
    """What is kept of an alert."""

    token: str
    alert: Alert | None
    """None: the account has it no longer."""
    standings: dict[str, Standing]
    """By device id."""
    presences: list[Presence]
    rings: list[Ring]
    zone: str


def load_known(account_id: str, token: str, before: tuple[datetime, str] | None, limit: int) -> Transaction[Known]:
    """What is kept of an alert, with one ring more than `limit` where there are more. Raises UnknownAlertError."""
    alert = yield from load_alert(account_id, token)
    presences = yield from list_presences(account_id)
    rings = yield from list_rings(account_id, token, [each.device_id for each in presences], before, limit + 1)
    if alert is None and not rings and before is None:
        raise UnknownAlertError(f"this account has no alert {token}, and had none that rang in the last 90 days")
    standings = yield from load_standings_of_alert(account_id, token)
    account = yield from find_account(account_id)
    return Known(token, alert, standings, presences, rings, account.timezone)


def page_of(known: Known, limit: int, now: datetime, past_due: timedelta) -> HistoryPage:
    """A page as it is shown."""
    teller = Teller(
        {each.device_id: each.name for each in known.presences}, ZoneInfo(known.zone), Patience(past_due=past_due)
    )
    alert, rings = known.alert, known.rings[:limit]
    is_to_come = alert is not None and alert.paused_on is None
    return HistoryPage(
        token=known.token,
        deleted=alert is None,
        label=alert.label if alert else None,
        paused=alert is not None and alert.paused_on is not None,
        scheduled_time=alert.scheduled_time if alert and is_to_come else None,
        timezone=known.zone,
        now=[
            _present(known.standings[each.device_id], each, now, teller)
            for each in known.presences
            if each.device_id in known.standings
        ],
        rings=[_ring(ring, teller) for ring in rings],
        next=_cursor_after(rings[-1]) if len(known.rings) > limit else None,
    )


def _present(standing: Standing, presence: Presence, now: datetime, teller: Teller) -> PresentView:
    desired, reported = standing.desired, standing.reported
    return PresentView(
        device_id=presence.device_id,
        device=presence.name,
        scheduled_time=desired.scheduled_time if desired else None,
        state=reported.life,
        since=reported.since,
        failures=reported.failures,
        next_try=next_try(reported, teller.patience) if reported.life is Life.FAILED else None,
        offline_since=presence.offline_since,
        told=teller.of_standing(standing, presence.offline_since, now),
    )


def _ring(ring: Ring, teller: Teller) -> RingView:
    late = late_by(ring)
    return RingView(
        device_id=ring.device_id,
        device=teller.names[ring.device_id],
        scheduled_time=ring.scheduled_time,
        outcome=outcome_of(ring, teller.patience.past_due),
        why=why_missed(ring, teller.patience.past_due),
        set_at=ring.set_at,
        started_at=ring.started_at,
        late_seconds=None if late is None else late.total_seconds(),
        offline_until=ring.away_until,
        offline_since=ring.offline_since,
        stopped_at=ring.stopped_at,
        ending=ring.ending,
        ended_by=ring.ended_by,
        failures=ring.failures,
        told=teller.of_ring(ring),
    )


def _cursor_after(ring: Ring) -> str:
    return base64.urlsafe_b64encode(f"{to_ms(ring.scheduled_time)} {ring.device_id}".encode()).decode()


def place_of(text: str | None) -> tuple[datetime, str] | None:
    """The time and device that a `next` stands for; None: the beginning. WishError: it is none."""
    if text is None:
        return None
    try:
        time, device_id = base64.urlsafe_b64decode(text.encode()).decode().split(" ", 1)
        return from_ms(int(time)), device_id
    except (ValueError, binascii.Error, OverflowError):
        raise WishError("`after` is not the `next` of a page; leave it out for the first page") from None
