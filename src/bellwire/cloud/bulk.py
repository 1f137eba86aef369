"""Many alerts of an account at once, as transactions so short that events beside them are not delayed.

It knows portions, and why one alert of many cannot be added; it must not know HTTP.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from bellwire.alerts.alert import Alert
from bellwire.cloud.accounts import too_many
from bellwire.cloud.store.alerts import count_alerts, insert_alerts
from bellwire.cloud.store.desires import add_standing_rows, standing_rows
from bellwire.cloud.store.devices import list_devices
from bellwire.cloud.store.transaction import Transaction

PORTION = 60
"""Rows of one transaction, of alerts and of where they stand: some milliseconds."""
MOST_IN_ONE_PIECE = 2_000
"""Rows that are written all or none: some 20 ms."""


class Wanted(NamedTuple):
    """An alert to add."""

    place: int
    """Among all that were asked for."""
    alert: Alert
    devices: Sequence[str] | None
    """Ids; None: all of the account."""


class Portion(NamedTuple):
    """What became of some of them."""

    refused: dict[int, str]
    """By place: why."""
    woken: frozenset[str]
    """Devices that may have to be told something now."""


class SomeRefusedError(ValueError):
    """Of alerts that are added all or none, some cannot be."""

    def __init__(self, refused: dict[int, str]) -> None:
        super().__init__("some of these alerts cannot be added")
        self.refused = refused


def rows_of(wanted: Wanted, everywhere: int) -> int:
    """How many rows it takes; `everywhere`: devices of the account."""
    return 1 + (everywhere if wanted.devices is None else len(wanted.devices))


def portions(wanted: Iterable[Wanted], everywhere: int) -> Iterator[list[Wanted]]:
    """The same in order, so many at a time as one transaction may write; `everywhere`: devices of the account."""
    portion: list[Wanted] = []
    rows = 0
    for each in wanted:
        more = rows_of(each, everywhere)
        if portion and rows + more > PORTION:
            yield portion
            portion, rows = [], 0
        portion.append(each)
        rows += more
    if portion:
        yield portion


def add_portion(
    account_id: str, wanted: Sequence[Wanted], most: int, now: datetime, *, all_or_none: bool = False
) -> Transaction[Portion]:
    """Add alerts; each that cannot be is left out. With `all_or_none` none is added then: raises SomeRefusedError."""
    room = most - (yield from count_alerts(account_id))
    known = [device.device_id for device in (yield from list_devices(account_id))]
    refused: dict[int, str] = {}
    added: list[tuple[Alert, Sequence[str]]] = []
    for place, alert, asked in wanted:
        device_ids = known if asked is None else list(dict.fromkeys(asked))
        if unknown := sorted(set(device_ids).difference(known)):
            refused[place] = f"this account has no device {', '.join(unknown)}"
        elif len(added) >= room:
            refused[place] = too_many(most)
        else:
            added.append((alert, device_ids))
    if refused and all_or_none:
        raise SomeRefusedError(refused)
    yield from insert_alerts(account_id, [alert for alert, _ in added], now)
    yield from add_standing_rows([row for alert, ids in added for row in standing_rows(account_id, alert, ids, now)])
    return Portion(refused, frozenset(device_id for _, ids in added for device_id in ids))
