"""What a person does at the device that is checked.

It knows one way, a command of the maker's; it must not know cases.
"""

import shlex
from typing import Protocol

from bellwire.conformance.case import OutOfReach
from bellwire.conformance.owner import run_command


class Buttons(Protocol):
    """The device's buttons. Raises OutOfReach where this device has no such button, or nobody can press it."""

    async def press(self, button: str, *words: str) -> None:
        """Press it: ``stop``; ``delete TOKEN``; ``louder``; ``softer``."""


class NoButtons:
    """Nobody is there to press any."""

    async def press(self, button: str, *words: str) -> None:
        """Out of reach."""
        raise OutOfReach("nobody presses the device's buttons: give --buttons COMMAND")


class CommandButtons:
    """By a command, which is run with the button as its argument.

    ``COMMAND stop``, ``COMMAND delete TOKEN``, ``COMMAND louder``, ``COMMAND softer``. Exit status 0: it was pressed;
    3: there is no such button; any other: it failed.
    """

    def __init__(self, command: str) -> None:
        self._command = shlex.split(command)

    async def press(self, button: str, *words: str) -> None:
        """Run the command."""
        await run_command(self._command, button, *words)
