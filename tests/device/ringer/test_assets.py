import asyncio
import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bellwire.device.cable import Cable
from bellwire.device.ringer import assets
from bellwire.device.ringer.assets import AssetCache
from bellwire.device.ringer.sounds import AssetError

# The fixtures' server (conftest.py); importlib mode gives it no name to import.
Server = Any
Make = Callable[..., bytes]


def files(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def name_of(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()


def test_a_fetched_asset_can_be_played_and_is_kept_under_its_hash(
    server: Server, tmp_path: Path, tone: Make, wav: Make
) -> None:
    pcm = tone(480, 5000)
    url = server.give("/a", wav(pcm))
    cache = AssetCache(tmp_path / "new" / "assets", trusted_origin=server.origin)
    assert cache.clip(url) is None
    asyncio.run(cache.fetch(url))
    assert cache.clip(url) == pcm
    assert files(tmp_path / "new" / "assets") == {name_of(url)}
    asyncio.run(cache.fetch(url))
    assert server.asked == ["/a"]


def test_after_a_restart_it_comes_from_disk(server: Server, tmp_path: Path, tone: Make, wav: Make) -> None:
    url = server.give("/a", wav(tone(480, 5000)))
    asyncio.run(AssetCache(tmp_path, trusted_origin=server.origin).fetch(url))
    restarted = AssetCache(tmp_path)
    asyncio.run(restarted.fetch(url))
    assert restarted.clip(url) == tone(480, 5000)
    assert server.asked == ["/a"]


def test_without_a_network_only_what_is_there_can_be_had(server: Server, tmp_path: Path, tone: Make, wav: Make) -> None:
    cable = Cable()
    cache = AssetCache(tmp_path, trusted_origin=server.origin, cable=cable)
    here, there = server.give("/a", wav(tone(480, 5000))), server.give("/b", wav(tone(480, 6000)))
    asyncio.run(cache.fetch(here))
    cable.is_plugged = False
    asyncio.run(AssetCache(tmp_path, cable=cable).fetch(here))
    with pytest.raises(AssetError, match="the network is unplugged"):
        asyncio.run(cache.fetch(there))
    assert server.asked == ["/a"]


def test_a_damaged_file_is_fetched_again(server: Server, tmp_path: Path, tone: Make, wav: Make) -> None:
    url = server.give("/a", wav(tone(480, 5000)))
    (tmp_path / name_of(url)).write_bytes(wav(tone(480, 5000))[:100])
    cache = AssetCache(tmp_path, trusted_origin=server.origin)
    asyncio.run(cache.fetch(url))
    assert cache.clip(url) == tone(480, 5000)
    assert (tmp_path / name_of(url)).read_bytes() == wav(tone(480, 5000))


def test_what_is_not_a_sound_leaves_nothing_behind(server: Server, tmp_path: Path) -> None:
    url = server.give("/a", b"<!doctype html><title>Sign in</title>")
    cache = AssetCache(tmp_path, trusted_origin=server.origin)
    with pytest.raises(AssetError, match=r"from 127\.0\.0\.1:\d+ cannot be rung: it is neither WAV"):
        asyncio.run(cache.fetch(url))
    assert cache.clip(url) is None
    assert files(tmp_path) == set()


def test_a_cut_file_is_refused_although_its_length_was_right(
    server: Server, tmp_path: Path, tone: Make, wav: Make
) -> None:
    url = server.give("/a", wav(tone(4800, 5000))[:5000])
    with pytest.raises(AssetError, match="cut"):
        asyncio.run(AssetCache(tmp_path, trusted_origin=server.origin).fetch(url))


def test_a_folder_that_cannot_be_written_is_said(server: Server, tmp_path: Path, tone: Make, wav: Make) -> None:
    url = server.give("/a", wav(tone(480, 5000)))
    cache = AssetCache(tmp_path / "assets", trusted_origin=server.origin)
    (tmp_path / "assets").rmdir()
    with pytest.raises(AssetError, match=r"cannot be kept in .*: No such file"):
        asyncio.run(cache.fetch(url))


def test_unfinished_files_of_an_earlier_life_are_removed(tmp_path: Path) -> None:
    (tmp_path / "x.part").write_bytes(b"half")
    AssetCache(tmp_path)
    assert files(tmp_path) == set()


def test_a_forgotten_asset_is_gone(server: Server, tmp_path: Path, tone: Make, wav: Make) -> None:
    kept, gone = server.give("/a", wav(tone(480, 5000))), server.give("/b", wav(tone(480, 6000)))
    cache = AssetCache(tmp_path, trusted_origin=server.origin)
    asyncio.run(cache.fetch(kept))
    asyncio.run(cache.fetch(gone))
    cache.forget([gone, "http://never.example/heard-of"])
    assert cache.clip(gone) is None
    assert cache.clip(kept) is not None
    assert files(tmp_path) == {name_of(kept)}


def test_all_can_be_forgotten_also_what_an_earlier_life_has_left(
    server: Server, tmp_path: Path, tone: Make, wav: Make
) -> None:
    url = server.give("/a", wav(tone(480, 5000)))
    cache = AssetCache(tmp_path, trusted_origin=server.origin)
    (tmp_path / name_of("http://cloud.example/earlier")).write_bytes(b"x")
    (tmp_path / "stuck").mkdir()
    asyncio.run(cache.fetch(url))
    with capture_logs() as logs:
        cache.forget_all()
    assert cache.clip(url) is None
    assert files(tmp_path) == {"stuck"}
    assert [(entry["event"], entry["file"]) for entry in logs] == [("asset not deleted", "stuck")]


def test_a_fetch_that_is_cancelled_while_it_writes_leaves_nothing(
    server: Server, tmp_path: Path, tone: Make, wav: Make
) -> None:
    begun, may_write = threading.Event(), threading.Event()

    class Slow(AssetCache):
        def _write(self, body: bytes) -> Path:
            begun.set()
            assert may_write.wait(10)
            return super()._write(body)

    async def scene() -> None:
        cache = Slow(tmp_path, trusted_origin=server.origin)
        fetch = asyncio.create_task(cache.fetch(server.give("/a", wav(tone(480, 5000)))))
        assert await asyncio.to_thread(begun.wait, 10)
        fetch.cancel()
        cache.forget_all()
        may_write.set()
        assert isinstance((await asyncio.gather(fetch, return_exceptions=True))[0], asyncio.CancelledError)

    asyncio.run(scene())
    assert files(tmp_path) == set()


def test_the_clouds_that_are_trusted_may_change(server: Server, tmp_path: Path, tone: Make, wav: Make) -> None:
    url = server.give("/a", wav(tone(480, 5000)))
    cache = AssetCache(tmp_path, trusted_origin="https://localhost:9")
    with pytest.raises(AssetError, match="and not the cloud"):
        asyncio.run(cache.fetch(url))
    cache.trust(["https://localhost:9", server.origin])
    asyncio.run(cache.fetch(url))
    assert cache.clip(url) is not None


def test_what_the_disk_does_not_let_go_is_logged_and_the_next_is_forgotten(
    server: Server, tmp_path: Path, tone: Make, wav: Make
) -> None:
    stuck, gone = "http://cloud.example/stuck", server.give("/a", wav(tone(480, 5000)))
    cache = AssetCache(tmp_path, trusted_origin=server.origin)
    (tmp_path / name_of(stuck)).mkdir()
    asyncio.run(cache.fetch(gone))
    with capture_logs() as logs:
        cache.forget([stuck, gone])
    assert [(entry["event"], entry["file"]) for entry in logs] == [("asset not deleted", name_of(stuck))]
    assert cache.clip(gone) is None
    assert files(tmp_path) == {name_of(stuck)}


def test_the_disk_is_bounded_and_the_oldest_goes_first(
    server: Server, tmp_path: Path, tone: Make, wav: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "MAX_DISK", 2500)
    cache = AssetCache(tmp_path, trusted_origin=server.origin)
    urls = [server.give(f"/{n}", wav(tone(480, 1000 + n))) for n in range(3)]
    for n, url in enumerate(urls[:2]):
        asyncio.run(cache.fetch(url))
        os.utime(tmp_path / name_of(url), (n, n))
    asyncio.run(cache.fetch(urls[2]))
    assert files(tmp_path) == {name_of(url) for url in urls[1:]}


def test_the_memory_is_bounded_and_the_oldest_goes_first(
    server: Server, tmp_path: Path, tone: Make, wav: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "MAX_MEMORY", 2500)
    cache = AssetCache(tmp_path, trusted_origin=server.origin)
    a, b, c = [server.give(f"/{n}", wav(tone(480, 1000 + n))) for n in range(3)]
    for url in (a, b, a, c):
        asyncio.run(cache.fetch(url))
    assert [cache.clip(url) is not None for url in (a, b, c)] == [True, False, True]
    asyncio.run(cache.fetch(b))
    assert cache.clip(b) is not None
    assert server.asked == ["/0", "/1", "/2"]
