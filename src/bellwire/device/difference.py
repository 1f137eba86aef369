"""What falls out of the difference between two states: what to keep, to sound, to fetch, and when to wake.

It knows both states; it must not know what led from one to the other. So nothing that changes can be forgotten
to be saved, also after a disk that failed, a timer can't outlive its alert, and what rings in the state is what is
heard.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bellwire.alerts.alert import Kind
from bellwire.alerts.lifecycle import Life
from bellwire.device.do_not_disturb import DoNotDisturb
from bellwire.device.held import Held, Remembered, State
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

ALARM_RAMP = timedelta(seconds=30)
"""So slowly an alarm comes to its volume: who sleeps is not frightened. Who set a timer or a reminder is awake."""


@dataclass(frozen=True, slots=True)
class Unkept:
    """What of a state must be there after a power cut, and is not on the disk yet; false where that is nothing."""

    save: tuple[Held, ...] = ()
    forget: tuple[str, ...] = ()
    """Tokens of alerts."""
    remembered: Remembered | None = None
    volume: int | None = None
    do_not_disturb: DoNotDisturb | None = None

    def __bool__(self) -> bool:
        return self != Unkept()


def to_keep(kept: State, after: State) -> Unkept:
    """Every alert that is not as it was kept, and what is remembered beside them."""
    changed = sorted(after.alerts.changes_since(kept.alerts))
    is_same = after.system.remembered is kept.system.remembered
    return Unkept(
        save=tuple(
            after.alerts[token]
            for token in changed
            if token in after.alerts and after.alerts[token] != kept.alerts.get(token)
        ),
        forget=tuple(token for token in changed if token not in after.alerts),
        remembered=None if is_same or kept.system.kept == after.system.kept else after.system.kept,
        volume=after.volume if kept.volume != after.volume else None,
        do_not_disturb=after.do_not_disturb if kept.do_not_disturb != after.do_not_disturb else None,
    )


def to_sound(before: State, after: State, profile: Profile) -> Iterator[SetVolume | PutBehind | Stop | Ring | Mute]:
    """The bell follows the state. What ends is silent before the volume changes, and that before anything begins."""
    was, now = before.alerts.sounding, after.alerts.sounding
    if was is not None and (now is None or now.token != was.token):
        yield Stop(was.token)
    if _volume_heard(after) != _volume_heard(before):
        yield SetVolume(_volume_heard(after))
    if after.is_behind is not before.is_behind:
        yield PutBehind(after.is_behind)
    if now is not None and now.life is Life.MUTED and was is not None and was.life is not Life.MUTED:
        yield Mute(now.token)
    if now is not None and now.life is Life.RINGING and not _rings_on(was, now, profile):
        yield _ring_of(now, profile)


def _volume_heard(state: State) -> int:
    """What nobody is to be disturbed by rings as any other, at no volume at all."""
    sounding = state.alerts.sounding
    is_silent = sounding is not None and state.do_not_disturb.silences(sounding.occurrence.kind)
    return 0 if is_silent else state.volume


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
        ramp=ALARM_RAMP if occurrence.kind is Kind.ALARM else timedelta(),
    )


def to_fetch(before: State, after: State, profile: Profile) -> Iterator[Fetch | ForgetAssets]:
    """Assets that were not needed before, or are not needed any more."""
    changed = after.alerts.changes_since(before.alerts)
    if not changed:
        return
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
    having = (held for held in alerts if any(asset.url == url for asset in held.occurrence.assets))
    return any(url in urls_of(held.occurrence, profile) for held in having)


def to_wake(after: State) -> WakeAt:
    """The earliest time at which something is to be done."""
    return WakeAt(min(_times(after), default=None))


def _times(state: State) -> Iterator[datetime]:
    if state.belief.until is not None:
        yield state.belief.until
    else:
        yield from state.alerts.next_times()
    sounding = state.alerts.sounding
    if sounding is not None and sounding.ends_at is not None:
        yield sounding.ends_at
    if state.do_not_disturb.switches_at is not None:
        yield state.do_not_disturb.switches_at
    yield from state.missing.values()
    yield from state.system.times()
