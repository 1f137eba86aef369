import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bellwire.cloud import address
from bellwire.cloud.address import Address, AlreadyRunningError, NotRunningError, address_of, announce, holding

URL = "https://localhost:8443"

HOLDS_AND_DIES = """
import os, signal, sys
from pathlib import Path
from bellwire.cloud.address import announce, holding
with holding(Path(sys.argv[1])):
    announce(Path(sys.argv[1]), "https://localhost:8443")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_cloud_is_found_by_its_folder_while_it_runs(tmp_path: Path) -> None:
    with holding(tmp_path):
        announce(tmp_path, URL)
        assert address_of(tmp_path) == Address(URL, os.getpid())

    with pytest.raises(NotRunningError, match=r"no cloud runs on .*; start one with: bellwire cloud --data "):
        address_of(tmp_path)


def test_the_last_word_counts(tmp_path: Path) -> None:
    with holding(tmp_path):
        announce(tmp_path, "https://localhost:1")
        announce(tmp_path, URL)
        assert address_of(tmp_path).url == URL


def test_a_folder_is_held_by_one(tmp_path: Path) -> None:
    with holding(tmp_path), pytest.raises(AlreadyRunningError, match="--data"), holding(tmp_path):
        pytest.fail("two held it")
    with holding(tmp_path):
        pass


def test_looking_for_a_cloud_does_not_disturb_it(tmp_path: Path) -> None:
    with holding(tmp_path):
        announce(tmp_path, URL)
        for _ in range(3):
            address_of(tmp_path)
        with pytest.raises(AlreadyRunningError), holding(tmp_path):
            pytest.fail("it was let go")
        assert address_of(tmp_path).url == URL


def test_looking_for_a_cloud_that_is_gone_changes_nothing(tmp_path: Path) -> None:
    announce(tmp_path, URL)
    with pytest.raises(NotRunningError):
        address_of(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["cloud.json"]


def looks(folder: Path) -> int:
    """Somebody who looks at this moment whether a cloud runs; closed: not any more."""
    descriptor = os.open(folder / "cloud.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def test_two_who_look_do_not_take_each_other_for_a_cloud(tmp_path: Path) -> None:
    announce(tmp_path, URL)
    descriptor = looks(tmp_path)
    with pytest.raises(NotRunningError):
        address_of(tmp_path)
    os.close(descriptor)


def test_a_cloud_that_starts_while_somebody_looks_is_not_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    descriptor = looks(tmp_path)
    monkeypatch.setattr(address, "sleep", lambda _: os.close(descriptor))
    with holding(tmp_path):
        pass


def test_a_cloud_that_starts_has_not_the_address_of_one_that_was_killed(tmp_path: Path) -> None:
    announce(tmp_path, "https://localhost:1")
    with holding(tmp_path), pytest.raises(NotRunningError):
        address_of(tmp_path)


def test_a_cloud_that_was_killed_is_not_found_and_not_in_the_way(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", HOLDS_AND_DIES, str(tmp_path)], check=False, timeout=30)
    assert (tmp_path / "cloud.json").exists()

    with pytest.raises(NotRunningError):
        address_of(tmp_path)
    with holding(tmp_path):
        pass


def test_a_cloud_that_failed_lets_go_and_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), holding(tmp_path):
        announce(tmp_path, URL)
        raise ZeroDivisionError

    with pytest.raises(NotRunningError):
        address_of(tmp_path)


def test_a_cloud_that_starts_is_not_found_before_it_has_said_where(tmp_path: Path) -> None:
    with holding(tmp_path), pytest.raises(NotRunningError):
        address_of(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"url": 5, "pid": 1}', b"\xff"])
def test_an_address_that_cannot_be_read_is_none(tmp_path: Path, content: bytes) -> None:
    with holding(tmp_path):
        (tmp_path / "cloud.json").write_bytes(content)
        with pytest.raises(NotRunningError):
            address_of(tmp_path)


def test_a_folder_that_is_not_there_has_no_cloud(tmp_path: Path) -> None:
    with pytest.raises(NotRunningError):
        address_of(tmp_path / "nothing")
