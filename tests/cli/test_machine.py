from pathlib import Path

import pytest

from bellwire.cli import machine


def test_the_folders_follow_xdg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert machine.cloud_folder() == tmp_path / "bellwire" / "cloud"
    assert machine.speaker_folder() == tmp_path / "bellwire" / "speaker"


@pytest.mark.parametrize("named", [None, "", "relative/folder"])
def test_without_it_they_are_in_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, named: str | None) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    if named is not None:
        monkeypatch.setenv("XDG_DATA_HOME", named)
    assert machine.cloud_folder() == tmp_path / ".local" / "share" / "bellwire" / "cloud"


@pytest.mark.parametrize(
    ("said", "zone"),
    [
        (("Asia/Seoul", "Europe/Berlin", "Asia/Tokyo"), "Asia/Seoul"),
        ((":Asia/Seoul", "Europe/Berlin", "Asia/Tokyo"), "Asia/Seoul"),
        (("KST-9", "Europe/Berlin", "Asia/Tokyo"), "Europe/Berlin"),
        ((None, "Europe/Berlin", None), "Europe/Berlin"),
        ((None, "Mars/Phobos", "Asia/Tokyo\n"), "Asia/Tokyo"),
        ((None, "", ""), "UTC"),
        ((None, None, None), "UTC"),
        (("Asia", None, None), "UTC"),
    ],
)
def test_the_time_zone_is_the_first_that_is_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: tuple[str | None, str | None, str | None], zone: str
) -> None:
    variable, link, written = said
    monkeypatch.delenv("TZ", raising=False)
    if variable is not None:
        monkeypatch.setenv("TZ", variable)
    monkeypatch.setattr(machine, "_ZONE_LINK", tmp_path / "localtime")
    monkeypatch.setattr(machine, "_ZONE_NAME", tmp_path / "timezone")
    if link is not None:
        (tmp_path / "localtime").symlink_to(tmp_path / "zoneinfo" / link)
    if written is not None:
        (tmp_path / "timezone").write_text(written)
    assert machine.time_zone() == zone
