"""Telling the cloud of the speaker's software: SoftwareInfo, until the cloud has taken it or would never take it.

It knows when it is said and again; it must not know what the software is. PURE, as the whole engine.
"""

from dataclasses import replace
from datetime import timedelta

from bellwire.device.outputs import Send, Warn
from bellwire.device.turn import Turn
from bellwire.protocol.errors import Malformed
from bellwire.protocol.messages.system import ReportSoftwareInfo, SoftwareInfo

SOFTWARE_WAITS = tuple(timedelta(seconds=seconds) for seconds in (1, 5, 25, 125))
"""Between one try to tell of the software and the next; after them it waits for the next connection."""


def is_news(turn: Turn) -> bool:
    """Whether the cloud does not know of this software yet: at the first boot, with a new version, without storage."""
    version, remembered = turn.system.setup.firmware, turn.system.remembered
    return (
        turn.profile.has(SoftwareInfo)
        and bool(version)
        and version not in {remembered.firmware_taken, remembered.firmware_refused}
    )


def report_software_info(turn: Turn, _message: ReportSoftwareInfo) -> None:
    """Say it, even what was said before (ReportSoftwareInfo)."""
    turn.system = replace(turn.system, software_at=turn.now, software_tries=0)


def tell_of_software(turn: Turn) -> None:
    """Say it when its time has come, and there is somebody to say it to."""
    system = turn.system
    if system.connected_at is not None and system.software_at is not None and system.software_at <= turn.now:
        turn.do(Send(SoftwareInfo(firmware_version=system.setup.firmware), certified=False, once=True))
        turn.system = replace(system, software_at=None)


def answered(turn: Turn, message: SoftwareInfo, status: int | None) -> None:
    """Taken: never again for this version. Refused as none: never again either. Else later, and later."""
    version = message.firmware_version
    remembered, tries = turn.system.remembered, turn.system.software_tries
    if status is not None and 200 <= status < 300:
        turn.system = replace(turn.system, remembered=replace(remembered, firmware_taken=version, firmware_refused=""))
    elif status == Malformed.status:
        turn.system = replace(turn.system, remembered=replace(remembered, firmware_refused=version))
        turn.do(Warn(f"the cloud takes {version!r} for no firmware version: start with another --firmware-version"))
    elif tries < len(SOFTWARE_WAITS):
        again = turn.now + SOFTWARE_WAITS[tries]
        turn.system = replace(turn.system, software_at=again, software_tries=tries + 1)
