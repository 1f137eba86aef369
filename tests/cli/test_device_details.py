import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from bellwire.cli import records
from bellwire.cloud.store.reports import (
    DeviceException,
    add_exception,
    save_firmware,
    save_inactivity,
    save_states,
    save_volume,
)
from bellwire.protocol.messages.alerts import AdjustVolume, SetVolume
from bellwire.protocol.messages.system import ReportSoftwareInfo, SoftwareInfo, SynchronizeState
from bellwire.protocol.profiles.tvs import TVS_2020
from tests.cli.running import Bellwire, RunningCloud
from tests.cloud.running import Speaker
from tests.cloud.running import running as running_cloud

NOW = datetime.now(UTC)
RETURNED = '{"directive":{"header":{"namespace":"System","name":"SetEndpoint","messageId":"m-1"}}}'


class Kitchen(NamedTuple):
    here: tuple[str | Path, ...]
    """The options that name its account on the cloud's own machine."""
    elsewhere: tuple[str | Path, ...]
    """… on another one."""
    device_id: str


@pytest.fixture
def data(bellwire: Bellwire, tmp_path: Path) -> Path:
    """A folder with the account `home`, on which no cloud runs."""
    assert bellwire("account", "add", "home", "--country", "KR", "--data", tmp_path).status == 0
    return tmp_path


@pytest.fixture
def kitchen(bellwire: Bellwire, cloud: RunningCloud, request: pytest.FixtureRequest) -> Kitchen:
    """A device of an account of this test alone, on a cloud that runs."""
    name = request.node.name
    token = bellwire("account", "add", name, "--data", cloud.data, "--json").answer["token"]
    here = ("--account", name, "--data", cloud.data)
    device_id = added(bellwire, *here)
    return Kitchen(here, ("--url", cloud.url, "--ca", cloud.data / "ca.pem", "--token", token), device_id)


def added(bellwire: Bellwire, *options: str | Path, profile: str = "tvs-2020") -> str:
    args = ("--profile", profile, "--name", "kitchen", *options, "--json")
    device_id: str = bellwire("device", "add", *args).answer["device_id"]
    return device_id


def test_a_device_that_never_said_anything_is_shown_in_words(bellwire: Bellwire, data: Path) -> None:
    device_id = added(bellwire, "--data", data)

    said = bellwire("device", "show", device_id, "--data", data).text

    for word in (
        "kitchen",
        device_id,
        "tvs-2020",
        "the cloud is not running",
        "never connected",
        f"bellwire device software {device_id}",
        "not told yet",
        "KR",
        "opened no downchannel",
        "no states told",
        "none",
    ):
        assert word in said


def test_what_a_version_does_not_tell_is_not_promised(bellwire: Bellwire, data: Path) -> None:
    device_id = added(bellwire, "--data", data, profile="cic-ko-2022")

    said = bellwire("device", "show", device_id, "--data", data).text

    for message in ("SoftwareInfo", "UserInactivityReport", "SetVolume", "ExceptionEncountered"):
        assert f"not told: cic-ko-2022 has no {message}" in said


def test_all_that_is_known_is_shown_without_a_cloud(bellwire: Bellwire, data: Path) -> None:
    device_id = added(bellwire, "--data", data)
    with records.opened(data) as store:
        of_device = (records.account_of(store, "home").account_id, device_id)
        store.run(save_firmware, *of_device, "8701", NOW)
        store.run(save_inactivity, *of_device, 7200, NOW)
        store.run(save_volume, *of_device, 40, NOW)
        states = '[{"header":{"namespace":"Speaker","name":"VolumeState"},"payload":{"volume":9}}]'
        store.run(save_states, *of_device, states, 3, NOW)
        exception = DeviceException(NOW, "INTERNAL_ERROR", "\x1b[31mno", RETURNED, "System.SetEndpoint", "m-1")
        store.run(add_exception, *of_device, exception)

    said = bellwire("device", "show", device_id, "--data", data).text
    shown = bellwire("device", "show", device_id, "--data", data, "--json").answer

    for word in ("8701", "for 2 h", "40 of 100", 'Speaker.VolumeState {"volume":9}', "3 more", "INTERNAL_ERROR"):
        assert word in said
    assert "\x1b[31mno" not in said
    assert (shown["connected"], shown["software"]["version"]) == (None, "8701")
    assert datetime.fromisoformat(shown["inactivity"]["since"]) == datetime.fromisoformat(
        shown["inactivity"]["reported_at"]
    ) - timedelta(hours=2)
    assert "m-1" in bellwire("device", "exceptions", device_id, "--data", data).text
    (listed,) = bellwire("device", "exceptions", device_id, "--data", data, "--json").answer
    assert (listed["message_id"], listed["directive"]) == ("m-1", RETURNED)


