import asyncio
import math
import threading
import time
from array import array
from collections.abc import Awaitable, Callable
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bellwire.device.ringer import ringer as ringer_module
from bellwire.device.ringer import rounds
from bellwire.device.ringer.assets import AssetCache
from bellwire.device.ringer.playback import Playback
from bellwire.device.ringer.ringer import Ringer
from bellwire.device.ringer.sounds import KINDS, Asset, Bell, bell
from bellwire.device.ringer.voice import SOFTLY

# The fixtures' server (conftest.py); importlib mode gives it no name to import.
Server = Any
Make = Callable[..., bytes]


class Room:
    """A ringer on the null output, what it reported, and what was heard."""

    def __init__(self, folder: Path, trusted_origin: str | None) -> None:
        for kind in KINDS:
            bell(kind)
        self.told: asyncio.Queue[tuple[object, ...]] = asyncio.Queue()
        self.heard_file = folder / "heard.wav"
        self.has_amplifier = False
        self.amplified: list[float] = []
        """How loud its hardware was asked to be."""
        self.ringer = Ringer(
            AssetCache(folder / "assets", trusted_origin=trusted_origin),
            audio=lambda samples: Playback(samples, output="null", record=self.heard_file),
            amplified=self._amplified,
            on_sounding=lambda *told: self.told.put_nowait(("sounding", *told)),
            on_ended=lambda *told: self.told.put_nowait(("ended", *told)),
            on_fetched=lambda *told: self.told.put_nowait(("fetched", *told)),
            on_failed=lambda *told: self.told.put_nowait(("failed", *told)),
        )

    def _amplified(self, volume: float) -> bool:
        self.amplified.append(volume)
        return self.has_amplifier

    async def hears(self, pcm: bytes, after: int = 0) -> None:
        """Waits until `pcm` was heard, `after` so many bytes."""
        async with asyncio.timeout(10):
            while pcm not in self.heard()[after:]:  # noqa: ASYNC110  (a file tells nobody that it grew)
                await asyncio.sleep(0.01)

    def heard(self) -> bytes:
        """The recording without its header of 44 bytes, which may be half written at this moment."""
        return self.heard_file.read_bytes()[44:]


def in_room(folder: Path, act: Callable[[Room], Awaitable[None]], trusted_origin: str | None = None) -> Room:
    async def run() -> Room:
        room = Room(folder, trusted_origin)
        room.ringer.start()
        try:
            async with asyncio.timeout(20):
                await act(room)
        finally:
            await room.ringer.close()
        return room

    return asyncio.run(run())


def test_a_bell_begins_at_once_and_says_when(tmp_path: Path) -> None:
    async def act(room: Room) -> None:
        before = time.monotonic()
        room.ringer.ring("t1", "TIMER", (Bell("TIMER"),))
        what, token, moment = await room.told.get()
        assert (what, token) == ("sounding", "t1")
        assert isinstance(moment, float)
        assert before < moment <= time.monotonic()
        await room.hears(bell("TIMER")[:4800])

    room = in_room(tmp_path, act)
    assert room.heard()[:4800] == bell("TIMER")[:4800]


def test_only_the_ring_that_is_named_is_stopped(tmp_path: Path) -> None:
    async def act(room: Room) -> None:
        room.ringer.ring("t1", "ALARM", ())
        room.ringer.stop("t0")
        room.ringer.mute("t0")
        await room.hears(bell("ALARM")[:9600])
        room.ringer.stop("t1")
        await room.hears(bytes(9600))

    heard = array("h", in_room(tmp_path, act).heard())
    last = max(n for n, sample in enumerate(heard) if sample)
    assert last > 4800
    assert heard[last + 1 :] == array("h", [0] * (len(heard) - last - 1))


def test_mute_silences_and_another_ring_is_heard_again(tmp_path: Path) -> None:
    async def act(room: Room) -> None:
        room.ringer.ring("t1", "ALARM", ())
        await room.hears(bell("ALARM")[:960])
        room.ringer.mute("t1")
        await room.hears(bytes(4800))
        room.ringer.ring("t2", "REMINDER", ())
        await room.hears(bell("REMINDER")[2:960])

    in_room(tmp_path, act)


