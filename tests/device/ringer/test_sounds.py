import math
from array import array
from itertools import pairwise

import pytest

from bellwire.device.ringer.sounds import KINDS, RATE, bell


def samples(pcm: bytes) -> list[int]:
    return list(array("h", pcm))


def strength(sound: list[int], pitch: float) -> float:
    """How much of `pitch` is in the sound (one term of the Fourier sum)."""
    turn = math.tau * pitch / RATE
    real = sum(sample * math.cos(turn * n) for n, sample in enumerate(sound))
    imaginary = sum(sample * math.sin(turn * n) for n, sample in enumerate(sound))
    return math.hypot(real, imaginary) / len(sound)


@pytest.mark.parametrize("kind", KINDS)
def test_a_bell_is_as_long_and_as_loud_as_it_should_be(kind: str) -> None:
    sound = samples(bell(kind))
    loudness = math.sqrt(sum(sample * sample for sample in sound) / len(sound))
    assert 1.5 * RATE <= len(sound) <= 3 * RATE
    assert max(map(abs, sound)) == pytest.approx(0.8 * 32_767, abs=2)
    assert 0.1 < loudness / 32_767 < 0.25


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("following", KINDS)
def test_bells_join_without_a_click(kind: str, following: str) -> None:
    ends, begins = samples(bell(kind))[-48:], samples(bell(following))[:12]
    assert ends[-1] == begins[0] == 0
    # A step of 1/20 in a quarter of a millisecond is what a soft attack takes; a click is a step of most of the range.
    assert max(abs(later - sooner) for sooner, later in pairwise(ends + begins)) < 32_767 / 20


@pytest.mark.parametrize("kind", KINDS)
def test_a_bell_dies_away_before_its_end(kind: str) -> None:
    sound = samples(bell(kind))
    last_tenth = sound[-RATE // 10 :]
    assert max(map(abs, last_tenth)) < 0.01 * max(map(abs, sound))


def test_the_bells_are_distinct_and_made_once() -> None:
    assert len({bell(kind) for kind in KINDS}) == len(KINDS) == 4
    assert all(bell(kind) is bell(kind) for kind in KINDS)


def test_the_reminder_falls_from_e_to_c() -> None:
    sound = samples(bell("REMINDER"))
    first, second = sound[: RATE // 4], sound[RATE * 8 // 5 : RATE * 9 // 5]
    assert strength(first, 659.26) > 10 * strength(first, 523.25)
    assert strength(second, 523.25) > 3 * strength(second, 659.26)


def test_an_unknown_kind_sounds_as_an_alarm() -> None:
    assert bell("MELODY") is bell("ALARM")
