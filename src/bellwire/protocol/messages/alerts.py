"""The messages of namespace Alerts, each with every field that any version has."""

from datetime import datetime
from typing import Annotated

import msgspec

from bellwire.protocol.messages import Message, Token

ALERT_TYPES = ("ACTIONTIMER", "ALARM", "REMINDER", "TIMER")

MOST_TOKENS = 1000
"""In one message."""


class AlertMessage(Message, frozen=True, kw_only=True):
    """A message of this namespace."""

    namespace = "Alerts"


class OneAlert(AlertMessage, frozen=True, kw_only=True):
    """A message about one alert."""

    token: Token
    """Which alert."""
    type: str | None = None
    """ACTIONTIMER, ALARM, REMINDER or TIMER."""


class SomeAlerts(AlertMessage, frozen=True, kw_only=True):
    """A message about several alerts."""

    tokens: Annotated[tuple[Token, ...], msgspec.Meta(max_length=MOST_TOKENS)]
    """Which alerts."""


def tokens_of(message: Message) -> tuple[str, ...]:
    """The alerts that a message is about."""
    if isinstance(message, OneAlert):
        return (message.token,)
    return message.tokens if isinstance(message, SomeAlerts) else ()


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
    background_alert_asset: Token | None = None
    """The asset to be heard while a dialogue or other sound is in front."""
    loop_count: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] | None = None
    """How often the order is played; None or 0: until it is stopped, or as the profile limits it."""
    loop_pause_in_milli_seconds: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] | None = None
    """Between two times."""


class StopAlert(OneAlert, frozen=True, kw_only=True):
    """Stop this alert, which is ringing. Directive."""


class DeleteAlert(OneAlert, frozen=True, kw_only=True):
    """Delete this alert. Directive."""


class DeleteAlerts(SomeAlerts, frozen=True, kw_only=True):
    """Delete all of these or, if one can't be, none. Directive."""


class SetVolume(AlertMessage, frozen=True, kw_only=True):
    """Alerts are to ring so loud. Directive."""

    volume: int
    """0 to 100."""


class AdjustVolume(AlertMessage, frozen=True, kw_only=True):
    """Alerts are to ring louder or softer by so much. Directive."""

    volume: int
    """-100 to 100."""


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


class DeleteAlertsSucceeded(SomeAlerts, frozen=True, kw_only=True):
    """All of these were deleted. Event."""


class DeleteAlertsFailed(SomeAlerts, frozen=True, kw_only=True):
    """One of these could not be deleted, so none was. Event."""


class AlertEnteredForeground(OneAlert, frozen=True, kw_only=True):
    """The alert, which rings, is in front now: nothing else is heard. Event."""


class AlertEnteredBackground(OneAlert, frozen=True, kw_only=True):
    """The alert, which rings, is behind a dialogue or other sound. Event."""


class VolumeChanged(AlertMessage, frozen=True, kw_only=True):
    """Alerts ring so loud from now on. Event."""

    volume: int
    """0 to 100."""
