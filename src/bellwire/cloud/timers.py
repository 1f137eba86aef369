"""Timers that are given more time.

It knows alerts that are counted down; it must not know HTTP, nor what is said to devices.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from bellwire.alerts.rings import End, Ending
from bellwire.alerts.standing import Desired
from bellwire.cloud.accounts import Shown, show_alert
from bellwire.cloud.ringing import note_done
from bellwire.cloud.store.alerts import update_alert
from bellwire.cloud.store.desires import desire
from bellwire.cloud.store.transaction import Transaction
from bellwire.cloud.wishes import FURTHEST, WishError, schedule_once, whole_second


def extend_timer(account_id: str, token: str, by: timedelta, now: datetime) -> Transaction[Shown]:
    """Give a timer more time: what runs or is paused ends so much later, what rings begins anew with so much.

    Raises UnknownAlertError; WishError for an alert that is no timer, and for no time or too much of it.
    """
    before = (yield from show_alert(account_id, token)).alert
    if not before.is_counted_down:
        raise WishError("only a timer is extended; give this alert another time (edit it)")
    if by <= timedelta(0):
        raise WishError("0s is no extension; give a length of time such as 5m")
    if before.remaining is not None:
        alert = replace(before, remaining=_bounded(before.remaining + by))
    else:
        time = max(before.scheduled_time, whole_second(now)) + by
        _bounded(time - now)
        schedule = schedule_once(time, before.schedule.zone)
        alert = replace(before, schedule=schedule, scheduled_time=time, snoozed_from=None, snoozes=0)
    yield from note_done(account_id, before, now, End(Ending.EXTENDED))
    yield from update_alert(account_id, alert, now)
    if alert.paused_on is None:
        yield from desire(account_id, token, Desired(alert.scheduled_time, alert.version))
    return (yield from show_alert(account_id, token))


def _bounded(length: timedelta) -> timedelta:
    if length > FURTHEST:
        raise WishError("that would be more than ten years ahead; give less")
    return length
