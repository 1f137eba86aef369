"""Occurrences: out of a message, into sounds and a context.

It knows both vocabularies, of messages and of alerts; it must not know what is done with either.
"""

from collections.abc import Iterable
from datetime import timedelta

from bellwire.alerts.alert import Asset, Kind, Occurrence
from bellwire.alerts.lifecycle import ACTIVE
from bellwire.device.held import Held
from bellwire.device.ringer import sounds
from bellwire.protocol.messages.alerts import SetAlert
from bellwire.protocol.messages.context import AlertsState, AlertState
from bellwire.protocol.profiles.profile import AssetFailure, Profile

MAX_ASSETS = 128
"""Of one alert. In the field they have two or three; our cloud can be told to take 100, and adds the label's speech."""

MAX_LABEL = 10_000
"""Characters: as many as our cloud can be told to take. An alert that is refused here rings nowhere."""


def occurrence_of(message: SetAlert) -> Occurrence:
    """What a SetAlert, or an entry of a whole list, describes. A type that is not known counts as ALARM."""
    return Occurrence(
        token=message.token,
        kind=Kind.__members__.get(message.type or "", Kind.ALARM),
        scheduled_time=message.scheduled_time.replace(microsecond=0),
        label=message.label or "",
        assets=tuple(Asset(asset.asset_id, asset.url) for asset in message.assets or ()),
        play_order=message.asset_play_order or (),
        behind_asset=message.background_alert_asset or "",
        loops=message.loop_count or None,
        loop_pause=timedelta(milliseconds=message.loop_pause_in_milli_seconds or 0),
    )


def is_too_large(occurrence: Occurrence) -> bool:
    """Whether it has more than a device takes."""
    return len(occurrence.assets) > MAX_ASSETS or len(occurrence.label) > MAX_LABEL


def sources_of(occurrence: Occurrence, profile: Profile) -> tuple[sounds.Source, ...]:
    """What is played, in order (SetAlert).

    In the place of an id that no asset has, and of a url that can't be had, is what the profile says: nothing, or the
    bell.
    """
    urls = {asset.asset_id: asset.url for asset in occurrence.assets}
    instead = occurrence.kind if profile.asset_failure is AssetFailure.DEFAULT_SOUND else None
    found = (_source_of(urls.get(each, ""), occurrence.kind, profile, instead) for each in occurrence.play_order)
    return tuple(source for source in found if source)


def behind_of(occurrence: Occurrence, profile: Profile) -> sounds.Source | None:
    """What is played instead behind something else (`backgroundAlertAsset`); None: the same as in front."""
    named = (asset.url for asset in occurrence.assets if asset.asset_id == occurrence.behind_asset)
    return _source_of(next(named, ""), occurrence.kind, profile, None)


def _source_of(url: str, kind: Kind, profile: Profile, instead: Kind | None) -> sounds.Source | None:
    if profile.is_bell(url):
        return sounds.Bell(next((named for named in Kind if profile.bell_of(named) == url), kind))
    if _is_elsewhere(url):
        return sounds.Asset(url, instead)
    return sounds.Bell(instead) if instead else None


def urls_of(occurrence: Occurrence, profile: Profile) -> set[str]:
    """The assets that must be fetched before it rings."""
    urls = {asset.asset_id: asset.url for asset in occurrence.assets}
    named = (urls.get(each, "") for each in {*occurrence.play_order, occurrence.behind_asset})
    return {url for url in named if _is_elsewhere(url) and not profile.is_bell(url)}


def _is_elsewhere(url: str) -> bool:
    return url.lower().startswith(("http://", "https://"))


def alerts_state_of(alerts: Iterable[Held]) -> AlertsState:
    """The device's alerts as every event's context has them, also the hidden and the stopped (AlertsState)."""
    states = [(held, _state_of(held.occurrence)) for held in alerts]
    return AlertsState(
        all_alerts=tuple(state for _, state in states),
        active_alerts=tuple(state for held, state in states if held.life in ACTIVE),
    )


def _state_of(occurrence: Occurrence) -> AlertState:
    return AlertState(token=occurrence.token, type=occurrence.kind.value, scheduled_time=occurrence.scheduled_time)
