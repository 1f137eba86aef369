"""When a speaker renews its right to speak to the cloud: `step`, a plain function from a state and an input to a state
and outputs.

It knows ages, failures and the order of things; it must not know a clock, a file or a socket: `now` are seconds of a
clock that is never set, `chance` is a number from 0 to 1 that is drawn anew for each call.

Three rules. A new pair is used only when it is on the disk, for the old one dies when the new one is made. One question
at a time: two would use the same refresh token, and the cloud would take that for a theft. Whatever is in vain is tried
later and later.
"""

from dataclasses import dataclass, field, replace

from bellwire.device.backoff import JITTER, PATIENT_STEP, STEPS
from bellwire.device.grant import Failed, Grant, Refused

MARGIN = (0.15, 0.25)
"""So much of a token's life is left when it is renewed: a cloud that is away for a while then harms nobody, and
speakers that were paired in one moment do not renew in one moment."""

LEAST_AGE = 5.0
"""Seconds. However short a token's life is said to be, it is not renewed before."""

PROVEN_AGE = 60.0
"""Seconds. A cloud that refuses a token younger than this will hardly like the next one better: that has to wait."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An access token, and the refresh token that gets the next one."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Fresh:
    """A pair that has come and is not on the disk yet."""

    pair: Pair
    lifetime: float
    """Seconds, from `came_at` on."""
    came_at: float


@dataclass(frozen=True, slots=True)
class Credentials:
    """All that the rules know."""

    pair: Pair
    """As it is on the disk: what is used."""
    came_at: float | None = None
    """None: in an earlier run."""
    wake_at: float | None = None
    """When the time is the next input; None: while an answer is awaited, or for ever."""
    fresh: Fresh | None = None
    is_asking: bool = False
    failures: int = 0
    """One after the other, of asking or of writing."""
    is_refused: bool = False
    """The cloud does not take the pair's access token any more."""
    rejected: int = 0
    """Tokens, one after the other, that the cloud refused when they were young."""
    is_over: bool = False
    """It has logged out."""


# What can happen, beside a Grant, Refused or Failed, which answer `Ask`.


@dataclass(frozen=True, slots=True)
class Woke:
    """The time `wake_at` has come, or may have."""


@dataclass(frozen=True, slots=True)
class Unauthorized:
    """The cloud refused a request that carried this access token (401)."""

    access_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Written:
    """The fresh pair is on the disk."""


@dataclass(frozen=True, slots=True)
class NotWritten:
    """It is not: the disk is full or broken."""


Input = Woke | Unauthorized | Written | NotWritten | Grant | Refused | Failed


# What is to be done about it.


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the cloud for the next pair."""

    refresh_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Write:
    """Put this pair on the disk."""

    fresh: Fresh


@dataclass(frozen=True, slots=True)
class Use:
    """From now on requests carry the state's access token."""


@dataclass(frozen=True, slots=True)
class LogOut:
    """The cloud has ended this pairing: nothing of the account may stay, nor the tokens; then pair anew."""


Output = Ask | Write | Use | LogOut
Turn = tuple[Credentials, tuple[Output, ...]]


def begin(pair: Pair, lifetime: float, left: float, now: float, chance: float) -> Credentials:
    """The state at a start with a `pair` from the disk: `left` of its `lifetime`, in seconds, as far as is known."""
    return Credentials(pair, wake_at=now + max(0.0, left - _between(MARGIN, chance) * lifetime))


def step(state: Credentials, happened: Input, now: float, chance: float) -> Turn:
    """The state after `happened`, and what is to be done, in this order. Raises nothing for any input."""
    if state.is_over:
        return state, ()
    match happened:
        case Woke():
            return _woke(state, now)
        case Unauthorized(access_token):
            return _unauthorized(state, access_token, now, chance)
        case Written():
            return _written(state, chance)
        case NotWritten():
            return _later(state, now, chance), ()
        case _:
            return _answered(replace(state, is_asking=False), happened, now, chance)


def _woke(state: Credentials, now: float) -> Turn:
    if state.wake_at is None or now < state.wake_at:
        return state, ()
    awake = replace(state, wake_at=None)
    if state.fresh is not None:
        return awake, (Write(state.fresh),)
    return replace(awake, is_asking=True), (Ask(state.pair.refresh_token),)


def _unauthorized(state: Credentials, access_token: str, now: float, chance: float) -> Turn:
    """Renew, if that is not under way: many requests are refused for one token."""
    is_under_way = state.is_refused or state.is_asking or state.fresh is not None or state.failures > 0
    if is_under_way or access_token != state.pair.access_token:
        return state, ()
    refused = replace(state, is_refused=True)
    if state.came_at is None or now - state.came_at >= PROVEN_AGE:
        return _woke(replace(refused, rejected=0, wake_at=now), now)
    wait = _wait(PATIENT_STEP + state.rejected, chance)
    return replace(refused, rejected=state.rejected + 1, wake_at=now + wait), ()


def _answered(state: Credentials, answer: Grant | Refused | Failed, now: float, chance: float) -> Turn:
    match answer:
        case Grant():
            pair = Pair(answer.access_token, answer.refresh_token or state.pair.refresh_token)
            fresh = Fresh(pair, answer.expires_in, now)
            return replace(state, fresh=fresh, failures=0), (Write(fresh),)
        case Refused("invalid_grant"):
            return replace(state, is_over=True), (LogOut(),)
        case Refused():
            # It speaks of the client or of the question: no reason to forget anything, and none to ask again soon.
            return _later(state, now, chance, at_least=_wait(len(STEPS), chance)), ()
        case Failed(_, retry_after):
            return _later(state, now, chance, at_least=retry_after), ()


def _written(state: Credentials, chance: float) -> Turn:
    fresh = state.fresh
    if fresh is None:
        return state, ()
    age = max(LEAST_AGE, fresh.lifetime * (1 - _between(MARGIN, chance)))
    renewed = Credentials(fresh.pair, fresh.came_at, fresh.came_at + age)
    return replace(renewed, rejected=state.rejected if state.is_refused else 0), (Use(),)


def _later(state: Credentials, now: float, chance: float, at_least: float = 0.0) -> Credentials:
    wait = max(_wait(state.failures, chance), at_least)
    return replace(state, failures=state.failures + 1, wake_at=now + wait)


def _wait(step_number: int, chance: float) -> float:
    return STEPS[min(step_number, len(STEPS) - 1)] * _between(JITTER, chance)


def _between(limits: tuple[float, float], chance: float) -> float:
    low, high = limits
    return low + chance * (high - low)
