import asyncio
import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bellwire.device.cable import Cable
from bellwire.device.ringer import assets
from bellwire.device.ringer.assets import AssetCache
from bellwire.device.ringer.clip import Clip, Whole
from bellwire.device.ringer.decoding import Examined, examine
from bellwire.device.ringer.download import Limits
from bellwire.device.ringer.sounds import AssetError

# The fixtures' server (conftest.py); importlib mode gives it no name to import.
Server = Any
Make = Callable[..., bytes]


class Clock:
    """Seconds since 1970 that pass when a test says so."""

    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Cache:
    """An AssetCache on a folder, asked without a loop."""

    def __init__(self, folder: Path, origin: str | None, limits: Limits | None = None) -> None:
        self.folder, self.clock = folder, Clock()
        self.cache = AssetCache(folder, trusted_origin=origin, limits=limits, wall=self.clock)

    def fetch(self, *urls: str) -> None:
        for url in urls:
            asyncio.run(self.cache.fetch(url))

    def clip(self, url: str) -> Clip | None:
        return asyncio.run(self.cache.clip(url))

    def outdated(self) -> list[str]:
        return asyncio.run(self.cache.outdated())

    @property
    def files(self) -> set[str]:
        return {file.name for file in self.folder.iterdir()}


@pytest.fixture
def cache(server: Server, tmp_path: Path) -> Iterator[Cache]:
    made = Cache(tmp_path / "new" / "assets", server.origin)
    yield made
    made.cache.close()


def name_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def note_of(url: str) -> str:
    return name_of(url.encode()) + ".json"


def with_headers(server: Server, path: str, body: bytes, **headers: str) -> str:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(body)

    url: str = server.on(path, answer)
    return url


def test_a_fetched_asset_can_be_played_and_is_kept_by_its_content(
    server: Server, cache: Cache, tone: Make, wav: Make
) -> None:
    pcm = tone(480, 5000)
    url = server.give("/a", wav(pcm))
    assert cache.clip(url) is None
    cache.fetch(url)
    assert cache.clip(url) == Whole(pcm)
    assert cache.files == {name_of(wav(pcm)), note_of(url)}
    cache.fetch(url)
    assert server.asked == ["/a"]


def test_one_content_is_kept_once_however_many_urls_lead_to_it(
    server: Server, cache: Cache, tone: Make, wav: Make
) -> None:
    a, b = server.give("/a", wav(tone(480, 5000))), server.give("/b", wav(tone(480, 5000)))
    cache.fetch(a, b)
    assert cache.files == {name_of(wav(tone(480, 5000))), note_of(a), note_of(b)}
    cache.cache.forget([a])
    assert cache.clip(b) == cache.clip(a) == Whole(tone(480, 5000))


def test_after_a_restart_it_comes_from_disk(server: Server, cache: Cache, tone: Make, wav: Make) -> None:
    url = server.give("/a", wav(tone(480, 5000)))
    cache.fetch(url)
    restarted = Cache(cache.folder, None)
    restarted.fetch(url)
    assert restarted.clip(url) == Whole(tone(480, 5000))
    assert server.asked == ["/a"]
    restarted.cache.close()


def test_without_a_network_only_what_is_there_can_be_had(server: Server, tmp_path: Path, tone: Make, wav: Make) -> None:
    cable = Cable()
    cache = AssetCache(tmp_path, trusted_origin=server.origin, cable=cable)
    here, there = server.give("/a", wav(tone(480, 5000))), server.give("/b", wav(tone(480, 6000)))
    asyncio.run(cache.fetch(here))
    cable.is_plugged = False
    assert asyncio.run(cache.clip(here)) == Whole(tone(480, 5000))
    with pytest.raises(AssetError, match="the network is unplugged"):
        asyncio.run(cache.fetch(there))
    assert server.asked == ["/a"]
    cache.close()


@pytest.mark.parametrize("damage", ["cut", "gone", "no note", "half a note"])
def test_what_is_damaged_is_fetched_again(damage: str, server: Server, cache: Cache, tone: Make, wav: Make) -> None:
    content = wav(tone(480, 5000))
    url = server.give("/a", content)
    cache.fetch(url)
    sound, note = cache.folder / name_of(content), cache.folder / note_of(url)
    match damage:
        case "cut":
            os.truncate(sound, 100)
        case "half a note":
            os.truncate(note, 20)
        case "gone":
            sound.unlink()
        case "no note":
            note.unlink()
    assert cache.clip(url) is None
    assert cache.outdated() == [url]
    cache.fetch(url)
    assert cache.clip(url) == Whole(tone(480, 5000))
    assert cache.outdated() == []
    assert server.asked == ["/a", "/a"]


