import math
import threading
from array import array
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwire.device.ringer.clip import Whole
from bellwire.device.ringer.mixer import Mixer
from bellwire.device.ringer.voice import SOFTLY, Ring

Tone = Callable[..., bytes]
FADE = 240
"""Frames in 5 ms."""


def samples(pcm: bytes) -> list[int]:
    return list(array("h", pcm))


def ring(
    *clips: bytes,
    token: str = "a",
    rounds: int | None = None,
    pause: int = 0,
    behind: tuple[bytes, ...] = (),
    ramp: int = 0,
) -> Ring:
    front, own = [Whole(clip) for clip in clips], [Whole(clip) for clip in behind]
    return Ring(token, lambda: front, rounds, pause, lambda: own, ramp)


def reports(mixer: Mixer) -> list[str]:
    return [f"{report.ring.token} {report.what}" for report in mixer.take_reports()]


def counted(start: int, frames: int) -> bytes:
    """Frames that are all different."""
    return array("h", range(start, start + frames)).tobytes()


def test_silence_when_nothing_plays() -> None:
    mixer = Mixer()
    assert mixer.read(480) == bytes(960)
    assert reports(mixer) == []


@given(lengths=st.lists(st.integers(1, 40), min_size=1, max_size=5), reads=st.lists(st.integers(0, 97), max_size=30))
def test_clips_follow_each_other_exactly_however_they_are_read(lengths: list[int], reads: list[int]) -> None:
    clips = [counted(100 * n + 1, length) for n, length in enumerate(lengths)]
    mixer = Mixer()
    mixer.play(ring(*clips))
    heard = b"".join(mixer.read(frames) for frames in reads)
    one_round = b"".join(clips)
    rounds = math.ceil(len(heard) / len(one_round))
    assert heard == (one_round * rounds)[: len(heard)]
    assert len(heard) == 2 * sum(reads)


def test_counted_rounds_end_in_silence_and_are_reported_once() -> None:
    mixer, clip = Mixer(), counted(1, 50)
    mixer.play(ring(clip, rounds=3))
    assert mixer.read(200) == clip * 3 + bytes(100)
    assert reports(mixer) == ["a sounding", "a ended"]
    assert mixer.read(200) == bytes(400)
    assert reports(mixer) == []


def test_a_ring_that_is_stopped_at_its_last_frames_is_not_reported_as_ended() -> None:
    mixer = Mixer()
    mixer.play(ring(counted(1, 100), rounds=1))
    mixer.read(90)
    mixer.stop()
    assert mixer.read(100)[20:] == bytes(180)
    assert reports(mixer) == ["a sounding"]


def test_each_round_is_asked_for_anew() -> None:
    mixer, clips = Mixer(), [counted(1, 30)]
    mixer.play(Ring("a", lambda: [Whole(clip) for clip in clips]))
    first = mixer.read(20)
    late = counted(500, 10)
    clips.append(late)
    # The round that has begun stays as it was; the next one has both.
    assert first + mixer.read(10 + 40) == clips[0] + clips[0] + late


def test_a_round_without_a_sample_ends_the_ring() -> None:
    mixer = Mixer()
    mixer.play(ring(b"", b""))
    assert mixer.read(100) == bytes(200)
    assert reports(mixer) == ["a ended"]


def test_stop_fades_within_five_milliseconds_and_then_is_exactly_silent(tone: Tone) -> None:
    mixer = Mixer()
    mixer.play(ring(tone(1000, 20_000, period=1000)))
    assert abs(samples(mixer.read(100))[-1]) == 20_000
    mixer.stop()
    faded = samples(mixer.read(1000))
    assert faded[FADE:] == [0] * (1000 - FADE)
    assert all(sooner >= later for sooner, later in pairwise(faded))
    assert max(abs(sooner - later) for sooner, later in pairwise([20_000, *faded])) < 100
    assert reports(mixer) == ["a sounding"]
    assert mixer.read(480) == bytes(960)


def test_mute_is_silent_and_the_ring_goes_on_unheard() -> None:
    mixer = Mixer()
    mixer.play(ring(counted(1, 100), rounds=10))
    mixer.read(100)
    mixer.mute()
    assert mixer.read(899)[2 * FADE :] == bytes(2 * (899 - FADE))
    assert reports(mixer) == ["a sounding"]
    mixer.read(2)
    assert reports(mixer) == ["a ended"]


