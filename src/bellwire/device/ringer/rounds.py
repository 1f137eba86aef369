"""What is heard in one round of a ring: bells, and those assets that are there.

It knows the sources that a ring names; it must not know where assets are kept, nor how they are played.
"""

from collections.abc import Callable, Iterable

from bellwire.device.ringer.clip import Clip, Whole
from bellwire.device.ringer.sounds import Bell, Source, bell, is_made


def round_of(sources: Iterable[Source], kind: str, clip: Callable[[str], Clip | None]) -> list[Clip]:
    """The sounds of `sources` that are there, in their order.

    `clip` gives an asset's sound, or None when it is not there: then what the asset names is heard in its place. When
    nothing is left it is the bell of `kind`: an alert is never silent (SetAlert: an asset that cannot be had is left
    out).
    """
    found = (sound_of(source, clip) for source in sources)
    return [sound for sound in found if sound] or [bell_of(kind)]


def sound_of(source: Source, clip: Callable[[str], Clip | None]) -> Clip | None:
    """What is heard of one source now; None: nothing."""
    if isinstance(source, Bell):
        return bell_of(source.kind)
    return clip(source.url) or (bell_of(source.instead) if source.instead else None)


def bell_of(kind: str) -> Clip:
    """The bell of `kind`; until that is made the one of ALARM, for to make it takes longer than a sound card waits."""
    return Whole(bell(kind if is_made(kind) else "ALARM"))
