"""Where a device reaches the cloud that the kit plays."""

import asyncio
from pathlib import Path

import pytest

from bellwire.conformance import played_cloud
from bellwire.conformance.case import Side
from bellwire.conformance.cases import chosen
from bellwire.conformance.played_cloud import reached_at
from bellwire.conformance.runner import Outcome
from bellwire.protocol.profiles import DEFAULT_PROFILE
from tests.conformance.subjects import checked_device


def test_sounds_are_where_the_device_has_reached_it(tmp_path: Path) -> None:
    """A device elsewhere finds nothing at localhost."""
    cases = [case for case in chosen(Side.DEVICE, DEFAULT_PROFILE) if "SetAlert/downloads" in case.clauses]
    assert cases
    summary = asyncio.run(checked_device(tmp_path, DEFAULT_PROFILE, cases, by="127.0.0.1"))
    assert [result.outcome for result in summary.results] == [Outcome.PASSED] * len(cases)


@pytest.mark.parametrize(
    ("addresses", "host"),
    [
        ({"127.0.1.1", "fe80::7%eth0", "192.0.2.7", "2001:db8::7"}, "192.0.2.7"),
        ({"::1", "2001:db8::7"}, "2001:db8::7"),
        ({"127.0.0.1"}, "localhost"),
    ],
)
def test_a_device_elsewhere_is_pointed_at_an_address_of_this_machine(
    monkeypatch: pytest.MonkeyPatch, addresses: set[str], host: str
) -> None:
    monkeypatch.setattr(played_cloud, "own_addresses", lambda: addresses)
    assert reached_at("0.0.0.0") == reached_at("::") == host


def test_an_address_that_was_chosen_is_where_it_is() -> None:
    assert [reached_at(host) for host in ("127.0.0.1", "192.0.2.7", "kit.lan")] == ["127.0.0.1", "192.0.2.7", "kit.lan"]