def test_an_asset_that_arrives_late_is_heard_from_the_next_round_on(
    server: Server, tmp_path: Path, tone: Make, wav: Make
) -> None:
    early, late, may_come = tone(960, 4000), tone(480, 9000), threading.Event()

    def answer_late(request: BaseHTTPRequestHandler) -> None:
        assert may_come.wait(10)
        late_answer(request)

    early_url, late_url = server.give("/early", wav(early)), server.give("/late", wav(late))
    late_answer = server.answers["/late"]
    server.on("/late", answer_late)

    async def act(room: Room) -> None:
        room.ringer.prepare([early_url])
        assert await room.told.get() == ("fetched", early_url)
        room.ringer.ring("t1", "TIMER", (Asset(early_url), Asset(late_url)))
        assert (await room.told.get())[:2] == ("sounding", "t1")
        await room.hears(early * 2)
        may_come.set()
        assert await room.told.get() == ("fetched", late_url)
        await room.hears(early + late + early + late)

    room = in_room(tmp_path, act, server.origin)
    heard, without = room.heard(), 0
    while heard.startswith(early):
        heard, without = heard[len(early) :], without + 1
        if heard.startswith(late):
            break
    assert without >= 2
    assert heard.startswith(late + early + late)


def test_without_any_asset_the_bell_is_rung_and_the_reason_told(server: Server, tmp_path: Path) -> None:
    missing = server.origin + "/missing"

    async def act(room: Room) -> None:
        room.ringer.ring("t1", "REMINDER", (Asset(missing),))
        told = [await room.told.get(), await room.told.get()]
        assert {entry[:2] for entry in told} == {("failed", missing), ("sounding", "t1")}
        await room.hears(bell("REMINDER")[:4800])

    in_room(tmp_path, act, server.origin)


def test_rounds_that_are_over_are_told(server: Server, tmp_path: Path, tone: Make, wav: Make) -> None:
    url = server.give("/a", wav(tone(480, 5000)))

    async def act(room: Room) -> None:
        room.ringer.prepare([url])
        await room.told.get()
        room.ringer.ring("t1", "TIMER", (Asset(url),), rounds=3)
        assert (await room.told.get())[:2] == ("sounding", "t1")
        assert await room.told.get() == ("ended", "t1")
        await room.hears(tone(480, 5000) * 3 + bytes(960))

    room = in_room(tmp_path, act, server.origin)
    assert room.heard().count(tone(480, 5000)) == 3


def test_an_asset_on_its_way_is_not_fetched_twice(server: Server, tmp_path: Path, tone: Make, wav: Make) -> None:
    url = server.give("/a", wav(tone(480, 5000)))

    async def act(room: Room) -> None:
        room.ringer.prepare([url, url])
        room.ringer.prepare([url])
        assert await room.told.get() == ("fetched", url)

    room = in_room(tmp_path, act, server.origin)
    assert room.told.empty()
    assert server.asked == ["/a"]


def test_a_forgotten_asset_is_neither_kept_nor_told(server: Server, tmp_path: Path, tone: Make, wav: Make) -> None:
    kept, gone = server.give("/a", wav(tone(480, 5000))), server.give("/b", wav(tone(480, 6000)))

    async def act(room: Room) -> None:
        room.ringer.prepare([gone, kept])
        room.ringer.forget([gone])
        assert await room.told.get() == ("fetched", kept)

    room = in_room(tmp_path, act, server.origin)
    assert room.told.empty()
    assert len(list((tmp_path / "assets").iterdir())) == 2  # a sound and its note


