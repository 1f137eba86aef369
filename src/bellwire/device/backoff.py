"""How long to wait before the next connect.

It knows how connecting has gone so far; it must not know the clock, the network or where chance comes from.
"""

from collections.abc import Callable

STEPS = (0.25, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
"""Seconds between one failure and the next connect, as speakers in the field wait."""

PATIENT_STEP = STEPS.index(8.0)
"""Where to begin when the cloud itself said no: the same again at once will not do."""

JITTER = (0.67, 1.5)
"""A factor: speakers that lost their cloud in one moment must not come back in one moment."""

PROVEN_SECONDS = 60.0
"""A connection that stood so long was good, even if nothing was said on it."""

USEFUL_SECONDS = 5.0
"""The same for one that delivered something. Not less: a greeting comes on every connection, even on one that is
closed right after it, and such a cloud must not be met with the shortest wait for ever."""


class Backoff:
    """Longer and longer waits, until a connection has proven good."""

    def __init__(self, uniform: Callable[[float, float], float]) -> None:
        """`uniform` draws a number between two others."""
        self._uniform = uniform
        self._step = 0

    def wait(self, *, patient: bool = False) -> float:
        """Seconds to wait after a connection that failed or ended. `patient`: the cloud asked for it, in its way."""
        step = max(self._step, PATIENT_STEP) if patient else self._step
        self._step = min(step + 1, len(STEPS) - 1)
        return STEPS[step] * self._uniform(*JITTER)

    def stood(self, seconds: float, *, delivered: bool) -> None:
        """A connection has ended that stood for `seconds`, and `delivered` something in that time or not."""
        if seconds >= (USEFUL_SECONDS if delivered else PROVEN_SECONDS):
            self._step = 0
