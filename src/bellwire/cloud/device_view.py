"""All that is known of one device, as programs and people see it.

It knows what is kept of a device; it must not know who asks, nor over which way.
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from bellwire.cloud.store.accounts import find_account
from bellwire.cloud.store.devices import Card, Device, find_device, find_device_card
from bellwire.cloud.store.reports import KEPT, DeviceException, Reports, list_exceptions, load_reports
from bellwire.cloud.store.transaction import Transaction
from bellwire.protocol.messages.system import SetEndpoint
from bellwire.protocol.profiles import PROFILES

LAST_EXCEPTIONS = 10
"""Exceptions that are shown with a device; all that are kept are shown by themselves."""


class SoftwareView(msgspec.Struct, kw_only=True):
    """What the device runs."""

    version: str
    reported_at: datetime


class InactivityView(msgspec.Struct, kw_only=True):
    """Nobody has used the device."""

    seconds: int
    """For so long, when it reported."""
    since: datetime | None
    """Null: longer than there are dates."""
    reported_at: datetime


class VolumeView(msgspec.Struct, kw_only=True):
    """How loud alerts ring."""

    volume: int
    """0 to 100."""
    reported_at: datetime


class ComponentsView(msgspec.Struct, kw_only=True):
    """The states of the device's components, of its last SynchronizeState."""

    states: list[Any]
    """Each with header and payload, as on the wire."""
    left_out: int
    """So many more there were, for which there was no room."""
    reported_at: datetime


class HeadersView(msgspec.Struct, kw_only=True):
    """What the headers of the device's last downchannel say that it is."""

    agent: str = ""
    details: dict[str, str] = msgspec.field(default_factory=dict)
    tags: list[str] = msgspec.field(default_factory=list)
    warnings: list[str] = msgspec.field(default_factory=list)
    """What is not as the documents have it."""


class ExceptionSummary(msgspec.Struct, kw_only=True):
    """A directive that the device could not carry out."""

    at: datetime
    type: str
    message: str
    directive_name: str | None
    """Namespace and name; null: they cannot be read in what it returned."""
    message_id: str | None
    """The directive's: by this it is found in the trace."""


class ExceptionView(ExceptionSummary, kw_only=True):
    """The same with the directive itself."""

    directive: str
    """As the device returned it."""


class DriftView(msgspec.Struct, kw_only=True):
    """Contexts that showed alerts otherwise than the device had said; each was set right again."""

    times: int
    last_at: datetime | None


class RegionView(msgspec.Struct, kw_only=True):
    """Where the device's account is served."""

    country: str | None
    """ISO 3166-1 alpha-2; null: not known."""
    endpoint: str | None
    """The cloud that serves this country; null: this one."""
    movable: bool
    """Whether the device's version has SetEndpoint; else it is served here, wherever its account is."""


class DeviceDetail(msgspec.Struct, kw_only=True):
    """A device of the account, with all that is known of it. Null: it never said."""

    device_id: str
    name: str
    profile: str
    model: str | None
    connected: bool | None
    added_at: datetime
    last_seen_at: datetime | None
    software: SoftwareView | None
    inactivity: InactivityView | None
    volume: VolumeView | None
    components: ComponentsView | None
    headers: HeadersView | None
    exceptions: list[ExceptionSummary]
    """The last ones, the newest first."""
    region: RegionView
    drift: DriftView


class Known(NamedTuple):
    """The rows of a device."""

    device: Device
    card: Card
    reports: Reports
    exceptions: list[DeviceException]
    country: str | None


def load_known(account_id: str, device_id: str) -> Transaction[Known]:
    """What is kept of a device. Raises NotFound."""
    device, card = yield from find_device_card(account_id, device_id)
    reports = yield from load_reports(account_id, device_id)
    exceptions = yield from list_exceptions(account_id, device_id, LAST_EXCEPTIONS)
    account = yield from find_account(account_id)
    return Known(device, card, reports, exceptions, account.country)


def load_exceptions(
    account_id: str, device_id: str, before: int | None = None, limit: int = KEPT
) -> Transaction[list[DeviceException]]:
    """The directives that a device could not carry out, the newest first; `before`: those before this number.

    Raises NotFound.
    """
    yield from find_device(account_id, device_id)
    return (yield from list_exceptions(account_id, device_id, limit, before))


def detail_of(known: Known, *, connected: bool | None, endpoint: str | None) -> DeviceDetail:
    """A device as it is shown; `connected`: None where no cloud runs; `endpoint`: of another cloud that serves it."""
    device, reports = known.device, known.reports
    profile = PROFILES.get(device.profile)
    return DeviceDetail(
        device_id=device.device_id,
        name=device.name,
        profile=device.profile,
        model=device.model,
        connected=connected,
        added_at=known.card.created,
        last_seen_at=known.card.last_seen,
        software=_software(reports),
        inactivity=_inactivity(reports),
        volume=_volume(reports),
        components=_components(reports),
        headers=None if known.card.agent is None else msgspec.convert(known.card.agent, HeadersView),
        exceptions=[_summary(each) for each in known.exceptions],
        region=RegionView(
            country=known.country, endpoint=endpoint, movable=profile is not None and profile.has(SetEndpoint)
        ),
        drift=DriftView(times=known.card.drifts, last_at=known.card.drifted),
    )


def exception_of(exception: DeviceException) -> ExceptionView:
    """An exception as it is shown by itself."""
    return ExceptionView(**_shown(exception))


def _summary(exception: DeviceException) -> ExceptionSummary:
    values = _shown(exception)
    del values["directive"]
    return ExceptionSummary(**values)


def _shown(exception: DeviceException) -> dict[str, Any]:
    values = exception._asdict()
    del values["seq"]
    return values


def _software(reports: Reports) -> SoftwareView | None:
    if reports.firmware is None or reports.firmware_at is None:
        return None
    return SoftwareView(version=reports.firmware, reported_at=reports.firmware_at)


def _inactivity(reports: Reports) -> InactivityView | None:
    if reports.inactive_s is None or reports.inactive_at is None:
        return None
    try:
        since = reports.inactive_at - timedelta(seconds=reports.inactive_s)
    except OverflowError:
        since = None
    return InactivityView(seconds=reports.inactive_s, since=since, reported_at=reports.inactive_at)


def _volume(reports: Reports) -> VolumeView | None:
    if reports.volume is None or reports.volume_at is None:
        return None
    return VolumeView(volume=reports.volume, reported_at=reports.volume_at)


def _components(reports: Reports) -> ComponentsView | None:
    if reports.states is None or reports.states_at is None:
        return None
    return ComponentsView(states=reports.states, left_out=reports.states_left_out or 0, reported_at=reports.states_at)
