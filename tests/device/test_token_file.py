import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bellwire.device.storage import StorageError
from bellwire.device.token_file import TokenFile, Tokens

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
OLD = Tokens(
    url="https://cloud:8443",
    profile="cic-ko-2022",
    access_token="a0",
    refresh_token="r0",
    issued_at=NOON,
    lifetime=3600,
    device_id="d",
    ca="/ca.pem",
)
NEW = replace(OLD, access_token="a1", refresh_token="r1", issued_at=NOON + timedelta(hours=1))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = TokenFile(tmp_path / "speaker")
    assert file.read() is None
    file.write(OLD)
    assert TokenFile(tmp_path / "speaker").read() == OLD
    file.write(NEW)
    assert file.read() == NEW
    file.delete()
    assert file.read() is None
    file.delete()


def test_a_power_cut_at_any_point_leaves_one_of_the_two_pairs_whole(tmp_path: Path) -> None:
    points = sum(1 for _ in TokenFile(tmp_path).writing(OLD))
    assert points >= 4
    left = []
    for point in range(points):
        file = TokenFile(tmp_path)
        file.write(OLD)
        writing = file.writing(NEW)
        for _ in range(point + 1):
            next(writing)
        left.append(TokenFile(tmp_path).read())
        del writing
        after_boot = TokenFile(tmp_path)
        after_boot.write(NEW)
        assert after_boot.read() == NEW
    assert left == sorted(left, key=lambda tokens: tokens is not None and tokens.issued_at)
    assert set(left) == {OLD, NEW}


def test_nobody_else_may_read_it_even_for_a_moment(tmp_path: Path) -> None:
    file = TokenFile(tmp_path)
    (tmp_path / "tokens.new").touch(mode=0o644)
    for _ in file.writing(OLD):
        assert {stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()} == {0o600}


def test_a_link_that_somebody_put_there_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("mine")
    (tmp_path / "tokens.new").symlink_to(tmp_path / "victim")
    with pytest.raises(StorageError, match=r"tokens\.json can't be used"):
        TokenFile(tmp_path).write(OLD)
    assert (tmp_path / "victim").read_text() == "mine"


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b'{"url": "https://cloud"}', b"null", b'{"url": "\xff"}', b'{"more": ' + b"[" * 60_000],
    ids=lambda content: content[:20],
)
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "tokens.json").write_bytes(content)
    with pytest.raises(StorageError, match=r"tokens\.json is damaged .* delete it"):
        TokenFile(tmp_path).read()


def test_how_long_the_token_lives_yet() -> None:
    assert OLD.left(NOON + timedelta(minutes=10)) == 3000
    assert OLD.left(NOON + timedelta(days=10)) == 0
    assert OLD.left(NOON - timedelta(days=10_000)) == 3600, "a board without a battery boots years back"


def test_nothing_secret_is_shown() -> None:
    assert "a0" not in repr(OLD)
    assert "r0" not in repr(OLD)
