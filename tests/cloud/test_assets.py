import asyncio
import io
import os
import stat
import wave
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bellwire.cloud.assets import MOST_AT_ONCE, NAME, AssetStore, Label, Stored, secret_of, to_remove
from bellwire.cloud.speech import Espeak, Silent, SpeechFailed

SECRET = bytes(range(32))
LONG_AGO = 1_000_000.0  # seconds since 1970


class Spelling:
    """Says a text as its own bytes, and counts how often; a text that begins with "?" fails."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self.asked = asyncio.Event()

    async def synthesize(self, text: str, language: str, /) -> bytes:
        self.said.append((text, language))
        self.asked.set()
        await asyncio.sleep(0)
        if text.startswith("?"):
            raise SpeechFailed("a question")
        return text.encode()


def store(folder: Path, synthesizer: Spelling | None = None, limit: int = 1000) -> AssetStore:
    return AssetStore(folder, SECRET, synthesizer or Spelling(), limit=limit)


# Names


def test_a_name_is_safe_in_a_url_and_always_the_same(tmp_path: Path) -> None:
    name = store(tmp_path).name_of("ann", "tea 茶", "zh")
    assert NAME.fullmatch(name)
    assert name == store(tmp_path / "elsewhere").name_of("ann", "tea 茶", "zh")


def test_a_name_depends_on_account_voice_text_and_secret(tmp_path: Path) -> None:
    other = AssetStore(tmp_path, bytes(32), Spelling())
    asset = store(tmp_path)
    names = [
        asset.name_of("ann", "tea", "en"),
        asset.name_of("bob", "tea", "en"),
        asset.name_of("anne", "tea", "n"),
        asset.name_of("ann", "ntea", "e"),
        asset.name_of("ann", "bee", "en"),
        asset.name_of("ann", "tea", "ko"),
        other.name_of("ann", "tea", "en"),
    ]
    assert len(set(names)) == len(names)


@settings(deadline=None)
@given(st.lists(st.tuples(st.text(), st.text(st.characters()), st.text()), min_size=2, max_size=2, unique=True))
def test_no_two_sounds_share_a_name(triples: list[tuple[str, str, str]]) -> None:
    asset = store(Path("unused"))
    assert asset.name_of(*triples[0]) != asset.name_of(*triples[1])


# Making


def test_a_text_is_spoken_once_and_then_read_from_the_folder(tmp_path: Path) -> None:
    async def twice() -> None:
        first = await store(tmp_path, spelling).speech("ann", "차", "en")
        second = await store(tmp_path, spelling).speech("ann", "차", "en")
        assert first == second
        assert await store(tmp_path).open(first or "") == "차".encode()

    spelling = Spelling()
    asyncio.run(twice())
    assert spelling.said == [("차", "ko")]
    assert [path.stat().st_mode & 0o077 for path in tmp_path.iterdir()] == [0]


def test_requests_at_the_same_time_speak_once(tmp_path: Path) -> None:
    async def together() -> list[str | None]:
        asset = store(tmp_path, spelling)
        return await asyncio.gather(*(asset.speech("ann", "tea", "en") for _ in range(20)))

    spelling = Spelling()
    names = asyncio.run(together())
    assert len(set(names)) == len(spelling.said) == len(list(tmp_path.iterdir())) == 1
    assert None not in names


def test_who_stops_waiting_does_not_stop_it_for_the_others(tmp_path: Path) -> None:
    async def impatient() -> str | None:
        spelling = Spelling()
        asset = store(tmp_path, spelling)
        waiting = [asyncio.create_task(asset.speech("ann", "tea", "en")) for _ in range(2)]
        await spelling.asked.wait()
        waiting[0].cancel()
        return await waiting[1]

    assert asyncio.run(asyncio.wait_for(impatient(), 5)) is not None


def test_two_accounts_never_share_a_sound(tmp_path: Path) -> None:
    async def both() -> None:
        asset = store(tmp_path)
        assert await asset.speech("ann", "tea", "en") != await asset.speech("bob", "tea", "en")

    asyncio.run(both())
    assert len(list(tmp_path.iterdir())) == 2


def test_a_text_that_cannot_be_spoken_has_no_name_and_is_logged_once(tmp_path: Path) -> None:
    async def together() -> list[str | None]:
        asset = store(tmp_path)
        return await asyncio.gather(*(asset.speech("ann", "? my secret", "en") for _ in range(5)))

    with capture_logs() as logged:
        assert asyncio.run(together()) == [None] * 5
    assert logged == [{"event": "label not spoken", "log_level": "info", "account_id": "ann", "reason": "a question"}]


def test_what_waits_to_be_spoken_is_bounded(tmp_path: Path) -> None:
    async def crowd() -> None:
        asset = store(tmp_path)
        await asyncio.gather(*(asset.speech("ann", f"? {n}", "en") for n in range(MOST_AT_ONCE + 1)))

    with capture_logs() as logged:
        asyncio.run(crowd())
    reasons = [entry["reason"] for entry in logged]
    assert (reasons.count("a question"), len(reasons)) == (MOST_AT_ONCE, MOST_AT_ONCE + 1)
    assert "too many labels wait to be spoken" in reasons


def test_an_alert_does_not_wait_for_a_voice_that_takes_long_but_who_fetches_the_sound_does(tmp_path: Path) -> None:
    class Slow(Spelling):
        def __init__(self) -> None:
            super().__init__()
            self.goes_on = asyncio.Event()

        async def synthesize(self, text: str, language: str, /) -> bytes:
            await self.goes_on.wait()
            return await super().synthesize(text, language)

    async def added(label: str) -> tuple[str | None, bytes | None]:
        async def label_of(_name: str) -> Label | None:
            slow.goes_on.set()
            return Label("ann", label)

        slow = Slow()
        asset = AssetStore(tmp_path, SECRET, slow, patience=0, label_of=label_of)
        name = await asset.speech("ann", label, "en")
        return name, await asset.open(name or "")

    name, sound = asyncio.run(added("tea"))
    assert (name is not None, sound) == (True, b"tea")
    name, sound = asyncio.run(added("? tea"))
    assert (name is not None, sound) == (True, None)


def test_a_folder_that_cannot_be_written_leaves_the_bell(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, not a folder")
    with capture_logs() as logged:
        assert asyncio.run(store(tmp_path / "new").speech("ann", "tea", "en")) is not None
        assert asyncio.run(store(tmp_path / "taken").speech("ann", "tea", "en")) is None
    assert [entry["reason"] for entry in logged] == ["Not a directory"]


def test_a_silent_cloud_names_nothing(tmp_path: Path) -> None:
    assert asyncio.run(AssetStore(tmp_path, SECRET, Silent()).speech("ann", "tea", "en")) is None


def test_a_real_voice(tmp_path: Path) -> None:
    async def said() -> bytes | None:
        asset = AssetStore(tmp_path, SECRET, Espeak())
        name = await asset.speech("ann", "Tea", "en")
        return await asset.open(name or "")

    with wave.open(io.BytesIO(asyncio.run(said()) or b"")) as file:
        assert file.getnframes() > 4000


# Serving


@pytest.mark.parametrize(
    "name",
    [
        "",
        "..",
        "asset.secret",
        "../secret.wav",
        "A" * 43,
        "A" * 43 + ".wav",
        "A" * 43 + ".wav\n",
        "/" + "A" * 42 + ".wav",
        "A" * 20 + "/../" + "A" * 19 + ".wav",
        "Ａ" * 43 + ".wav",
        "A" * 43 + ".wav\x00",
    ],
)
def test_only_names_that_were_given_open(name: str, tmp_path: Path) -> None:
    secret_of(tmp_path)
    (tmp_path / ("A" * 43)).write_bytes(b"not a sound")
    (tmp_path / "secret.wav").write_bytes(b"not a sound")
    (tmp_path / "sounds").mkdir()
    assert asyncio.run(store(tmp_path / "sounds").open(name)) is None
    assert asyncio.run(store(tmp_path).open(name)) is None


# Room


def sounds(*sizes_and_uses: tuple[int, float]) -> list[Stored]:
    return [Stored(Path(str(n)), size, used) for n, (size, used) in enumerate(sizes_and_uses)]


def test_nothing_goes_while_there_is_room() -> None:
    assert to_remove(sounds((50, 0), (40, 0)), room_for=10, limit=100) == []


def test_what_was_not_used_for_longest_goes_first_and_no_more_than_needed() -> None:
    files = sounds((40, 3), (40, 1), (20, 2))
    assert to_remove(files, room_for=50, limit=100) == [files[1], files[2]]


def test_what_is_larger_than_everything_finds_no_room() -> None:
    assert to_remove(sounds((50, 0)), room_for=101, limit=100) is None


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 100), st.floats(0, 9))), st.integers(0, 100), st.integers(0, 300))
def test_room_is_made_of_what_was_used_before_the_rest(
    held: list[tuple[int, float]], room_for: int, limit: int
) -> None:
    files = sounds(*held)
    gone = to_remove(files, room_for=room_for, limit=limit)
    if gone is None:
        assert room_for > limit
        return
    kept = [file for file in files if file not in gone]
    assert sum(file.size for file in kept) + room_for <= limit
    assert all(one.used <= other.used for one in gone for other in kept)


def test_the_folder_stays_within_its_limit(tmp_path: Path) -> None:
    async def fill() -> tuple[str | None, ...]:
        asset = store(tmp_path, limit=10)
        old, read = await asset.speech("ann", "four", "en"), await asset.speech("ann", "more", "en")
        for name in (old, read):
            os.utime(tmp_path / str(name), (LONG_AGO, LONG_AGO))
        await asset.open(str(read))
        new, none = await asset.speech("ann", "new", "en"), await asset.speech("ann", "much too long", "en")
        return old, read, new, none

    secret_of(tmp_path)
    os.utime(tmp_path / "asset.secret", (LONG_AGO, LONG_AGO))
    with capture_logs() as logged:
        old, read, new, none = asyncio.run(fill())
    assert {path.name for path in tmp_path.iterdir()} == {read, new, "asset.secret"}
    assert (old is not None, none) == (True, None)
    assert logged[0]["reason"] == "the sound has 13 bytes; all of them together may have 10"


# What an alert still uses


@pytest.mark.parametrize("spoke", ["en", "ja"])
def test_a_sound_that_is_gone_is_made_again_in_the_language_that_it_had(tmp_path: Path, spoke: str) -> None:
    async def evicted() -> list[bytes | None]:
        asset = AssetStore(tmp_path, SECRET, spelling, label_of=label_of)
        name = await asset.speech("ann", "7:30", spoke) or ""
        (tmp_path / name).unlink()
        return [await asset.open(name), await asset.open(name), await asset.open("A" * 43 + ".wav")]

    async def label_of(name: str) -> Label | None:
        return None if name.startswith("AAA") else Label("ann", "7:30")

    spelling = Spelling()
    assert asyncio.run(evicted()) == [b"7:30", b"7:30", None]
    assert spelling.said == [("7:30", spoke)] * 2


def test_a_sound_that_is_made_later_is_made_when_it_is_asked_for(tmp_path: Path) -> None:
    async def label_of(_name: str) -> Label | None:
        return Label("ann", "tea")

    spelling = Spelling()
    asset = AssetStore(tmp_path, SECRET, spelling, label_of=label_of)
    name = asset.later("ann", "tea", "en")
    assert name is not None
    assert not spelling.said
    assert asyncio.run(asset.open(name)) == b"tea"
    assert AssetStore(tmp_path, SECRET, Silent()).later("ann", "tea", "en") is None


def test_a_sound_that_no_alert_uses_or_whose_label_is_another_now_is_not_made_again(tmp_path: Path) -> None:
    async def asked(label: Label | None) -> bytes | None:
        async def label_of(_name: str) -> Label | None:
            return label

        asset = AssetStore(tmp_path, SECRET, spelling, label_of=label_of)
        return await asset.open(asset.name_of_label("ann", "tea", "en"))

    spelling = Spelling()
    for label in (None, Label("ann", "coffee"), Label("bob", "tea")):
        assert asyncio.run(asked(label)) is None
    assert spelling.said == []
    assert asyncio.run(asked(Label("ann", "tea"))) == b"tea"


def test_a_sound_that_is_gone_and_cannot_be_made_is_none(tmp_path: Path) -> None:
    async def label_of(_name: str) -> Label | None:
        return Label("ann", "? tea")

    asset = AssetStore(tmp_path, SECRET, Spelling(), label_of=label_of)
    assert asyncio.run(asset.open(asset.name_of_label("ann", "? tea", "en"))) is None


def test_being_asked_for_is_use(tmp_path: Path) -> None:
    async def again() -> str | None:
        name = await store(tmp_path).speech("ann", "tea", "en")
        os.utime(tmp_path / str(name), (LONG_AGO, LONG_AGO))
        return await store(tmp_path).speech("ann", "tea", "en")

    name = asyncio.run(again())
    assert (tmp_path / str(name)).stat().st_mtime > LONG_AGO


# The secret


def test_the_secret_is_made_once_and_private(tmp_path: Path) -> None:
    made = secret_of(tmp_path / "data")
    assert len(made) == 32
    assert made == secret_of(tmp_path / "data") != secret_of(tmp_path / "other")
    assert stat.S_IMODE((tmp_path / "data" / "asset.secret").stat().st_mode) == 0o600


def test_a_cut_secret_is_named(tmp_path: Path) -> None:
    (tmp_path / "asset.secret").write_bytes(b"short")
    with pytest.raises(ValueError, match=r"asset\.secret is not 32 bytes long: delete it"):
        secret_of(tmp_path)
