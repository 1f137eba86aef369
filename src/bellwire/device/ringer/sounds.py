"""What can be heard: the bells of each kind of alert, made by arithmetic, and the sources that a ring names.

It knows frequencies, decays and samples; it must not know files, the network or the sound card.
All sound in this package is 48 kHz, mono, 16 bit signed in the machine's byte order, as bytes ("PCM").
"""

import math
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import repeat
from operator import add, mul
from types import MappingProxyType
from typing import NamedTuple

RATE = 48_000
"""Frames a second."""

FRAME_BYTES = 2


@dataclass(frozen=True)
class Bell:
    """A bell that the speaker has in itself: the one of `kind`."""

    kind: str


@dataclass(frozen=True)
class Asset:
    """A sound that was fetched from `url` beforehand."""

    url: str
    instead: str | None = None
    """The kind whose bell is heard in its place while it is not there; None: nothing is."""


Source = Bell | Asset


class AssetError(Exception):
    """An asset that cannot be had; its text is one sentence that says why."""


class _Stroke(NamedTuple):
    at: float
    """Seconds from the beginning."""
    pitch: float
    """Hz."""
    decay: float
    """Seconds in which the fundamental falls to 1/e."""


class _Partial(NamedTuple):
    ratio: float
    """Frequency, as a multiple of the stroke's pitch."""
    level: float
    life: float
    """Decay, as a multiple of the stroke's: high partials of struck metal die first."""


class _Design(NamedTuple):
    seconds: float
    strokes: tuple[_Stroke, ...]
    partials: tuple[_Partial, ...]


_SOFT = (_Partial(1, 1, 1), _Partial(2, 0.3, 0.6), _Partial(4.2, 0.12, 0.25))
_BRIGHT = (_Partial(1, 1, 1), _Partial(2, 0.6, 0.8), _Partial(3, 0.4, 0.6))
_GLASS = (_Partial(1, 1, 1), _Partial(2.76, 0.35, 0.4), _Partial(5.4, 0.15, 0.2))

_DESIGNS: Mapping[str, _Design] = MappingProxyType(
    {
        # Wakes: two bursts of four quick strokes, B5 and E6 by turns, rich in the range where hearing is keenest.
        "ALARM": _Design(
            2.0,
            tuple(_Stroke(burst + 0.13 * n, (987.77, 1318.51)[n % 2], 0.09) for burst in (0.0, 0.95) for n in range(4)),
            _BRIGHT,
        ),
        # A kitchen clock: three high strokes, G6.
        "TIMER": _Design(1.8, tuple(_Stroke(at, 1567.98, 0.17) for at in (0.0, 0.27, 0.54)), _GLASS),
        # A door bell: E5 falls to C5.
        "REMINDER": _Design(2.6, (_Stroke(0.0, 659.26, 0.35), _Stroke(0.55, 523.25, 0.38)), _SOFT),
        # A rising chord: C5 E5 G5 C6.
        "ACTIONTIMER": _Design(
            2.0,
            tuple(_Stroke(0.16 * n, pitch, 0.2) for n, pitch in enumerate((523.25, 659.26, 783.99, 1046.5))),
            _SOFT,
        ),
    }
)

KINDS = tuple(_DESIGNS)

_PEAK = 0.8 * 32_767
_INAUDIBLE = 1e-3
_ATTACK = RATE * 3 // 1000
_RELEASE = RATE * 40 // 1000


_made: dict[str, bytes] = {}


def bell(kind: str) -> bytes:
    """The bell of `kind` as PCM, 1.5 to 3 s long; a kind that is not known sounds as ALARM.

    It begins and ends at zero, so that it can be repeated and joined with any other sound.
    The first call for a kind takes some 50 ms of calculation, later ones nothing.
    """
    kind = kind if kind in _DESIGNS else "ALARM"
    if kind not in _made:
        _made[kind] = _make(_DESIGNS[kind])
    return _made[kind]


def is_made(kind: str) -> bool:
    """Whether `bell` gives this one at once."""
    return kind in _made or kind not in _DESIGNS


def _make(design: _Design) -> bytes:
    sound = array("d", bytes(8 * round(design.seconds * RATE)))
    for (pitch, decay), beginnings in _by_sound(design.strokes).items():
        wave = _struck(pitch, decay, design.partials)
        for start in beginnings:
            end = min(start + len(wave), len(sound))
            sound[start:end] = array("d", map(add, sound[start:end], wave))
    _release(sound)
    scale = _PEAK / max(map(abs, sound))
    return array("h", map(int, map(mul, sound, repeat(scale)))).tobytes()


def _by_sound(strokes: tuple[_Stroke, ...]) -> dict[tuple[float, float], list[int]]:
    """The first frames of all strokes that sound alike: each sound is made once only."""
    alike: dict[tuple[float, float], list[int]] = {}
    for at, pitch, decay in strokes:
        alike.setdefault((pitch, decay), []).append(round(at * RATE))
    return alike


def _struck(pitch: float, decay: float, partials: tuple[_Partial, ...]) -> "array[float]":
    """One stroke: decaying sines, the fundamental first because it lasts longest."""
    wave = array("d")
    for partial in partials:
        sine = _decaying(pitch * partial.ratio, decay * partial.life, partial.level)
        wave[: len(sine)] = array("d", map(add, wave, sine)) if wave else sine
    for n in range(_ATTACK):
        wave[n] *= n / _ATTACK
    return wave


def _decaying(pitch: float, decay: float, level: float) -> "array[float]":
    """A sine of `pitch` Hz that falls from `level` to 1/e in `decay` seconds, until it is inaudible.

    Each sample follows from the two before it: a call of sin and exp for every one would take twice the time.
    """
    fall, turn = math.exp(-1 / (decay * RATE)), math.tau * pitch / RATE
    of_last, of_last_but_one = 2 * fall * math.cos(turn), -fall * fall
    last, now = 0.0, level * fall * math.sin(turn)
    wave = array("d", (last,))  # a list of as many floats would take megabytes
    for _ in range(round(math.log(level / _INAUDIBLE) * decay * RATE)):
        wave.append(now)
        last, now = now, of_last * now + of_last_but_one * last
    return wave


def _release(sound: "array[float]") -> None:
    """Leads the last 40 ms to zero."""
    for n in range(_RELEASE):
        sound[-1 - n] *= n / _RELEASE
