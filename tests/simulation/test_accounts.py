"""What one account's speaker may be told of."""

from datetime import UTC, datetime

import pytest

from bellwire.protocol.messages.alerts import Asset, SetAlert, SynchronizeAlert
from bellwire.simulation.cloud import SimulatedCloud
from bellwire.simulation.facts import Told, secret_of
from bellwire.simulation.faults import Faults
from bellwire.simulation.invariants.accounts import AccountsStayApart
from bellwire.simulation.invariants.invariant import Broken
from bellwire.simulation.speaker import SimulatedSpeaker
from bellwire.simulation.world import World

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def invariant() -> AccountsStayApart:
    """With a speaker of the account a."""
    world, faults = World(1, NOON), Faults({})
    cloud = SimulatedCloud(world, faults, lambda _: None)
    cloud.account("a", "UTC")
    speaker = SimulatedSpeaker(world, cloud, cloud.device("a", "a0", "cic-ko-2022"), faults, lambda _: None)
    return AccountsStayApart(world, cloud, {"a0": speaker})


def alert(token: str, label: str, url: str) -> SetAlert:
    assets = (Asset(asset_id="speech", url=url),)
    return SetAlert(token=token, type="REMINDER", scheduled_time=NOON, label=label, assets=assets)


OWN = alert("a-1", secret_of("a"), f"https://cloud.example/assets/{secret_of('a')}wav")


def test_its_own_is_told(invariant: AccountsStayApart) -> None:
    invariant.hear(Told(NOON, "a0", OWN))


@pytest.mark.parametrize(
    "foreign",
    [
        alert("b-1", "", "clova://alert/bell/ALARM"),
        alert("a-1", f"again {secret_of('b')}", "clova://alert/bell/ALARM"),
        alert("a-1", secret_of("a"), f"https://cloud.example/assets/{secret_of('b')}wav"),
    ],
)
@pytest.mark.parametrize("is_listed", [False, True])
def test_what_is_of_another_account_is_found(invariant: AccountsStayApart, foreign: SetAlert, is_listed: bool) -> None:
    message = SynchronizeAlert(all_alerts=(OWN, foreign)) if is_listed else foreign
    with pytest.raises(Broken, match="a0 of a is told of"):
        invariant.hear(Told(NOON, "a0", message))
