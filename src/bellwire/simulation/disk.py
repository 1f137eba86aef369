"""A speaker's disk: what is on it after a power cut is what was kept before.

It has the words of `device.storage.Storage` that the simulated speaker needs; it must not know what they are for.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from bellwire.device.difference import Unkept
from bellwire.device.do_not_disturb import DoNotDisturb
from bellwire.device.held import LOUDEST, Held, Noted, Remembered
from bellwire.device.storage import Letter


class DiskFullError(Exception):
    """Nothing can be written now."""


@dataclass
class Disk:
    """What is kept."""

    alerts: dict[str, Held] = field(default_factory=dict)
    letters: dict[str, Letter] = field(default_factory=dict)
    volume: int = LOUDEST
    remembered: Remembered = field(default_factory=Remembered)
    do_not_disturb: DoNotDisturb = field(default_factory=DoNotDisturb)
    noted: Noted | None = None
    is_full: bool = False

    def keep(self, unkept: Unkept, letters: Iterable[Letter], noted: Noted | None, *, drop_letters: bool) -> None:
        """All of this, or nothing. Raises DiskFullError."""
        self._check()
        self.alerts.update((held.token, held) for held in unkept.save)
        for token in unkept.forget:
            self.alerts.pop(token, None)
        if drop_letters:
            self.letters.clear()
        self.letters.update((letter.message_id, letter) for letter in letters)
        self.volume = self.volume if unkept.volume is None else unkept.volume
        self.remembered = unkept.remembered or self.remembered
        self.do_not_disturb = unkept.do_not_disturb or self.do_not_disturb
        self.noted = noted or self.noted

    def arrived(self, message_ids: Iterable[str]) -> None:
        """The cloud has these events. Raises DiskFullError."""
        self._check()
        for message_id in message_ids:
            self.letters.pop(message_id, None)

    def _check(self) -> None:
        if self.is_full:
            raise DiskFullError