def test_a_file_whose_bytes_changed_on_the_disk_is_fetched_again(
    server: Server, cache: Cache, tone: Make, wav: Make
) -> None:
    content = wav(tone(480, 5000))
    url = server.give("/a", content)
    cache.fetch(url)
    (cache.folder / name_of(content)).write_bytes(b"x" * len(content))
    with capture_logs() as logs:
        assert cache.clip(url) is None
    assert [entry["event"] for entry in logs] == ["kept asset is damaged and fetched again"]
    cache.fetch(url)
    assert cache.clip(url) == Whole(tone(480, 5000))


def test_what_is_not_a_sound_leaves_nothing_behind(server: Server, cache: Cache) -> None:
    url = server.give("/a", b"<!doctype html><title>Sign in</title>")
    with pytest.raises(AssetError, match=r"from 127\.0\.0\.1:\d+ cannot be rung: it is neither WAV"):
        cache.fetch(url)
    assert cache.clip(url) is None
    assert cache.files == set()


def test_a_cut_file_is_refused_although_its_length_was_right(
    server: Server, cache: Cache, tone: Make, wav: Make
) -> None:
    url = server.give("/a", wav(tone(4800, 5000))[:5000])
    with pytest.raises(AssetError, match="cut"):
        cache.fetch(url)
    assert cache.files == set()


def test_a_folder_that_cannot_be_written_is_said(server: Server, cache: Cache, tone: Make, wav: Make) -> None:
    url = server.give("/a", wav(tone(480, 5000)))
    cache.folder.rmdir()
    with pytest.raises(AssetError, match=r"cannot be kept in .*: No such file"):
        cache.fetch(url)