def test_all_is_forgotten_also_what_is_on_its_way(server: Server, tmp_path: Path, tone: Make, wav: Make) -> None:
    kept, gone = server.give("/a", wav(tone(480, 5000))), server.give("/b", wav(tone(480, 6000)))

    async def act(room: Room) -> None:
        room.ringer.prepare([kept])
        assert await room.told.get() == ("fetched", kept)
        room.ringer.prepare([gone])
        room.ringer.forget_all()
        await asyncio.sleep(0)
        room.ringer.prepare([kept])
        assert await room.told.get() == ("fetched", kept)

    room = in_room(tmp_path, act, server.origin)
    assert room.told.empty()
    assert server.asked.count("/a") == 2


def test_a_mistake_while_fetching_is_a_failure_that_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_cache: AssetCache, _url: str) -> None:
        raise ValueError("a bug")

    monkeypatch.setattr(AssetCache, "fetch", broken)

    async def act(room: Room) -> None:
        room.ringer.prepare(["http://cloud.example/a"])
        assert await room.told.get() == ("failed", "http://cloud.example/a", "fetching it failed with ValueError")

    with capture_logs() as logs:
        in_room(tmp_path, act)
    assert ["exc_info" in entry for entry in logs if entry["event"] == "asset not fetched"] == [True]


def test_too_many_fetches_are_refused(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ringer_module, "MAX_FETCHES", 1)

    async def act(room: Room) -> None:
        room.ringer.prepare([server.origin + "/a", server.origin + "/b"])
        assert await room.told.get() == ("failed", server.origin + "/b", "1 assets are waiting already; try later")
        assert (await room.told.get())[:2] == ("failed", server.origin + "/a")

    in_room(tmp_path, act, server.origin)


def test_the_volume_can_be_changed(tmp_path: Path) -> None:
    async def act(room: Room) -> None:
        room.ringer.volume = 0.5
        assert room.ringer.volume == 0.5
        room.ringer.ring("t1", "TIMER", ())
        halved = array("h", (int(sample * 0.5) for sample in array("h", bell("TIMER")[:4800])))
        await room.hears(halved.tobytes().lstrip(b"\0"))

    in_room(tmp_path, act)


def softly(pcm: bytes) -> bytes:
    return array("h", (int(sample * SOFTLY) for sample in array("h", pcm))).tobytes()


def test_loops_with_pauses_are_played_and_the_end_is_told(
    server: Server, tmp_path: Path, tone: Make, wav: Make
) -> None:
    sound = tone(480, 5000)
    url = server.give("/a", wav(sound))

    async def act(room: Room) -> None:
        room.ringer.prepare([url])
        await room.told.get()
        room.ringer.ring("t1", "ALARM", (Asset(url),), rounds=3, pause=timedelta(milliseconds=30))
        assert (await room.told.get())[:2] == ("sounding", "t1")
        assert await room.told.get() == ("ended", "t1")
        await room.hears(bytes(2 * 1440).join([sound] * 3) + bytes(960))

    in_room(tmp_path, act, server.origin)


