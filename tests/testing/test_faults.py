"""What a speaker does when things go wrong: it rings all the same, and tells the cloud when it can."""

import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bellwire.testing.cloud import EmulatedCloud
from tests.testing.speaking import PATIENCE, Speaker, speaking


@pytest.fixture(scope="module")
def calm(_bellwire_emulation: EmulatedCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Speaker]:
    """One for all tests that leave its connection alone."""
    _bellwire_emulation.reset()
    with speaking(_bellwire_emulation, tmp_path_factory.mktemp("calm")) as speaker:
        _bellwire_emulation.expect("Alerts.RequestSynchronizeAlert", within=PATIENCE)
        yield speaker


@pytest.fixture
def speaker(bellwire_cloud: EmulatedCloud, tmp_path: Path) -> Iterator[Speaker]:
    """One for a test alone."""
    with speaking(bellwire_cloud, tmp_path) as speaker:
        bellwire_cloud.expect("Alerts.RequestSynchronizeAlert", within=PATIENCE)
        yield speaker


def test_an_event_that_is_refused_again_and_again_is_said_until_it_is_taken(calm: Speaker) -> None:
    calm.cloud.answer(500, "Alerts.AlertStarted", times=2)
    token = calm.cloud.alert("Tea", in_="1s")
    calm.until("ringing", token=token)
    started = calm.cloud.expect("Alerts.AlertStarted", token=token, within=PATIENCE)
    assert started["event"]["payload"] == {"token": token, "type": "REMINDER"}
    fates = [each["fate"] for each in calm.cloud.messages if each["name"] == "Alerts.AlertStarted"]
    assert fates == ["fault: answered 500", "fault: answered 500", "204"]


def test_an_event_that_comes_too_early_is_said_again(calm: Speaker) -> None:
    calm.cloud.answer(429, "Alerts.SetAlertSucceeded", retry_after=1)
    token = calm.cloud.alert("Tea", in_="1h")
    calm.cloud.expect("Alerts.SetAlertSucceeded", token=token, within=PATIENCE)
    assert "fault: answered 429" in calm.cloud.conversation


def test_a_directive_that_is_held_up_comes_later(calm: Speaker) -> None:
    calm.cloud.delay(0.5, "Alerts.SetAlert")
    token = calm.cloud.alert("Tea", in_="1h")
    calm.until("set", token=token)
    assert "fault: held up for 0.5 s" in calm.cloud.conversation


def test_it_rings_while_its_event_is_lost(bellwire_cloud: EmulatedCloud, speaker: Speaker) -> None:
    bellwire_cloud.drop("Alerts.AlertStarted")
    token = bellwire_cloud.alert("Tea", in_="1s")
    speaker.until("ringing", token=token)
    bellwire_cloud.expect_none("Alerts.AlertStarted", token=token, within=0.2)
    assert "[fault: lost]" in bellwire_cloud.conversation


def test_a_directive_that_is_lost_is_said_on_the_next_connection(
    bellwire_cloud: EmulatedCloud, speaker: Speaker
) -> None:
    bellwire_cloud.drop("Alerts.SetAlert")
    token = bellwire_cloud.alert("Tea", in_="1h")
    bellwire_cloud.expect_none("Alerts.SetAlertSucceeded", token=token, within=0.3)
    bellwire_cloud.cut()
    speaker.until("set", token=token)
    assert "[fault: lost]" in bellwire_cloud.conversation


def test_it_rings_while_nothing_passes_and_reports_when_it_does_again(
    bellwire_cloud: EmulatedCloud, speaker: Speaker
) -> None:
    token = bellwire_cloud.alert("Tea", in_="2s")
    bellwire_cloud.expect("Alerts.SetAlertSucceeded", token=token, within=PATIENCE)
    bellwire_cloud.stall()
    speaker.until("ringing", token=token)
    bellwire_cloud.expect_none("Alerts.AlertStarted", within=0.3)
    bellwire_cloud.heal()
    bellwire_cloud.expect("Alerts.AlertStarted", token=token, within=PATIENCE)


def test_it_rings_without_a_connection_and_reports_when_there_is_one(
    bellwire_cloud: EmulatedCloud, speaker: Speaker
) -> None:
    token = bellwire_cloud.alert("Tea", in_="2s")
    bellwire_cloud.expect("Alerts.SetAlertSucceeded", token=token, within=PATIENCE)
    bellwire_cloud.cut(seconds=60)
    speaker.until("disconnected")
    speaker.until("ringing", token=token)
    bellwire_cloud.heal()
    bellwire_cloud.expect("Alerts.AlertStarted", token=token, within=PATIENCE)


def test_it_takes_no_certificate_of_another_authority(bellwire_cloud: EmulatedCloud, speaker: Speaker) -> None:
    bellwire_cloud.wrong_certificate()
    while "certificate" not in speaker.until("disconnected")["reason"]:
        pass
    bellwire_cloud.heal()
    speaker.until("connected")


def test_a_downchannel_that_is_refused_is_asked_for_again(bellwire_cloud: EmulatedCloud, speaker: Speaker) -> None:
    bellwire_cloud.answer(500, "downchannel")
    bellwire_cloud.cut()
    while "500" not in speaker.until("disconnected")["reason"]:
        pass
    assert "the downchannel is answered 500" in bellwire_cloud.conversation


def test_a_speaker_of_another_version_is_refused_in_the_form_of_that_version(
    bellwire_cloud: EmulatedCloud, tmp_path: Path
) -> None:
    with speaking(bellwire_cloud, tmp_path, "tvs-2020") as speaker:
        speaker.until("connected")
        bellwire_cloud.answer(500, "Alerts.SetAlertSucceeded")
        token = bellwire_cloud.alert("Tea", in_="1h", kind="ALARM")
        bellwire_cloud.expect("Alerts.SetAlertSucceeded", token=token, device=speaker.device, within=PATIENCE)
    fates = [each["fate"] for each in bellwire_cloud.messages if each["name"] == "Alerts.SetAlertSucceeded"]
    assert fates[:1] + fates[-1:] == ["fault: answered 500", "204"]


def test_a_device_that_does_not_trust_the_cloud_leaves_a_line(bellwire_cloud: EmulatedCloud) -> None:
    """Else nothing at all would be seen of it."""
    address = urlsplit(bellwire_cloud.url)
    with socket.create_connection(("127.0.0.1", address.port)) as plain, pytest.raises(ssl.SSLError):
        ssl.create_default_context().wrap_socket(plain, server_hostname="localhost")
    said, until = "", time.monotonic() + PATIENCE
    while "-- a connection has ended over which nothing was asked" not in said and time.monotonic() < until:
        said = bellwire_cloud.conversation
    assert "does the device trust the authority?" in said
