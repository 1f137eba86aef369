"""What falls out of the difference between two states: what to keep, to sound, to fetch, and when to wake.

It knows both states; it must not know what led from one to the other. So nothing that changes can be forgotten
to be saved, also after a disk that failed, a timer can't outlive its alert, and what rings in the state is what is
heard.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from bellwire.alerts.lifecycle import Life
from bellwire.device.held import Held, Remembered, State, sounding_of
from bellwire.device.occurrences import behind_of, sources_of, urls_of
from bellwire.device.outputs import (
    Fetch,
    ForgetAssets,
    Mute,
    PutBehind,
    Ring,
    SetVolume,
    Stop,
    WakeAt,
)
from bellwire.protocol.profiles.profile import Profile


@dataclass(frozen=True, slots=True)
class Unkept:
    """What of a state must be there after a power cut, and is not on the disk yet; false where that is nothing."""

    save: tuple[Held, ...] = ()
    forget: tuple[str, ...] = ()
    """Tokens of alerts."""
    remembered: Remembered | None = None
    volume: int | None = None

    def __bool__(self) -> bool:
        return self != Unkept()


def to_keep(kept: State, after: State) -> Unkept:
    """Every alert that is not as it was kept, and what is remembered beside them."""
    alerts = kept.alerts
    return Unkept(
        save=tuple(
            held for token, held in after.alerts.items() if (was := alerts.get(token)) is not held and was != held
        ),
        forget=tuple(sorted(alerts.keys() - after.alerts.keys())),
        remembered=after.system.kept if kept.system.kept != after.system.kept else None,
        volume=after.volume if kept.volume != after.volume else None,
    )


def to_sound(before: State, after: State, profile: Profile) -> Iterator[SetVolume | PutBehind | Stop | Ring | Mute]:
    """The bell follows the state."""
    if after.volume != before.volume:
        yield SetVolume(after.volume)
    if after.is_behind is not before.is_behind:
        yield PutBehind(after.is_behind)
    was, now = sounding_of(before.alerts.values()), sounding_of(after.alerts.values())
    if was is not None and (now is None or now.token != was.token):
        yield Stop(was.token)
    if now is not None and now.life is Life.MUTED and was is not None and was.life is not Life.MUTED:
        yield Mute(now.token)
    if now is not None and now.life is Life.RINGING and not _rings_on(was, now, profile):
        yield _ring_of(now, profile)


def _rings_on(was: Held | None, now: Held, profile: Profile) -> bool:
    """Whether the same is to be heard as before: another time is another ring, another label is not."""
    if was is None or was.life is not Life.RINGING or was.turn != now.turn:
        return False
    return _ring_of(was, profile) == _ring_of(now, profile)


def _ring_of(held: Held, profile: Profile) -> Ring:
    """As often as the message says (`loopCount`), else once or without end, as the profile has it of the type."""
    occurrence = held.occurrence
    once = 1 if occurrence.kind in profile.played_once else None
    return Ring(
        held.token,
        occurrence.kind,
        sources_of(occurrence, profile),
        rounds=occurrence.loops or once,
        pause=occurrence.loop_pause,
        behind=behind_of(occurrence, profile),
    )


def to_fetch(before: State, after: State, profile: Profile) -> Iterator[Fetch | ForgetAssets]:
    """Assets that were not needed before, or are not needed any more."""
    changed = [
        token
        for token in before.alerts.keys() | after.alerts.keys()
        if before.alerts.get(token) is not after.alerts.get(token)
    ]
    was, now = (
        {url for token in changed if token in alerts for url in urls_of(alerts[token].occurrence, profile)}
        for alerts in (before.alerts, after.alerts)
    )
    if now - was:
        yield Fetch(tuple(sorted(now - was)))
    gone = {url for url in was - now if not is_needed(url, after.alerts.values(), profile)}
    if gone:
        yield ForgetAssets(tuple(sorted(gone)))


def is_needed(url: str, alerts: Iterable[Held], profile: Profile) -> bool:
    """Whether some alert plays this asset."""
    return any(url in urls_of(held.occurrence, profile) for held in alerts)


def to_wake(after: State) -> WakeAt:
    """The earliest time at which something is to be done."""
    return WakeAt(min(_times(after), default=None))


def _times(state: State) -> Iterator[datetime]:
    is_free = sounding_of(state.alerts.values()) is None
    for held in state.alerts.values():
        if held.life is Life.SET or (held.life is Life.SNOOZED and is_free):
            yield held.due_at
        elif held.ends_at is not None:
            yield held.ends_at
    yield from state.missing.values()
    yield from state.system.times()
