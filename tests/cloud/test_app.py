"""The whole cloud as a process: it starts, keeps what it promised, and ends in good order."""

import asyncio
import signal
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bellwire.alerts.alert import Alert, Kind, Schedule
from bellwire.alerts.lifecycle import Life
from bellwire.cloud import accounts
from bellwire.cloud.address import AlreadyRunningError, NotRunningError, address_of, holding
from bellwire.cloud.app import run
from bellwire.cloud.config import Config
from bellwire.cloud.listening import PortTakenError
from bellwire.cloud.store.opening import open_now
from bellwire.cloud.store.standings import lives_of
from bellwire.protocol.messages.alerts import RequestSynchronizeAlert, SetAlert, SetAlertSucceeded, SynchronizeAlert
from bellwire.protocol.multipart import boundary_of
from tests.cloud.h2_client import PATIENCE, Stream
from tests.cloud.running import Account, Cloud, Speaker, running


def never(_: object) -> None:
    pytest.fail("the cloud started")


def ends_cleanly(stream: Stream) -> bool:
    return stream.ended and stream.body.endswith(b"--" + boundary_of(stream.headers["content-type"]) + b"--\r\n")


def test_what_was_promised_outlives_a_kill(tmp_path: Path) -> None:
    with running(tmp_path) as cloud:
        home = cloud.account()
        speaker = home.speaker().opens()
        token = home.adds(at="2027-01-01T07:00:00+09:00")
        speaker.says(SetAlertSucceeded(token=token, type="ALARM"))
        last = home.adds(at="2027-01-02T07:00:00+09:00")
        cloud.dies()
    overdue = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    add_in_the_past(cloud, home, overdue)

    with running(tmp_path) as cloud:
        home = Account(cloud, home.account_id, home.token)
        alerts = {alert["token"]: alert for alert in home.asks("GET", "/alerts")[1]["alerts"]}
        assert alerts[token]["devices"] == {speaker.device_id: "set"}
        assert alerts[last]["devices"] == {speaker.device_id: "unknown"}

        # A daily alert whose time passed while nobody was there does not stay behind.
        until_moved(home, "daily", overdue + timedelta(days=1))
        (missed,) = home.asks("GET", "/alerts/daily/history")[1]["rings"]
        assert (missed["outcome"], missed["why"], missed["ending"]) == ("missed", "offline", "unreported")
        (everything,) = (
            Speaker(cloud, speaker.device_id, speaker.token)
            .opens()
            .says(RequestSynchronizeAlert())
            .hears(SynchronizeAlert)
        )
        assert {alert.token for alert in everything.all_alerts} == {token, last, "daily"}


def add_in_the_past(cloud: Cloud, home: Account, due: datetime) -> None:
    schedule = Schedule(due.replace(tzinfo=None), "UTC", "FREQ=DAILY")
    alert = Alert("daily", Kind.ALARM, "", schedule, due, 1, everywhere=True)
    with open_now(cloud.data / "bellwire.db") as rows:
        rows.run(accounts.add_alert, home.account_id, alert, None, 100, datetime.now(UTC))


def until_moved(home: Account, token: str, due: datetime) -> None:
    deadline = time.monotonic() + PATIENCE
    while datetime.fromisoformat(home.asks("GET", f"/alerts/{token}")[1]["scheduled_time"]) != due:
        assert time.monotonic() < deadline, "nobody ended the occurrence"


def test_sigterm_ends_every_downchannel_cleanly_and_loses_nothing(tmp_path: Path) -> None:
    with running(tmp_path) as cloud:
        home = cloud.account()
        speakers = [home.speaker().opens() for _ in range(2)]
        tokens = [home.adds(at="2027-01-01T07:00:00+09:00") for _ in range(20)]
        silent = cloud.connects()
        silent.pings()

        reports = {token: speakers[0].reports(SetAlertSucceeded(token=token, type="ALARM")) for token in tokens}
        cloud.process.send_signal(signal.SIGTERM)
        asked_at = time.monotonic()
        for speaker in speakers:
            speaker.connection.answer(speaker.downchannel)
            assert ends_cleanly(speaker.downchannel)
        for speaker in speakers:
            hears_goodbye(speaker)

        assert cloud.process.wait(PATIENCE) == 0
        assert time.monotonic() - asked_at < 3
        kept = {token for token in tokens if Life.SET in cloud.rows.read(lives_of, home.account_id, token).values()}
        assert kept == {token for token, report in reports.items() if report.status == 204}
        with pytest.raises(NotRunningError):
            address_of(tmp_path)


def hears_goodbye(speaker: Speaker) -> None:
    speaker.connection.until(lambda: bool(speaker.connection.lost), "the end of the connection")


def test_a_running_cloud_is_found_by_its_folder(cloud: Cloud) -> None:
    address = address_of(cloud.data)

    assert address.url == f"https://localhost:{cloud.port}"
    assert address.pid == cloud.process.pid


def test_a_folder_has_one_cloud(tmp_path: Path) -> None:
    with holding(tmp_path), pytest.raises(AlreadyRunningError, match="another cloud runs on"):
        asyncio.run(run(Config(data=tmp_path), never))


def test_a_port_that_is_taken_is_said_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTakenError, match=f"port {port} .*--port"):
            asyncio.run(run(Config(data=tmp_path / "cloud", port=port), never))


def test_only_the_owner_can_look_into_the_folder(cloud: Cloud, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(PortTakenError):
        asyncio.run(run(Config(data=tmp_path / "new", port=taken.getsockname()[1]), never))

    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    for secret in ("bellwire.db", "server.key", "asset.secret"):
        assert (cloud.data / secret).stat().st_mode & 0o077 == 0


def test_a_label_is_spoken_and_its_sound_is_served_to_who_knows_its_name(cloud: Cloud) -> None:
    home = cloud.account()
    speaker = home.speaker().opens().says(RequestSynchronizeAlert())
    home.adds(kind="REMINDER", label="milk", **{"in": "1h"})

    (told,) = speaker.hears(SetAlert)
    url = next(asset.url for asset in told.assets if asset.asset_id == "speech")
    origin, _, path = url.partition("/assets/")
    sound = fetched(cloud, "GET", f"/assets/{path}")

    assert origin == f"https://localhost:{cloud.port}"
    assert (sound.status, sound.headers["content-type"]) == (200, "audio/wav")
    assert sound.body.startswith(b"RIFF")
    head = fetched(cloud, "HEAD", f"/assets/{path}")
    assert (head.status, head.headers["content-length"], head.body) == (200, str(len(sound.body)), b"")


@pytest.mark.parametrize("path", ["", "x", "A" * 43 + ".wav", "..%2fbellwire.db", "../bellwire.db", "%00"])
def test_there_is_no_other_sound(cloud: Cloud, path: str) -> None:
    assert fetched(cloud, "GET", f"/assets/{path}").status == 404


def test_a_sound_that_cannot_be_read_is_our_failure_and_told_in_the_log(cloud: Cloud) -> None:
    name = "B" * 43 + ".wav"
    (cloud.data / "assets" / name).mkdir(parents=True)

    assert fetched(cloud, "GET", f"/assets/{name}").status == 500

    (cloud.data / "assets" / name).rmdir()
    assert "sound not read" in cloud.log
    assert name not in cloud.log


def fetched(cloud: Cloud, method: str, path: str) -> Stream:
    connection = cloud.connects()
    return connection.answer(connection.asks(method, path))
