"""Devices by the names that people gave them, or by their ids. It must not know what they are named for."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from bellwire.cli.failure import Failure

if TYPE_CHECKING:
    from bellwire.cli.account_api import AccountApi


class DeviceNames:
    """What the devices of an account are called."""

    def __init__(self, devices: Iterable[dict[str, Any]]) -> None:
        """`devices`: as the account API lists them."""
        self._ids: set[str] = set()
        self._named: dict[str, list[str]] = {}
        for device in devices:
            self._ids.add(device["device_id"])
            self._named.setdefault(device["name"], []).append(device["device_id"])

    def id_of(self, name: str) -> str:
        """The id of the device of this name or id. Raises Failure where there is none, or are several."""
        if name in self._ids:
            return name
        found = self._named.get(name, [])
        if len(found) == 1:
            return found[0]
        if found:
            raise Failure(f"{len(found)} devices are called {name!r}; give the id of the one: {', '.join(found)}")
        raise Failure(f"there is no device {name!r}; bellwire device list shows them")


def ids_of(names: Iterable[str], api: "AccountApi") -> list[str]:
    """The ids of the account's devices of these names or ids. Raises Failure."""
    known = DeviceNames(api.devices())
    return [known.id_of(name) for name in names]
