"""How long this side of the connection waits, and why so long.

It knows numbers; it must not know who waits.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """How long this side waits, in seconds."""

    connect: float = 10.0
    """For TCP and TLS together."""
    downchannel: float = 60.0
    """For the status of the downchannel: a busy cloud may take its time."""
    ping_every: float = 30.0
    """Home routers forget a silent connection after some minutes, the worst after one."""
    ping_patience: float = 10.0
    """For any byte after a PING: so a dead cloud is noticed within 40 s."""
    close: float = 1.0
    """For the cloud's part in a clean end."""


DEFAULT_TIMING = Timing()