def test_the_next_ring_is_heard_after_a_mute(tone: Tone) -> None:
    mixer, clip = Mixer(), tone(500, 3000)
    mixer.play(ring(tone(500, 9000)))
    mixer.read(10)
    mixer.mute()
    mixer.read(FADE)
    mixer.play(ring(clip, token="b"))
    assert mixer.read(500) == clip
    assert reports(mixer) == ["a sounding", "b sounding"]


def test_a_ring_that_was_muted_before_it_began_is_never_heard(tone: Tone) -> None:
    mixer = Mixer()
    mixer.play(ring(tone(500, 9000)))
    mixer.read(10)
    mixer.play(ring(tone(500, 3000), token="b"))
    mixer.mute()
    assert mixer.read(2000)[2 * FADE :] == bytes(2 * (2000 - FADE))


def test_a_ring_takes_the_place_of_another_after_its_fade(tone: Tone) -> None:
    mixer, clip = Mixer(), tone(700, 3000)
    mixer.play(ring(tone(500, 9000)))
    mixer.read(10)
    mixer.play(ring(clip, token="b"))
    heard = mixer.read(FADE + 700)
    assert heard[2 * FADE :] == clip
    assert reports(mixer) == ["a sounding", "b sounding"]


def test_what_nobody_has_heard_yet_gives_way_at_once(tone: Tone) -> None:
    mixer, clip = Mixer(), tone(700, 3000)
    mixer.play(ring(counted(1, 10), rounds=1))
    mixer.read(20)
    mixer.play(ring(tone(500, 9000), token="b"))
    mixer.play(ring(clip, token="c"))
    assert mixer.read(700) == clip
    assert reports(mixer) == ["a sounding", "a ended", "c sounding"]


def test_stop_also_drops_the_ring_that_waits_for_the_fade(tone: Tone) -> None:
    mixer = Mixer()
    mixer.play(ring(tone(500, 9000)))
    mixer.read(10)
    mixer.play(ring(tone(500, 3000), token="b"))
    mixer.stop()
    assert mixer.read(1000)[2 * FADE :] == bytes(2 * (1000 - FADE))


def test_the_first_sound_is_reported_not_the_first_frame() -> None:
    mixer = Mixer()
    mixer.play(ring(bytes(200), counted(1, 100)))
    mixer.read(100)
    assert reports(mixer) == []
    mixer.read(1)
    assert reports(mixer) == ["a sounding"]


