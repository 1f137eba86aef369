"""The messages of namespace Alerts, each with every field that any version has."""

from datetime import datetime
from typing import Annotated

import msgspec

from bellwire.protocol.messages import Message, Token

ALERT_TYPES = ("ACTIONTIMER", "ALARM", "REMINDER", "TIMER")


class AlertMessage(Message, frozen=True, kw_only=True):
    """A message of this namespace."""

    namespace = "Alerts"


class OneAlert(AlertMessage, frozen=True, kw_only=True):
    """A message about one alert."""

    token: Token
    """Which alert."""
    type: str | None = None
    """ACTIONTIMER, ALARM, REMINDER or TIMER."""


class Asset(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Something to play when an alert rings."""

    asset_id: Token
    url: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
    """http(s), or the form by which the profile names the device's own bells."""


# Directives


class SetAlert(OneAlert, frozen=True, kw_only=True):
    """Add this alert or, where the token is known, change that one to this. Directive."""

    scheduled_time: Annotated[datetime, msgspec.Meta(tz=True)]
    """When it rings."""
    label: str | None = None
    """What a reminder or an action timer is about."""
    assets: Annotated[tuple[Asset, ...], msgspec.Meta(max_length=256)] | None = None
    """What may be played."""
    asset_play_order: Annotated[tuple[Token, ...], msgspec.Meta(max_length=1024)] | None = None
    """Asset ids in the order of playing; reminders and timers repeat it."""


class StopAlert(OneAlert, frozen=True, kw_only=True):
    """Stop this alert, which is ringing. Directive."""


class DeleteAlert(OneAlert, frozen=True, kw_only=True):
    """Delete this alert. Directive."""


class SynchronizeAlert(AlertMessage, frozen=True, kw_only=True):
    """These are the account's alerts: have exactly these. Directive."""

    all_alerts: tuple[SetAlert, ...]
    """Each in the form of SetAlert."""


# Events


class SetAlertSucceeded(OneAlert, frozen=True, kw_only=True):
    """The alert was added or changed. Event."""


class SetAlertFailed(OneAlert, frozen=True, kw_only=True):
    """The alert could not be added or changed. Event."""


class DeleteAlertSucceeded(OneAlert, frozen=True, kw_only=True):
    """The alert was deleted. Event."""


class DeleteAlertFailed(OneAlert, frozen=True, kw_only=True):
    """The alert could not be deleted. Event."""


class AlertStarted(OneAlert, frozen=True, kw_only=True):
    """The alert rings. Event."""


class AlertStopped(OneAlert, frozen=True, kw_only=True):
    """The alert rings no longer. Event."""


class RequestAlertStop(OneAlert, frozen=True, kw_only=True):
    """Somebody pressed stop on the device: please say StopAlert. Event."""


class RequestDeleteAlert(OneAlert, frozen=True, kw_only=True):
    """Somebody deleted the alert on the device: please say DeleteAlert. Event."""


class RequestSynchronizeAlert(AlertMessage, frozen=True, kw_only=True):
    """Please say SynchronizeAlert. Event."""
