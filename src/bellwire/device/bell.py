"""What a runner needs of whatever sounds (`ringer.Ringer`).

It knows what can be asked of it; it must not know how anything is heard.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Protocol

from bellwire.device.ringer.sounds import Source


class Bell(Protocol):
    """What sounds."""

    volume: float
    """How loud it rings, 0 to 1."""
    behind: bool
    """What rings is heard behind something else."""

    def ring(
        self,
        token: str,
        kind: str,
        sources: tuple[Source, ...],
        *,
        rounds: int | None = None,
        pause: timedelta = timedelta(),
        behind: Source | None = None,
        ramp: timedelta = timedelta(),
    ) -> None:
        """Begin at once; what rang before ends."""

    def mute(self, token: str) -> None:
        """Silence, while the ring goes on."""

    def stop(self, token: str) -> None:
        """End the ring."""

    def expect(self, kinds: Iterable[str]) -> None:
        """Be ready to ring alerts of these kinds."""

    def prepare(self, urls: Iterable[str]) -> None:
        """Make assets ready to play."""

    def forget(self, urls: Iterable[str]) -> None:
        """Drop assets."""

    def forget_all(self) -> None:
        """Drop every asset that there is."""