def test_the_same_is_shown_beside_a_cloud_and_from_elsewhere(bellwire: Bellwire, kitchen: Kitchen) -> None:
    shown = [
        bellwire("device", "show", kitchen.device_id, *options, "--json").answer
        for options in (kitchen.here, kitchen.elsewhere)
    ]

    assert shown[0] == shown[1]
    assert (shown[0]["device_id"], shown[0]["connected"]) == (kitchen.device_id, False)
    assert "not connected" in bellwire("device", "show", kitchen.device_id, *kitchen.elsewhere).text
    assert bellwire("device", "exceptions", kitchen.device_id, *kitchen.elsewhere, "--json").answer == []
    assert "none" in bellwire("device", "exceptions", kitchen.device_id, *kitchen.here).text


def test_a_device_is_renamed_with_a_cloud_and_without(bellwire: Bellwire, data: Path, kitchen: Kitchen) -> None:
    device_id = added(bellwire, "--data", data)
    for which, options in ((device_id, ("--data", data)), (kitchen.device_id, kitchen.here)):
        assert "is called bath" in bellwire("device", "rename", which, "bath", *options).text
        assert bellwire("device", "list", *options, "--json").answer[0]["name"] == "bath"
        assert "the name is empty" in bellwire("device", "rename", which, " ", *options).complaint
        assert "no device nobody" in bellwire("device", "rename", "nobody", "x", *options).complaint


def test_a_volume_waits_for_a_device_that_is_not_connected(bellwire: Bellwire, kitchen: Kitchen) -> None:
    for loud in ("60", "+10", "-10", "0", "100"):
        assert bellwire("device", "volume", kitchen.device_id, loud, *kitchen.here, "--json").answer["until"]
    assert "is not connected" in bellwire("device", "volume", kitchen.device_id, "60", *kitchen.elsewhere).text


@pytest.mark.parametrize("loud", ["101", "-101", "+101", "loud", "6.5", "", "1000", "\u0661"])
def test_what_is_no_volume_is_refused(bellwire: Bellwire, data: Path, loud: str) -> None:
    assert "is not a volume" in bellwire("device", "volume", "x", loud, "--data", data).usage


def test_what_the_version_does_not_have_is_refused(bellwire: Bellwire, kitchen: Kitchen) -> None:
    old = added(bellwire, *kitchen.here, profile="cic-ko-2022")

    assert "without SetVolume" in bellwire("device", "volume", old, "60", *kitchen.here).complaint
    assert "without ReportSoftwareInfo" in bellwire("device", "software", old, *kitchen.here).complaint


def test_software_of_a_device_that_is_not_connected(bellwire: Bellwire, kitchen: Kitchen) -> None:
    said = bellwire("device", "software", kitchen.device_id, *kitchen.here).text

    assert "it is not connected; the question waits until" in said
    assert "it has never said which software it runs" in said


def test_commands_that_need_a_cloud_say_so(bellwire: Bellwire, data: Path) -> None:
    device_id = added(bellwire, "--data", data)
    assert "no cloud runs on" in bellwire("device", "volume", device_id, "60", "--data", data).complaint
    assert "no cloud runs on" in bellwire("device", "software", device_id, "--data", data).complaint
    assert "needs the account's token" in bellwire("device", "show", device_id, "--url", "https://x").usage


@pytest.fixture
def speaker(tmp_path: Path) -> Iterator[tuple[Speaker, tuple[str | Path, ...]]]:
    """A device that has synchronized, and the options that name its cloud."""
    with running_cloud(tmp_path / "cloud") as cloud:
        home = cloud.account()
        url = f"https://localhost:{cloud.port}"
        speaker = home.speaker(profile=TVS_2020).opens().says(SynchronizeState())
        yield speaker, ("--url", url, "--ca", cloud.data / "ca.pem", "--token", home.token)


def test_a_connected_device_answers_which_software_it_runs(
    bellwire: Bellwire, speaker: tuple[Speaker, tuple[str | Path, ...]]
) -> None:
    device, options = speaker

    def answers() -> None:
        device.hears(ReportSoftwareInfo)
        device.says(SoftwareInfo(firmware_version="8701"))

    answering = threading.Thread(target=answers)
    answering.start()
    asked = bellwire("device", "software", device.device_id, *options, "--json").answer
    answering.join()

    assert (asked["software"]["version"], asked["answered"]) == ("8701", True)


def test_a_connected_device_is_told_its_volume(
    bellwire: Bellwire, speaker: tuple[Speaker, tuple[str | Path, ...]]
) -> None:
    device, options = speaker

    assert "is told: volume 60" in bellwire("device", "volume", device.device_id, "60", *options).text
    assert "is told: volume -10" in bellwire("device", "volume", device.device_id, "-10", *options).text

    assert device.hears(SetVolume) == [SetVolume(volume=60)]
    assert device.hears(AdjustVolume) == [AdjustVolume(volume=-10)]