def test_the_bell_is_rung_in_the_place_of_an_asset_until_it_comes(
    server: Server, tmp_path: Path, tone: Make, wav: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    bells = {"TIMER": tone(4800, 7000)}
    monkeypatch.setattr(rounds, "bell", bells.__getitem__)
    here, missing = server.give("/here", wav(tone(480, 5000))), server.origin + "/missing"

    async def act(room: Room) -> None:
        room.ringer.prepare([here])
        await room.told.get()
        room.ringer.ring("t1", "TIMER", (Asset(here, "TIMER"), Asset(missing, "TIMER")), rounds=1)
        told = [(await room.told.get())[:2] for _ in range(3)]
        assert {*told} == {("sounding", "t1"), ("failed", missing), ("ended", "t1")}
        await room.hears(tone(480, 5000) + bells["TIMER"])

    in_room(tmp_path, act, server.origin)


def test_behind_something_else_it_is_soft_and_in_front_again_as_before(
    server: Server, tmp_path: Path, tone: Make, wav: Make
) -> None:
    sound = tone(48_000, 8000)
    url = server.give("/a", wav(sound))

    async def act(room: Room) -> None:
        room.ringer.prepare([url])
        await room.told.get()
        room.ringer.ring("t1", "ALARM", (Asset(url),))
        await room.hears(sound[:9600])
        room.ringer.behind = True
        assert room.ringer.behind
        await room.hears(softly(sound[:9600]))
        room.ringer.behind = False
        await room.hears(sound[:9600], after=len(room.heard()))

    in_room(tmp_path, act, server.origin)


def test_its_sound_for_behind_is_heard_there_and_is_fetched_with_the_others(
    server: Server, tmp_path: Path, tone: Make, wav: Make
) -> None:
    front, behind = tone(960, 9000), tone(960, 3000)
    front_url, behind_url = server.give("/front", wav(front)), server.give("/behind", wav(behind))

    async def act(room: Room) -> None:
        room.ringer.ring("t1", "ALARM", (Asset(front_url),), behind=Asset(behind_url))
        told = [(await room.told.get())[:2] for _ in range(3)]
        assert {*told} == {("sounding", "t1"), ("fetched", front_url), ("fetched", behind_url)}
        await room.hears(front)
        room.ringer.behind = True
        await room.hears(behind * 3)
        room.ringer.behind = False
        await room.hears(behind[:1000])
        await room.hears(front * 3, after=len(room.heard()))

    in_room(tmp_path, act, server.origin)


def test_the_end_of_a_ring_is_not_told_of_the_one_that_took_its_place(
    tmp_path: Path, tone: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    bells = {"ALARM": tone(48, 5000), "TIMER": bell("TIMER")}
    monkeypatch.setattr(rounds, "bell", bells.__getitem__)

    async def act(room: Room) -> None:
        room.ringer.ring("t1", "ALARM", (), rounds=1)
        # The sound card's thread plays it to its end, of which this loop, kept busy here, can't hear yet.
        deadline = time.monotonic() + 10
        while tone(48, 5000) not in room.heard():
            assert time.monotonic() < deadline
        room.ringer.ring("t1", "TIMER", ())
        assert (await room.told.get())[:2] == ("sounding", "t1")
        await room.hears(bell("TIMER")[:4800])
        assert room.told.empty()

    in_room(tmp_path, act)


def test_an_asset_on_the_disk_is_heard_from_the_first_round_on(
    server: Server, tmp_path: Path, tone: Make, wav: Make
) -> None:
    sound = tone(480, 5000)
    url = server.give("/a", wav(sound))

    async def fetch(room: Room) -> None:
        room.ringer.prepare([url])
        assert await room.told.get() == ("fetched", url)

    async def act(room: Room) -> None:
        room.ringer.ring("t1", "TIMER", (Asset(url), Asset(server.origin + "/missing")))
        await room.hears(sound * 3)

    in_room(tmp_path, fetch, server.origin)
    heard = in_room(tmp_path, act, server.origin).heard()
    assert heard.lstrip(b"\0").startswith(sound)


def test_a_bell_is_heard_while_every_asset_is_still_on_its_way(server: Server, tmp_path: Path) -> None:
    may_come = threading.Event()
    urls = [server.on(f"/{n}", lambda _: may_come.wait(10) and None) for n in range(8)]

    async def act(room: Room) -> None:
        try:
            room.ringer.prepare(urls)
            room.ringer.ring("t1", "ALARM", tuple(map(Asset, urls)))
            assert (await room.told.get())[:2] == ("sounding", "t1")
            await room.hears(bell("ALARM")[:4800])
        finally:
            may_come.set()

    assert in_room(tmp_path, act, server.origin).heard().lstrip(b"\0").startswith(bell("ALARM")[:4800].lstrip(b"\0"))


def test_a_bell_that_is_not_made_yet_is_stood_in_for_until_it_is(
    tmp_path: Path, tone: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_be_made, made = threading.Event(), {"ALARM": tone(480, 5000)}

    def make(kind: str) -> bytes:
        if kind not in made:
            assert may_be_made.wait(10)
            made[kind] = tone(480, 9000)
        return made[kind]

    monkeypatch.setattr(ringer_module, "bell", make)
    monkeypatch.setattr(ringer_module, "is_made", made.__contains__)
    monkeypatch.setattr(rounds, "bell", make)
    monkeypatch.setattr(rounds, "is_made", made.__contains__)

    async def act(room: Room) -> None:
        room.ringer.ring("t1", "TIMER", (Bell("TIMER"),))
        await room.hears(made["ALARM"] * 2)
        may_be_made.set()
        await room.hears(made["ALARM"] + tone(480, 9000) * 2)
        room.ringer.expect(["REMINDER", "TIMER"])
        while "REMINDER" not in made:  # noqa: ASYNC110  (another thread makes it)
            await asyncio.sleep(0)

    in_room(tmp_path, act)


def test_an_alarm_with_a_ramp_becomes_louder_bell_by_bell(
    tmp_path: Path, tone: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "bell", lambda _: tone(2400, 10_000))

    async def act(room: Room) -> None:
        room.ringer.ring("t1", "ALARM", (), ramp=timedelta(milliseconds=400))
        await room.hears(tone(2400, 10_000) * 2)
        room.ringer.stop("t1")
        await room.hears(bytes(9600))

    heard = array("h", in_room(tmp_path, act).heard())
    loud = [rms(heard[at : at + 2400]) for at in range(0, 9 * 2400, 2400)]
    assert loud == pytest.approx([*(2500 + 1000 * k for k in range(8)), 10_000], rel=0.02)


def rms(sound: "array[int]") -> float:
    return math.sqrt(sum(sample * sample for sample in sound) / len(sound))


def test_what_got_lost_is_fetched_again_while_its_server_has_it(
    server: Server, tmp_path: Path, tone: Make, wav: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ringer_module, "_LOOK_SECONDS", 0.01)
    url = server.give("/a", wav(tone(480, 5000)))

    async def act(room: Room) -> None:
        room.ringer.prepare([url])
        assert await room.told.get() == ("fetched", url)
        for file in (tmp_path / "assets").iterdir():
            file.unlink()
        assert await room.told.get() == ("fetched", url)

    in_room(tmp_path, act, server.origin)
    assert server.asked == ["/a", "/a"]


def test_a_ring_that_is_hushed_goes_on_unheard_also_when_it_is_changed_and_the_next_one_is_heard(
    tmp_path: Path,
) -> None:
    async def act(room: Room) -> None:
        ring = room.ringer
        ring.ring("a", "ALARM", ())
        await room.hears(bell("ALARM")[:9600])
        ring.hush("b", is_hushed=True)
        ring.hush("a", is_hushed=True)
        await room.hears(bytes(48_000))
        ring.ring("a", "TIMER", ())
        await room.hears(bytes(48_000), after=len(room.heard()))
        assert bell("TIMER")[:9600] not in room.heard()
        ring.ring("b", "REMINDER", ())
        await room.hears(bell("REMINDER")[:9600])
        ring.hush("b", is_hushed=True)
        ring.stop("b")
        before = len(room.heard())
        ring.ring("b", "REMINDER", ())
        await room.hears(bell("REMINDER")[:9600], after=before)

    in_room(tmp_path, act)


def test_a_hushed_ring_is_heard_again_where_it_is(tmp_path: Path) -> None:
    async def act(room: Room) -> None:
        room.ringer.ring("a", "ALARM", ())
        await room.hears(bell("ALARM")[:9600])
        room.ringer.hush("a", is_hushed=True)
        await room.hears(bytes(48_000))
        before = len(room.heard())
        room.ringer.hush("a", is_hushed=False)
        await room.hears(bell("ALARM")[:9600], after=before)

    in_room(tmp_path, act)


def test_an_amplifier_makes_it_louder_and_softer_and_the_samples_stay_as_they_are(tmp_path: Path) -> None:
    async def act(room: Room) -> None:
        assert room.amplified == [1.0]
        room.has_amplifier = True
        room.ringer.volume = 0.3
        assert (room.ringer.volume, room.amplified) == (0.3, [1.0, 0.3])
        room.ringer.ring("a", "ALARM", ())
        await room.hears(bell("ALARM")[:9600])

    in_room(tmp_path, act)
