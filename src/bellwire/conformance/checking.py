"""A run from its first connection to its summary, on either side.

It knows which parts a run is made of; it must not know cases, nor how results are shown.
"""

import os
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from bellwire.cloud.certificates import ensure_certificates
from bellwire.conformance.buttons import CommandButtons, NoButtons
from bellwire.conformance.case import Case, Side
from bellwire.conformance.owner import AccountOwner, CommandOwner, Nobody, Owner
from bellwire.conformance.played_cloud import PlayedCloud
from bellwire.conformance.played_device import PlayedDevice
from bellwire.conformance.record import Record
from bellwire.conformance.report.summary import Summary
from bellwire.conformance.runner import Result, Stand, run
from bellwire.conformance.stands import CloudStand, DeviceStand
from bellwire.device.endpoint import Endpoint, tls_context
from bellwire.protocol.profiles.profile import Profile

FIRST_CONNECT = 600.0
"""Seconds in which somebody can point the device at the kit."""

Shown = Callable[[Result], None]


async def check_cloud(
    profile: Profile,
    url: str,
    authority: Path | None,
    token: str,
    *,
    account_token: str | None,
    owner: str | None,
    cases: Sequence[Case],
    patience: float,
    strict: bool,
    shown: Shown,
) -> Summary:
    """Play a device against a cloud; each result is `shown` when it is there.

    Raises ValueError for an address or authority that is none, Unmet when the cloud can't be reached at all.
    """
    endpoint = Endpoint(url, profile.downchannel_path, profile.events_path, tls=tls_context(authority))
    record = Record(_now)
    asked = _owner(url, authority, account_token, owner)
    began = _now()
    async with _closing(asked), PlayedDevice(profile, endpoint, token, record, patience) as device:
        await device.is_online()
        results = await _all(cases, CloudStand(profile, device, asked, patience), record, shown)
    return Summary(Side.CLOUD, profile.name, url, began, strict, results)


async def check_device(
    profile: Profile,
    host: str,
    port: int,
    folder: Path,
    *,
    buttons: str | None,
    cases: Sequence[Case],
    patience: float,
    strict: bool,
    ready: Callable[[str, Path], None],
    shown: Shown,
    troubles: Callable[[str], None] = lambda _: None,
) -> Summary:
    """Play the cloud for the device that connects; `ready` is told the address and the authority's file.

    `troubles` is told, in a sentence, why a device that comes does not get so far as to say anything.

    Raises ValueError when the port is taken, Unmet when no device connects.
    """
    record = Record(_now)
    certificates = ensure_certificates(folder, [host], _now())
    cloud = PlayedCloud(profile, record, patience, troubles)
    try:
        await cloud.listen(host, port, certificates, ensure_certificates(folder / "impostor", [host], _now()))
    except OSError as error:
        # Of a name that is none the number is not one of the system's errors.
        reason = error.strerror if isinstance(error, socket.gaierror) or not error.errno else os.strerror(error.errno)
        raise ValueError(f"cannot listen on {host} port {port} ({reason}); take another one") from error
    try:
        ready(cloud.url, certificates.ca)
        await cloud.until(lambda: cloud.downchannel is not None, "a device that connects", within=FIRST_CONNECT)
        began = _now()
        named = profile.describe(cloud.downchannels[-1][1]).agent or "a device that does not say what it is"
        pressed = NoButtons() if buttons is None else CommandButtons(buttons)
        results = await _all(cases, DeviceStand(profile, cloud, pressed, patience), record, shown)
    finally:
        await cloud.close()
    return Summary(Side.DEVICE, profile.name, named, began, strict, results)


async def _all(cases: Sequence[Case], stand: Stand, record: Record, shown: Shown) -> list[Result]:
    results = []
    async for result in run(cases, stand, record):
        results.append(result)
        shown(result)
    return results


def _owner(url: str, authority: Path | None, account_token: str | None, command: str | None) -> Owner:
    if account_token is not None:
        return AccountOwner(url, authority, account_token)
    return Nobody() if command is None else CommandOwner(command)


@asynccontextmanager
async def _closing(owner: Owner) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await owner.close()


def _now() -> datetime:
    return datetime.now(UTC)