def test_the_volume_scales_every_sample(tone: Tone) -> None:
    mixer, clip = Mixer(volume=0.25), tone(400, 8000)
    mixer.play(ring(clip))
    assert samples(mixer.read(400)) == [sample // 4 for sample in samples(clip)]


def test_a_change_of_volume_is_gradual(tone: Tone) -> None:
    mixer = Mixer(volume=1.0)
    mixer.play(ring(tone(4000, 20_000, period=8000)))
    mixer.read(10)
    mixer.volume = 0.5
    heard = samples(mixer.read(1000))
    assert heard[FADE:] == [10_000] * (1000 - FADE)
    assert max(abs(sooner - later) for sooner, later in pairwise([20_000, *heard])) < 100


@pytest.mark.parametrize("volume", [-0.1, 1.1, math.nan])
def test_a_volume_out_of_range_is_refused(volume: float) -> None:
    with pytest.raises(ValueError, match="0 to 1"):
        Mixer(volume=volume)
    mixer = Mixer()
    with pytest.raises(ValueError, match="0 to 1"):
        mixer.volume = volume


def test_at_volume_0_it_rings_unheard() -> None:
    mixer = Mixer(volume=0.0)
    mixer.play(ring(counted(1, 100), rounds=1))
    assert mixer.read(200) == bytes(400)
    assert reports(mixer) == ["a sounding", "a ended"]


# Pauses.


@given(
    length=st.integers(1, 40),
    pause=st.integers(0, 300),
    rounds=st.integers(1, 5),
    reads=st.lists(st.integers(1, 97), max_size=40),
)
def test_pauses_are_exact_between_rounds_and_nowhere_else(
    length: int, pause: int, rounds: int, reads: list[int]
) -> None:
    clip = counted(1, length)
    mixer = Mixer()
    mixer.play(ring(clip, rounds=rounds, pause=pause))
    heard = b"".join(mixer.read(frames) for frames in reads)
    whole = bytes(2 * pause).join([clip] * rounds)
    assert heard == (whole + bytes(len(heard)))[: len(heard)]
    over_at = len(whole) // 2
    assert ("a ended" in reports(mixer)) == (sum(reads) > over_at)


def test_a_pause_of_weeks_takes_no_memory_and_can_be_stopped(tone: Tone) -> None:
    mixer = Mixer()
    mixer.play(ring(counted(1, 10), pause=10**12))
    assert mixer.read(48_000)[20:] == bytes(2 * 47_990)
    mixer.play(ring(tone(500, 3000), token="b"))
    assert mixer.read(500) == tone(500, 3000)
    assert reports(mixer) == ["a sounding", "b sounding"]


def test_a_ring_that_is_replaced_as_a_pause_begins_fades_no_longer_than_its_sound() -> None:
    mixer, after = Mixer(), counted(500, 50)
    mixer.play(ring(counted(1, 100), pause=1000))
    mixer.read(90)
    mixer.play(ring(after, token="b"))
    assert mixer.read(60)[20:] == after


@given(length=st.integers(1, 300), pause=st.integers(0, 300), reads=st.lists(st.integers(1, 197), max_size=60))
def test_loop_k_begins_exactly_at_its_frame(length: int, pause: int, reads: list[int]) -> None:
    mixer = Mixer()
    mixer.play(ring(array("h", [7] + [1] * (length - 1)).tobytes(), pause=pause))
    heard = samples(b"".join(mixer.read(frames) for frames in reads))
    begins = [n for n, sample in enumerate(heard) if sample == 7]
    assert begins == [k * (length + pause) for k in range(len(begins))]
    assert len(begins) == math.ceil(len(heard) / (length + pause))


# Ramps.


@given(
    length=st.integers(1, 60),
    pause=st.integers(0, 50),
    ramp=st.integers(1, 500),
    reads=st.lists(st.integers(1, 97), max_size=30),
)
def test_a_ramp_rises_to_the_sample_through_loops_and_pauses(
    length: int, pause: int, ramp: int, reads: list[int]
) -> None:
    clip, mixer = array("h", [10_000] * length), Mixer()
    mixer.play(ring(clip.tobytes(), pause=pause, ramp=ramp))
    heard = samples(b"".join(mixer.read(frames) for frames in reads))
    for n, sample in enumerate(heard):
        is_sound = n % (length + pause) < length
        gain = min(0.2 + 0.8 * n / ramp, 1.0)
        assert abs(sample - (10_000 * gain if is_sound else 0)) <= 1
    assert heard[ramp:] == [10_000 if n % (length + pause) < length else 0 for n in range(ramp, len(heard))]


def test_a_ramp_is_of_the_alert_volume_and_begins_anew_with_each_ring(tone: Tone) -> None:
    mixer, sound = Mixer(volume=0.5), tone(1000, 20_000, period=2000)
    mixer.play(ring(sound, ramp=1000))
    first = samples(mixer.read(1000))
    assert (first[0], first[500]) == (2000, 6000)
    assert first[999] == pytest.approx(10_000, abs=10)
    mixer.play(ring(sound, ramp=1000, token="b"))
    mixer.read(FADE // 2)
    assert samples(mixer.read(1000)) == first


def test_a_ramp_goes_on_where_it_was_when_the_ring_goes_behind_and_comes_back(tone: Tone) -> None:
    mixer, sound = Mixer(), tone(10_000, 20_000, period=20_000)
    mixer.play(ring(sound, behind=(sound,), ramp=10_000))
    mixer.read(4000)
    mixer.behind = True
    mixer.read(FADE)
    assert samples(mixer.read(10))[0] == pytest.approx(20_000 * (0.2 + 0.8 * (4000 + FADE) / 10_000), abs=2)
    mixer.behind = False
    mixer.read(FADE)
    assert samples(mixer.read(10))[0] == pytest.approx(20_000 * (0.2 + 0.8 * (4010 + 2 * FADE) / 10_000), abs=2)


def test_a_change_of_volume_within_a_ramp_makes_no_click(tone: Tone) -> None:
    mixer = Mixer()
    mixer.play(ring(tone(9000, 20_000, period=18_000), ramp=9000))
    before = samples(mixer.read(3000))
    mixer.volume = 0.3
    heard = before + samples(mixer.read(3000))
    assert max(abs(sooner - later) for sooner, later in pairwise(heard)) < 100
    assert heard[-1] == pytest.approx(20_000 * 0.3 * (0.2 + 0.8 * 5999 / 9000), abs=2)


# Waiting for what comes from the disk.


def waiting(patience: int, *, ready: Callable[[], bool], clips: list[bytes]) -> Ring:
    return Ring("a", lambda: [Whole(clip) for clip in clips], patience=patience, is_ready=ready)


def test_the_first_round_waits_until_its_sounds_are_there_and_no_longer(tone: Tone) -> None:
    mixer, sound, there = Mixer(), tone(500, 9000), list[bytes]()
    mixer.play(waiting(48_000, ready=lambda: bool(there), clips=there))
    assert mixer.read(960) == bytes(1920)
    there.append(sound)
    assert mixer.read(500) == sound


def test_the_first_round_waits_no_longer_than_it_may(tone: Tone) -> None:
    mixer, sound = Mixer(), tone(500, 9000)
    mixer.play(waiting(2400, ready=lambda: False, clips=[sound]))
    assert mixer.read(2400 + 1000) == bytes(4800) + sound * 2
    assert reports(mixer) == ["a sounding"]


def test_what_waits_can_be_stopped_muted_and_replaced(tone: Tone) -> None:
    mixer, sound = Mixer(), tone(500, 9000)
    mixer.play(waiting(48_000, ready=lambda: False, clips=[sound]))
    mixer.read(100)
    mixer.stop()
    assert mixer.read(48_000) == bytes(96_000)
    mixer.play(waiting(48_000, ready=lambda: False, clips=[tone(500, 3000)]))
    mixer.read(100)
    mixer.play(ring(sound, token="b"))
    assert mixer.read(500) == sound
    assert reports(mixer) == ["b sounding"]


# Sounds that come piece by piece.


class Slow:
    """A clip of which `there` frames come in time."""

    def __init__(self, pcm: bytes, there: int) -> None:
        self.frames = len(pcm) // 2
        self.pcm, self.there = pcm, there
        self.closed = 0

    def opened(self) -> "Slow.Passage":
        return Slow.Passage(self)

    class Passage:
        def __init__(self, clip: "Slow") -> None:
            self.clip, self.left = clip, clip.frames

        def take(self, frames: int) -> bytes:
            at = self.clip.frames - self.left
            taken = self.clip.pcm[2 * at : 2 * min(at + frames, self.clip.there)]
            self.left = self.left - len(taken) // 2 if taken else 0
            return taken

        def close(self) -> None:
            self.clip.closed += 1


def test_what_does_not_come_in_time_is_lost_and_the_next_clip_is_heard(tone: Tone) -> None:
    mixer, late, after = Mixer(), Slow(tone(1000, 9000), there=600), tone(300, 3000)
    mixer.play(Ring("a", lambda: [late, Whole(after)], rounds=1))
    assert mixer.read(400) == late.pcm[:800]
    assert mixer.read(400) == late.pcm[800:1200] + bytes(400)
    assert mixer.read(400) == after + bytes(200)
    assert late.closed
    assert reports(mixer) == ["a sounding", "a ended"]


def test_a_ring_of_which_nothing_ever_comes_does_not_hold_up_the_sound_card(tone: Tone) -> None:
    mixer = Mixer()
    mixer.play(Ring("a", lambda: [Slow(tone(10, 9000), there=0)]))
    assert mixer.read(480) == bytes(960)


def test_nobody_listens_to_what_was_stopped(tone: Tone) -> None:
    mixer, clip = Mixer(), Slow(tone(5000, 9000), there=5000)
    for end in (mixer.stop, mixer.close):
        mixer.play(Ring("a", lambda: [clip]))
        mixer.read(100)
        clip.closed = 0
        end()
        mixer.read(FADE + 1)
        assert clip.closed


# Behind something else.


def test_behind_something_else_it_is_heard_at_a_quarter_and_comes_back(tone: Tone) -> None:
    mixer = Mixer()
    mixer.play(ring(tone(9000, 20_000, period=18_000)))
    mixer.read(10)
    mixer.behind = True
    heard = samples(mixer.read(1000))
    assert heard[FADE:] == [round(20_000 * SOFTLY)] * (1000 - FADE)
    assert max(abs(sooner - later) for sooner, later in pairwise([20_000, *heard])) < 100
    mixer.behind = False
    heard = samples(mixer.read(1000))
    assert heard[FADE:] == [20_000] * (1000 - FADE)
    assert reports(mixer) == ["a sounding"]


def test_what_begins_behind_is_soft_from_its_first_sample(tone: Tone) -> None:
    mixer, clip = Mixer(volume=0.5), tone(400, 8000)
    mixer.behind = True
    mixer.play(ring(clip))
    assert samples(mixer.read(400)) == [sample // 8 for sample in samples(clip)]


def test_behind_something_else_its_own_sound_for_there_is_heard_instead(tone: Tone) -> None:
    mixer, front, own = Mixer(), tone(960, 9000), tone(480, 3000)
    mixer.play(ring(front, behind=(own,)))
    mixer.read(100)
    mixer.behind = True
    assert mixer.read(FADE + 960)[2 * FADE :] == own * 2
    mixer.read(100)
    mixer.behind = False
    assert mixer.read(FADE + 1920)[2 * FADE :] == front * 2
    assert reports(mixer) == ["a sounding"]


def test_its_own_sound_for_there_is_played_from_the_round_after_it_came(tone: Tone) -> None:
    mixer, front, own = Mixer(), tone(480, 8000), tone(480, 3000)
    there: list[bytes] = []
    mixer.play(Ring("a", lambda: [Whole(front)], behind=lambda: [Whole(sound) for sound in there]))
    mixer.behind = True
    assert samples(mixer.read(480)) == [sample // 4 for sample in samples(front)]
    there.append(own)
    assert mixer.read(480)[2 * FADE :] == own[2 * FADE :]
    assert mixer.read(480) == own


def test_going_behind_in_a_pause_changes_what_comes_after_it(tone: Tone) -> None:
    mixer, front, own = Mixer(), tone(200, 8000), tone(200, 3000)
    mixer.play(ring(front, pause=100, rounds=3, behind=(own,)))
    mixer.read(250)
    mixer.behind = True
    assert mixer.read(50 + 200) == bytes(100) + own
    mixer.read(50)
    mixer.behind = False
    assert mixer.read(50 + 200 + 10) == bytes(100) + front + bytes(20)
    assert reports(mixer) == ["a sounding", "a ended"]


def test_a_round_that_was_cut_to_go_behind_is_not_counted_twice(tone: Tone) -> None:
    mixer, front, own = Mixer(), tone(1000, 8000), tone(500, 3000)
    mixer.play(ring(front, rounds=2, behind=(own,)))
    mixer.read(1000 + 10)
    mixer.behind = True
    assert mixer.read(FADE + 600)[2 * FADE :] == own + bytes(200)
    assert reports(mixer) == ["a sounding", "a ended"]


def test_a_ring_that_waits_for_a_fade_begins_where_it_is_by_then(tone: Tone) -> None:
    mixer, clip = Mixer(), tone(400, 8000)
    mixer.play(ring(tone(9000, 20_000)))
    mixer.read(10)
    mixer.play(ring(clip, token="b"))
    mixer.behind = True
    mixer.behind = True
    assert samples(mixer.read(FADE + 400))[FADE:] == [sample // 4 for sample in samples(clip)]


def test_what_is_muted_stays_so_wherever_it_is(tone: Tone) -> None:
    mixer = Mixer()
    mixer.play(ring(tone(500, 9000), behind=(tone(500, 3000),)))
    mixer.read(10)
    mixer.mute()
    mixer.read(FADE)
    mixer.behind = True
    assert mixer.read(2000) == bytes(4000)
    mixer.behind = False
    assert mixer.read(2000) == bytes(4000)


def test_commands_from_another_thread_never_break_a_read(tone: Tone) -> None:
    mixer, done = Mixer(), threading.Event()
    clips = (tone(333, 1000), tone(77, 2000))
    lengths = set()

    def read() -> None:
        while not done.is_set():
            lengths.add(len(mixer.read(100)))

    reader = threading.Thread(target=read)
    reader.start()
    for n in range(500):
        mixer.play(ring(*clips, token=str(n), rounds=2, pause=n % 100, behind=clips[: n % 2]))
        (mixer.mute, mixer.stop, mixer.take_reports)[n % 3]()
        mixer.behind = n % 2 == 0
        mixer.volume = n % 10 / 10
    done.set()
    reader.join()
    mixer.stop()
    mixer.read(FADE)
    assert lengths == {200}
    assert mixer.read(100) == bytes(200)