def test_unfinished_files_of_an_earlier_life_are_removed(tmp_path: Path) -> None:
    (tmp_path / "x.part").write_bytes(b"half")
    AssetCache(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_all_can_be_forgotten_also_what_an_earlier_life_has_left(
    server: Server, cache: Cache, tone: Make, wav: Make
) -> None:
    url = server.give("/a", wav(tone(480, 5000)))
    (cache.folder / name_of(b"earlier")).write_bytes(b"x")
    (cache.folder / "stuck").mkdir()
    cache.fetch(url)
    with capture_logs() as logs:
        cache.cache.forget_all()
    assert cache.clip(url) is None
    assert cache.files == {"stuck"}
    assert [(entry["event"], entry["file"]) for entry in logs] == [("asset not deleted", "stuck")]


def test_a_fetch_that_is_cancelled_while_it_is_examined_leaves_nothing(
    server: Server, cache: Cache, tone: Make, wav: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_go_on = threading.Event(), threading.Event()

    def slow(path: Path) -> Examined:
        begun.set()
        assert may_go_on.wait(10)
        return examine(path)

    monkeypatch.setattr(assets, "examine", slow)

    async def scene() -> None:
        fetch = asyncio.create_task(cache.cache.fetch(server.give("/a", wav(tone(480, 5000)))))
        assert await asyncio.to_thread(begun.wait, 10)
        fetch.cancel()
        cache.cache.forget_all()
        may_go_on.set()
        assert isinstance((await asyncio.gather(fetch, return_exceptions=True))[0], asyncio.CancelledError)

    asyncio.run(scene())
    assert cache.files == set()


def test_the_clouds_that_are_trusted_may_change(server: Server, tmp_path: Path, tone: Make, wav: Make) -> None:
    url = server.give("/a", wav(tone(480, 5000)))
    cache = Cache(tmp_path, "https://localhost:9")
    with pytest.raises(AssetError, match="and not the cloud"):
        cache.fetch(url)
    cache.cache.trust(["https://localhost:9", server.origin])
    cache.fetch(url)
    assert cache.clip(url) is not None
    cache.cache.close()


# The disk is bounded.


def test_what_nobody_needs_goes_when_there_is_need_of_room_the_oldest_first(
    server: Server, cache: Cache, tone: Make, wav: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, c, d = (server.give(f"/{n}", wav(tone(480, 1000 + n))) for n in range(4))
    cache.fetch(a, b, c)
    cache.cache.forget([a, b])
    for n, name in enumerate(sorted(cache.files)):
        os.utime(cache.folder / name, (n, n))
    cache.clip(a)  # what was heard last goes last
    monkeypatch.setattr(assets, "MAX_DISK", 3 * 1004 + 1000)
    cache.fetch(d)
    kept = {name_of(wav(tone(480, 1000 + n))) for n in (0, 2, 3)}
    assert {file for file in cache.files if not file.endswith(".json")} == kept
    cache.fetch(a)
    assert server.asked.count("/0") == 1
    cache.cache.forget([a])
    cache.fetch(b)
    assert server.asked.count("/1") == 2


def test_what_alerts_need_stays_and_one_more_is_refused_when_there_is_no_room(
    server: Server, cache: Cache, tone: Make, wav: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "MAX_DISK", 2500)
    a, b, c, same = (server.give(f"/{n}", wav(tone(480, 1000 + n % 3))) for n in range(4))
    cache.fetch(a, b)
    with pytest.raises(AssetError, match="no room for its 1004 bytes: the sounds of other alerts take 2008 of 2500"):
        cache.fetch(c)
    assert None not in {cache.clip(a), cache.clip(b)}
    cache.fetch(same)
    cache.cache.forget([b])
    cache.fetch(c)
    assert cache.clip(c) is not None


def with_disk(cache: Cache, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """Let there be nothing else on a disk of so many bytes, 1000 of which are to be left."""

    def free(folder: Path) -> int:
        return size - sum(file.stat().st_size for file in folder.iterdir())

    monkeypatch.setattr(assets, "free_bytes", free)
    monkeypatch.setattr(assets, "LEFT_FREE", 1000)


def test_on_a_small_disk_what_nobody_needs_makes_room_for_alerts(
    server: Server, cache: Cache, tone: Make, wav: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_disk(cache, monkeypatch, 5000)
    for n in range(6):
        url = server.give(f"/{n}", wav(tone(480, 1000 + n)))
        cache.fetch(url)
        assert cache.clip(url) is not None
        assert assets.free_bytes(cache.folder) > 500, "a note may come to it"
        cache.cache.forget([url])


def test_on_a_small_disk_a_sound_for_which_alerts_would_have_no_room_is_refused(
    server: Server, cache: Cache, tone: Make, wav: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_disk(cache, monkeypatch, 3000)
    a, b = (server.give(f"/{n}", wav(tone(480, 1000 + n))) for n in range(2))
    cache.fetch(a)
    with pytest.raises(AssetError, match="no room for its 1004 bytes: the last 1000 of the disk are for alerts"):
        cache.fetch(b)
    assert cache.clip(a) is not None
    assert assets.free_bytes(cache.folder) > 1000


# Fresh and not fresh.


def test_what_will_soon_be_fresh_no_longer_is_fetched_again_while_its_server_has_it(
    server: Server, cache: Cache, tone: Make, wav: Make
) -> None:
    url = with_headers(server, "/a", wav(tone(480, 5000)), Cache_Control="max-age=86400")
    cache.fetch(url)
    cache.clock.now += 86_400 - assets.EARLY - 1
    assert cache.outdated() == []
    cache.clock.now += 1
    assert cache.outdated() == [url]
    with_headers(server, "/a", wav(tone(480, 7000)))
    cache.fetch(url)
    assert cache.clip(url) == Whole(tone(480, 7000))
    cache.clock.now += 10**9
    assert cache.outdated() == []


def test_what_is_never_fresh_is_fetched_again_a_few_times_a_day_only(
    server: Server, cache: Cache, tone: Make, wav: Make
) -> None:
    url = with_headers(server, "/a", wav(tone(480, 5000)), Cache_Control="no-store")
    cache.fetch(url)
    cache.clock.now += assets.LEAST_FRESH - assets.EARLY - 1
    cache.fetch(url)
    assert server.asked == ["/a"]
    cache.clock.now += 1
    cache.fetch(url)
    assert server.asked == ["/a", "/a"]


@pytest.mark.parametrize("answer", ["404", "not a sound", "cut"])
def test_what_is_not_given_anew_stays_as_it_was_and_is_not_asked_for_at_once(
    answer: str, server: Server, cache: Cache, tone: Make, wav: Make
) -> None:
    url = with_headers(server, "/a", wav(tone(480, 5000)), Cache_Control="max-age=86400")
    cache.fetch(url)
    cache.clock.now += 86_400
    {
        "404": lambda: server.answers.pop("/a"),
        "not a sound": lambda: server.give("/a", b"<html>"),
        "cut": lambda: server.give("/a", wav(tone(480, 7000)), declared=5000),
    }[answer]()
    cache.fetch(url)
    cache.fetch(url)
    assert cache.clip(url) == Whole(tone(480, 5000))
    assert server.asked == ["/a", "/a"]
    assert cache.outdated() == []
    cache.clock.now += 3600
    assert cache.outdated() == [url]


def test_what_never_came_or_is_not_needed_is_not_looked_after(
    server: Server, cache: Cache, tone: Make, wav: Make
) -> None:
    url = with_headers(server, "/a", wav(tone(480, 5000)), Expires="0")
    cache.fetch(url)
    with pytest.raises(AssetError):
        cache.fetch(server.origin + "/never")
    cache.cache.forget([url])
    cache.clock.now += 10**6
    assert cache.outdated() == []
