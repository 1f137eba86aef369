"""What is to be said of an alert, as the messages of a profile.

It knows alerts and messages; it must not know when anything is said, nor to whom.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from bellwire.alerts.alert import Alert, Asset, Kind, Occurrence
from bellwire.alerts.reconcile import What
from bellwire.alerts.recurrence import zone_named
from bellwire.protocol.messages import Message, alerts
from bellwire.protocol.profiles.profile import Profile

LOOP_PAUSE_MS = 2_000
"""Between two times that an alert's sounds are played, where the message says it: a voice needs a rest."""

ASSET_PATH = "/assets/"
"""Where the cloud serves the speech it made."""


def occurrence_of(alert: Alert, scheduled_time: datetime, profile: Profile, origin: str) -> Occurrence:
    """One due time of an alert with what it plays: its own sounds or the kind's bell, then the label as speech.

    Where a profile's urls can't name the device's bells, the bell is left to the device, as where nothing can be had.
    `origin`: https://host:port by which the device reaches the cloud.
    """
    bell = profile.bell_of(alert.kind.value)
    own = tuple(Asset(f"asset-{number}", url) for number, url in enumerate(alert.assets, 1))
    assets = (
        *(own or ((Asset("bell", bell),) if bell else ())),
        *((Asset("speech", f"{origin}{ASSET_PATH}{alert.speech}"),) if alert.speech else ()),
    )
    return Occurrence(
        token=alert.token,
        kind=alert.kind,
        scheduled_time=_local(scheduled_time, alert.schedule.zone),
        label=alert.label,
        assets=assets,
        play_order=tuple(asset.asset_id for asset in assets),
    )


def _local(instant: datetime, zone: str) -> datetime:
    """The instant on the clocks of its zone; in UTC when this machine knows the zone no longer."""
    try:
        return instant.astimezone(zone_named(zone))
    except ValueError:
        return instant.astimezone(UTC)


def set_alert(occurrence: Occurrence) -> alerts.SetAlert:
    """An occurrence as a message; the profile leaves out what its version does not have (SetAlert, Payload).

    The last asset is what is heard behind a dialogue too: the speech, or else the bell.
    """
    assets = occurrence.assets
    return alerts.SetAlert(
        token=occurrence.token,
        type=occurrence.kind.value,
        scheduled_time=occurrence.scheduled_time,
        label=occurrence.label,
        assets=tuple(alerts.Asset(asset_id=asset.asset_id, url=asset.url) for asset in assets) or None,
        asset_play_order=occurrence.play_order or None,
        background_alert_asset=assets[-1].asset_id if assets else None,
        loop_count=1 if occurrence.kind is Kind.ACTIONTIMER else None,
        loop_pause_in_milli_seconds=LOOP_PAUSE_MS if assets else None,
    )


def _silencing(token: str, kind: Kind, profile: Profile) -> Message:
    return profile.silencing(token=token, type=kind.value)


def _delete_alert(token: str, kind: Kind, _: Profile) -> Message:
    return alerts.DeleteAlert(token=token, type=kind.value)


WITHOUT_CONTENT: Mapping[What, Callable[[str, Kind, Profile], Message]] = {
    What.REMOVE: _delete_alert,
    What.SILENCE: _silencing,
}
"""What is said of an alert by its token and kind alone."""
