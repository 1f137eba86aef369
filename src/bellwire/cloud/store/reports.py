"""Statements and transactions on what devices report of themselves, and on the directives they could not carry out.

It must not know what a report means or leads to. Every transaction takes the account's id.
"""

from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bellwire.cloud.store.instants import from_ms, from_ms_or_none, to_ms
from bellwire.cloud.store.schema import device_exceptions, device_reports
from bellwire.cloud.store.transaction import Statement, Transaction

KEPT = 100
"""So many exceptions of each device are kept."""
_NEWER_THAN_ALL = 2**53

_REPORTS_OF_DEVICE = (device_reports.c.account_id == sa.bindparam("account_id")) & (
    device_reports.c.device_id == sa.bindparam("device_id")
)
_EXCEPTIONS_OF_DEVICE = (device_exceptions.c.account_id == sa.bindparam("account_id")) & (
    device_exceptions.c.device_id == sa.bindparam("device_id")
)


def _put(description: str, *names: str) -> Statement:
    """What was said of these columns, in the place of what was said of them before."""
    row = insert(device_reports).values({name: sa.bindparam(name) for name in ("account_id", "device_id", *names)})
    return Statement(
        row.on_conflict_do_update(
            index_elements=["device_id"],
            set_={name: row.excluded[name] for name in names},
            where=device_reports.c.account_id == row.excluded.account_id,
        ),
        description,
    )


PUT_FIRMWARE = _put("the software that a device runs", "firmware", "firmware_ms")
PUT_INACTIVITY = _put("for how long nobody has used a device", "inactive_s", "inactive_ms")
PUT_VOLUME = _put("how loud a device rings", "volume", "volume_ms")
PUT_STATES = _put("the states of a device's components", "states", "states_left_out", "states_ms")
SELECT_REPORTS = Statement(sa.select(device_reports).where(_REPORTS_OF_DEVICE), "what a device said of itself")

NEWEST_EXCEPTION = Statement(
    sa.select(device_exceptions.c.seq).where(_EXCEPTIONS_OF_DEVICE).order_by(device_exceptions.c.seq.desc()).limit(1),
    "the number of a device's newest exception",
)
INSERT_EXCEPTION = Statement(
    sa.insert(device_exceptions).values({column.name: sa.bindparam(column.name) for column in device_exceptions.c}),
    "a directive that a device could not carry out",
)
TRIM_EXCEPTIONS = Statement(
    sa.delete(device_exceptions).where(_EXCEPTIONS_OF_DEVICE & (device_exceptions.c.seq <= sa.bindparam("last_seq"))),
    "the oldest exceptions of a device",
)
SELECT_EXCEPTIONS = Statement(
    sa.select(device_exceptions)
    .where(_EXCEPTIONS_OF_DEVICE & (device_exceptions.c.seq < sa.bindparam("before")))
    .order_by(device_exceptions.c.seq.desc())
    .limit(sa.bindparam("limit")),
    "the exceptions of a device, the newest first",
)


class Reports(NamedTuple):
    """What a device last said of itself; None: it never did. Times are when that came."""

    firmware: str | None = None
    firmware_at: datetime | None = None
    inactive_s: int | None = None
    """For so long nobody had used it at that time."""
    inactive_at: datetime | None = None
    volume: int | None = None
    volume_at: datetime | None = None
    states: list[Any] | None = None
    """Its components' states, each as a context object is on the wire."""
    states_left_out: int | None = None
    """So many more there were than are kept."""
    states_at: datetime | None = None


class DeviceException(NamedTuple):
    """A directive that a device could not carry out."""

    at: datetime
    """When the device's word came."""
    type: str
    message: str
    directive: str
    """As the device returned it."""
    directive_name: str | None
    """Namespace and name, where they can be read in it."""
    message_id: str | None
    """The directive's, where it can be read in it: by this it is found in the trace."""
    seq: int = 0
    """Counts those of the device, from 1; given when it is kept."""


def save_firmware(account_id: str, device_id: str, version: str, now: datetime) -> Transaction[None]:
    """The software that the device runs."""
    yield PUT_FIRMWARE, {**_of(account_id, device_id), "firmware": version, "firmware_ms": to_ms(now)}


def save_inactivity(account_id: str, device_id: str, seconds: int | None, now: datetime) -> Transaction[None]:
    """For how long nobody has used the device; None: somebody does."""
    values = {"inactive_s": seconds, "inactive_ms": None if seconds is None else to_ms(now)}
    yield PUT_INACTIVITY, {**_of(account_id, device_id), **values}


def save_volume(account_id: str, device_id: str, volume: int, now: datetime) -> Transaction[None]:
    """How loud alerts ring on the device, 0 to 100."""
    yield PUT_VOLUME, {**_of(account_id, device_id), "volume": volume, "volume_ms": to_ms(now)}


def save_states(account_id: str, device_id: str, states: str, left_out: int, now: datetime) -> Transaction[None]:
    """The states of the device's components, a JSON list, in the place of all that were kept."""
    values = {"states": states, "states_left_out": left_out, "states_ms": to_ms(now)}
    yield PUT_STATES, {**_of(account_id, device_id), **values}


def load_reports(account_id: str, device_id: str) -> Transaction[Reports]:
    """What the device said of itself."""
    rows = yield SELECT_REPORTS, _of(account_id, device_id)
    if not rows:
        return Reports()
    (row,) = rows
    return Reports(
        row.firmware,
        from_ms_or_none(row.firmware_ms),
        row.inactive_s,
        from_ms_or_none(row.inactive_ms),
        row.volume,
        from_ms_or_none(row.volume_ms),
        None if row.states is None else msgspec.json.decode(row.states),
        row.states_left_out,
        from_ms_or_none(row.states_ms),
    )


def add_exception(account_id: str, device_id: str, exception: DeviceException) -> Transaction[None]:
    """Keep a directive that the device could not carry out; its oldest one goes when there are KEPT."""
    of_device = _of(account_id, device_id)
    newest = yield NEWEST_EXCEPTION, of_device
    seq = newest[0].seq + 1 if newest else 1
    values = exception._asdict()
    yield INSERT_EXCEPTION, {**of_device, "at_ms": to_ms(values.pop("at")), **values, "seq": seq}
    yield TRIM_EXCEPTIONS, {**of_device, "last_seq": seq - KEPT}


def list_exceptions(
    account_id: str, device_id: str, limit: int = KEPT, before: int | None = None
) -> Transaction[list[DeviceException]]:
    """The directives that the device could not carry out, the newest first; `before`: those before this number."""
    bounds = {"before": _NEWER_THAN_ALL if before is None else before, "limit": limit}
    rows = yield SELECT_EXCEPTIONS, {**_of(account_id, device_id), **bounds}
    return [
        DeviceException(
            from_ms(row.at_ms), row.type, row.message, row.directive, row.directive_name, row.message_id, row.seq
        )
        for row in rows
    ]


def _of(account_id: str, device_id: str) -> dict[str, Any]:
    return {"account_id": account_id, "device_id": device_id}
