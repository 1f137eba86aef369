"""Two accounts with devices, and what stands on them."""

from datetime import timedelta

from bellwire.alerts.alert import Alert, Kind, Schedule
from bellwire.alerts.lifecycle import Life
from bellwire.alerts.standing import Desired, Reported, Standing
from bellwire.cloud.store.accounts import add_account
from bellwire.cloud.store.connection import Connection
from bellwire.cloud.store.devices import Device, add_device
from bellwire.cloud.store.instants import from_ms
from bellwire.cloud.store.standings import load_standing_rows, load_standings, standing_of

NOW = from_ms(1_795_000_000_000)
HOUR = timedelta(hours=1)
HOME = ("home", "kitchen")
SET = Standing("a", Kind.ALARM, Desired(NOW + HOUR, 1), Reported(Life.SET, NOW, NOW + HOUR, 1))


def populate(store: Connection) -> Connection:
    """Two accounts: one with two devices, one with one."""
    for number, (account_id, device_id) in enumerate((HOME, ("home", "hall"), ("office", "desk"))):
        if device_id != "hall":
            store.run(add_account, account_id, account_id, "UTC", NOW)
        store.run(add_device, account_id, Device(device_id, device_id, "p"), bytes([number]) * 32, NOW)
    return store


def alert(token: str) -> Alert:
    due = NOW + HOUR
    return Alert(token, Kind.TIMER, "", Schedule(due.replace(tzinfo=None), "UTC"), due, 2, everywhere=True)


def held(store: Connection, account_id: str = "home", device_id: str = "kitchen") -> list[Standing]:
    found: list[Standing] = store.read(load_standings, account_id, device_id)
    rows = store.read(load_standing_rows, account_id, device_id)
    assert {token: standing_of(row) for token, row in rows.items()} == {each.token: each for each in found}
    return found
