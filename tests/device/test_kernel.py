"""What the machine is asked about its clock, and what is made of its answers."""

import ctypes
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bellwire.device import kernel


def fails(_timex: Any) -> int:
    raise OSError("no such call")


@pytest.mark.parametrize(
    ("answers", "is_kept"),
    [
        ({"adjtimex": lambda _timex: 0}, True),
        ({"adjtimex": lambda _timex: 1}, True),  # a leap second is to come
        ({"adjtimex": lambda _timex: 5}, False),
        ({"adjtimex": lambda _timex: -1}, False),  # not allowed
        ({"adjtimex": fails}, False),
        ({}, False),
    ],
)
def test_whether_ntp_keeps_the_clock(
    monkeypatch: pytest.MonkeyPatch, answers: dict[str, Callable[[Any], int]], is_kept: bool
) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: SimpleNamespace(**answers))
    assert kernel.is_kept_by_ntp() is is_kept


def test_this_machine_has_an_answer_and_its_clock_stays_as_it_is() -> None:
    assert kernel.is_kept_by_ntp() in {True, False}


def test_a_boot_has_a_name_where_the_system_gives_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert kernel.boot_id() == kernel.boot_id()
    monkeypatch.setattr(kernel, "_BOOT_ID", tmp_path / "boot_id")
    assert not kernel.boot_id()
    (tmp_path / "boot_id").write_text("092f5c94\n")
    assert kernel.boot_id() == "092f5c94"
