"""How a speaker gets its first right to speak to a cloud, by a code that somebody confirms: the waits of RFC 8628.

It knows codes, answers and when to ask next; it must not know a clock, a socket or who shows the code: `now` are
seconds of a clock that is never set, `chance` is a number from 0 to 1 that is drawn anew for each call.
"""

from dataclasses import dataclass, replace

from bellwire.device.backoff import JITTER, STEPS
from bellwire.device.grant import DeviceCode, Failed, Grant, Refused

SLOWER = 5.0
"""Seconds that `slow_down` adds to the interval, for good (RFC 8628, 3.5)."""

BETWEEN_CODES = 5.0
"""Seconds from a code that is over to the question for the next one."""

_OVER = frozenset({"expired_token", "invalid_grant"})
"""This code leads nowhere any more; another one may."""


@dataclass(frozen=True, slots=True)
class Flow:
    """What is asked next, and when."""

    next_at: float
    code: DeviceCode | None = None
    """The one that is shown; None: one is to be asked for."""
    expires_at: float = 0.0
    interval: float = 0.0
    failures: int = 0
    """One after the other."""

    def asks_about(self, now: float) -> DeviceCode | None:
        """The code that the question is about; None: the question is for a new one."""
        return self.code if self.code is not None and now < self.expires_at else None


@dataclass(frozen=True, slots=True)
class Ended:
    """There is no use in asking again; `why` is one sentence."""

    why: str


def after(flow: Flow, answer: DeviceCode | Grant | Refused | Failed, now: float, chance: float) -> Flow | Grant | Ended:
    """What the answer to the question of `flow` leads to."""
    match answer:
        case DeviceCode():
            return Flow(now + answer.interval, answer, now + answer.expires_in, answer.interval)
        case Grant(refresh_token=None):
            return Ended("the cloud gives a token that can't be renewed; it needs no pairing by code: use --token")
        case Grant():
            return answer
        case Failed(_, retry_after):
            low, high = JITTER
            backoff = STEPS[min(flow.failures, len(STEPS) - 1)] * (low + chance * (high - low))
            wait = max(flow.interval, backoff, retry_after)
            return replace(flow, failures=flow.failures + 1, next_at=now + wait)
        case Refused():
            return _refused(flow, answer, now)


def _refused(flow: Flow, answer: Refused, now: float) -> Flow | Ended:
    if answer.error == "access_denied":
        return Ended("somebody refused this speaker; start it again for a new code")
    if flow.code is None:
        return Ended(f"the cloud does not pair by code ({answer.why}); give an access token with --token")
    if answer.error in _OVER:
        return Flow(now + BETWEEN_CODES)
    if answer.error not in {"authorization_pending", "slow_down"}:
        return Ended(f"the cloud refuses to pair this speaker ({answer.why})")
    interval = flow.interval + SLOWER * (answer.error == "slow_down")
    return replace(flow, interval=interval, next_at=now + interval, failures=0)
