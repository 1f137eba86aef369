"""Wakes the gateway that holds a device, after something of it was committed.

It knows device ids; it must not know why they are woken. A wake-up that is lost costs only delay: the rows are the
truth, and every gateway looks at them again in time.
"""

from collections.abc import Callable, Iterable
from typing import Protocol


class Bus(Protocol):
    """The way from a commit to the gateways."""

    def wake(self, device_ids: Iterable[str]) -> None:
        """Say that something of these devices has changed."""

    def listen(self, woken: Callable[[str], None]) -> None:
        """Call `woken` with each device id from now on."""


class InProcessBus:
    """For one process that is gateway and account API at once."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[str], None]] = []

    def wake(self, device_ids: Iterable[str]) -> None:
        """Say that something of these devices has changed."""
        for device_id in device_ids:
            for woken in self._listeners:
                woken(device_id)

    def listen(self, woken: Callable[[str], None]) -> None:
        """Call `woken` with each device id from now on."""
        self._listeners.append(woken)
