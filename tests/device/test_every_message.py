"""Every message on the speaker, in every version and direction that has it: each with a talk named after it.

Every message passes through the version's own JSON on its way, so that only what that version can say is heard. A
message or a field that a version gets, and that has no talk here, fails.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from bellwire.alerts.lifecycle import Life
from bellwire.device import outputs
from bellwire.device.engine import alerts_state
from bellwire.device.held import Setup
from bellwire.device.inputs import (
    Answered,
    Connected,
    DeletePressed,
    Input,
    NotKept,
    NotUnderstood,
    OtherAudio,
    PlaybackEnded,
    StopPressed,
    VolumePressed,
)
from bellwire.device.outputs import Output, Send
from bellwire.device.ringer import sounds
from bellwire.protocol.codec import Codec
from bellwire.protocol.errors import InvalidMessage
from bellwire.protocol.messages import Message, key_of
from bellwire.protocol.messages.alerts import (
    AdjustVolume,
    AlertEnteredBackground,
    AlertEnteredForeground,
    AlertStarted,
    AlertStopped,
    Asset,
    DeleteAlert,
    DeleteAlertFailed,
    DeleteAlerts,
    DeleteAlertsFailed,
    DeleteAlertsSucceeded,
    DeleteAlertSucceeded,
    OneAlert,
    RequestAlertStop,
    RequestDeleteAlert,
    RequestSynchronizeAlert,
    SetAlert,
    SetAlertFailed,
    SetAlertSucceeded,
    SetVolume,
    StopAlert,
    SynchronizeAlert,
    VolumeChanged,
)
from bellwire.protocol.messages.envelope import Directive, Event
from bellwire.protocol.messages.system import (
    Encountered,
    ExceptionEncountered,
    ReportSoftwareInfo,
    RequestSynchronizeState,
    ResetUserInactivity,
    SetEndpoint,
    SoftwareInfo,
    SynchronizeState,
    UserInactivityReport,
)
from bellwire.protocol.messages.system import Exception as CloudException
from bellwire.protocol.profiles import PROFILES
from bellwire.protocol.profiles.clova import Hello
from bellwire.protocol.profiles.profile import Profile
from bellwire.protocol.profiles.tvs import TVS_2020
from tests.conversation import (
    BEHIND,
    IN_FRONT,
    Device,
    Loose,
    Reconnects,
    alarm,
    at_volume,
    fetches,
    moment,
    muted,
    rings,
    silent,
)
from tests.device.house import House, talk

TUNE, SPEECH = "https://cloud.example/tune", "https://cloud.example/speech"
CONVERSATIONS = Path(__file__).parent / "conversations"


class Speaker(Device):
    """The engine, heard and told in the words of its version alone."""

    def __init__(self, profile: Profile) -> None:
        super().__init__(profile)
        self.codec = Codec(profile)
        self.sent: list[bytes] = []

    def told(self, json: bytes) -> None:
        super()._step(self.codec.decode_directive(json).message)

    def of(self, message: type[OneAlert], token: str = "a", kind: str = "ALARM") -> OneAlert:
        """A message about one alert, as it comes out of the version's JSON: TVS has no type there."""
        return message(token=token, type=None if self.profile is TVS_2020 else kind)

    def rings(self, token: str = "a", *, wherever: type[OneAlert] = AlertEnteredForeground) -> None:
        """It starts now."""
        self >> self.of(AlertStarted, token)
        if self.profile is TVS_2020:
            self >> self.of(wherever, token)
        self >> rings(token)

    @property
    def ring(self) -> outputs.Ring:
        """The last step's."""
        return next(output for output in self.outputs if isinstance(output, outputs.Ring))

    def _step(self, happened: Input | Message) -> None:
        if isinstance(happened, Message):
            self.told(self.codec.encode_directive(Directive(message=happened, message_id="m")))
        else:
            super()._step(happened)

    def _perform(self, output: Output) -> None:
        if isinstance(output, Send):
            event = Event(message=output.message, message_id="m", alerts_state=alerts_state(self.state))
            self.sent.append(self.codec.encode_event(event))
            output = msgspec.structs.replace(output, message=self.codec.decode_event(self.sent[-1]).message)
        super()._perform(output)


def that_rings(speaker: Speaker) -> Speaker:
    speaker << alarm("a", "07:00:00") >> speaker.of(SetAlertSucceeded)
    speaker.at("07:00:00").rings()
    return speaker


def that_connects(speaker: Speaker) -> Speaker:
    """For the first time, with a version of its software; the cloud has taken what it says then."""
    speaker.setup = Setup(cloud="https://home.example", firmware="8701")
    speaker.powered() << Connected() >> Loose(SynchronizeState()) >> Loose(SoftwareInfo(firmware_version="8701"))
    return speaker << Answered(SoftwareInfo(firmware_version="8701"), 204)


# Directives.


def set_alert(speaker: Speaker) -> None:
    """A token that is not known is added, one that is known is changed."""
    speaker << alarm("a", "07:00:00") >> speaker.of(SetAlertSucceeded)
    speaker << alarm("a", "08:00:00") >> speaker.of(SetAlertSucceeded)
    speaker.at("07:59:59")
    speaker.at("08:00:00").rings()


def delete_alert(speaker: Speaker) -> None:
    speaker << alarm("b", "09:00:00") >> speaker.of(SetAlertSucceeded, "b")
    that_rings(speaker)
    speaker << DeleteAlert(token="a", type="ALARM") >> speaker.of(AlertStopped)
    speaker >> speaker.of(DeleteAlertSucceeded) >> silent("a")
    speaker << DeleteAlert(token="b", type="ALARM") >> speaker.of(DeleteAlertSucceeded, "b")
    speaker << DeleteAlert(token="nobody", type="ALARM") >> speaker.of(DeleteAlertSucceeded, "nobody")
    assert not speaker.disk
    speaker.at("10:00:00")


def delete_alerts(speaker: Speaker) -> None:
    speaker << alarm("b", "09:00:00") >> speaker.of(SetAlertSucceeded, "b")
    that_rings(speaker)
    speaker << DeleteAlerts(tokens=("a", "b", "nobody")) >> speaker.of(AlertStopped)
    speaker >> DeleteAlertsSucceeded(tokens=("a", "b", "nobody")) >> silent("a")
    assert not speaker.disk
    speaker.at("10:00:00")


def stop_alert(speaker: Speaker) -> None:
    that_rings(speaker)
    speaker << StopAlert(token="a", type="ALARM") >> speaker.of(AlertStopped) >> silent("a")
    assert speaker.disk["a"].life is Life.STOPPED


def synchronize_alert(speaker: Speaker) -> None:
    """The list is all that there is."""
    speaker << alarm("gone", "07:00:00") >> speaker.of(SetAlertSucceeded, "gone")
    speaker << alarm("same", "07:00:00") >> speaker.of(SetAlertSucceeded, "same")
    speaker << SynchronizeAlert(all_alerts=(alarm("same", "07:00:00"), alarm("new", "08:00:00")))
    speaker >> speaker.of(DeleteAlertSucceeded, "gone") >> speaker.of(SetAlertSucceeded, "new")
    assert speaker.disk.keys() == {"same", "new"}
    speaker.at("07:00:00").rings("same")


def synchronize_state(speaker: Speaker) -> None:
    """The list is all that there is, also by the older pair."""
    speaker << alarm("gone", "07:00:00") >> speaker.of(SetAlertSucceeded, "gone")
    speaker << alarm("same", "07:00:00") >> speaker.of(SetAlertSucceeded, "same")
    speaker << SynchronizeState(all_alerts=(alarm("same", "07:00:00"), alarm("new", "08:00:00")))
    speaker >> speaker.of(DeleteAlertSucceeded, "gone") >> speaker.of(SetAlertSucceeded, "new")
    assert speaker.disk.keys() == {"same", "new"}


def hello(speaker: Speaker) -> None:
    """The downchannel stands: that is all that it says, and the connection has said so already."""
    changes_nothing(speaker, Hello())


def exception(speaker: Speaker) -> None:
    """It is for people (below), and leads to nothing: what is not taken is tried again by its status."""
    changes_nothing(speaker, a_mistake(speaker.profile))


def a_mistake(profile: Profile) -> CloudException:
    return CloudException(code=profile.error_code(400), description="event.payload.token: is missing")


def changes_nothing(speaker: Speaker, message: Message) -> None:
    that_rings(speaker)
    before = speaker.state
    speaker << message
    assert speaker.state == before


def reset_user_inactivity(speaker: Speaker) -> None:
    that_connects(speaker).at("00:30:00") << ResetUserInactivity()
    speaker.at("01:29:59")
    speaker.at("01:30:00") >> Loose(UserInactivityReport(inactive_time_in_seconds=3600))


def set_endpoint(speaker: Speaker) -> None:
    that_connects(speaker) << SetEndpoint(endpoint="https://seoul.example") >> Reconnects()
    assert speaker.remembered.clouds.current == "https://seoul.example"


def report_software_info(speaker: Speaker) -> None:
    """Also where the cloud has taken it before."""
    that_connects(speaker) << ReportSoftwareInfo() >> Loose(SoftwareInfo(firmware_version="8701"))


def set_volume(speaker: Speaker) -> None:
    speaker << SetVolume(volume=30) >> VolumeChanged(volume=30) >> at_volume(30)
    assert speaker.powered().state.volume == 30
    speaker >> at_volume(30)


def adjust_volume(speaker: Speaker) -> None:
    speaker << AdjustVolume(volume=-30) >> VolumeChanged(volume=70) >> at_volume(70)
    speaker << AdjustVolume(volume=50) >> VolumeChanged(volume=100) >> at_volume(100)


# Events.


def alert_started(speaker: Speaker) -> None:
    speaker << alarm("a", "07:00:00") >> speaker.of(SetAlertSucceeded)
    speaker.at("07:00:00") >> speaker.of(AlertStarted)
    assert b"AlertStarted" in b"".join(speaker.sent)
    speaker.silently()


def alert_stopped(speaker: Speaker) -> None:
    """Nobody hears it for an hour."""
    that_rings(speaker)
    speaker.at("08:00:00") >> speaker.of(AlertStopped) >> silent("a")


def alert_entered_background(speaker: Speaker) -> None:
    that_rings(speaker)
    speaker << OtherAudio(in_front=True) >> speaker.of(AlertEnteredBackground) >> BEHIND
    speaker << StopPressed() >> speaker.of(AlertStopped) >> silent("a")
    speaker << alarm("b", "07:01:00") >> speaker.of(SetAlertSucceeded, "b")
    speaker.at("07:01:00").rings("b", wherever=AlertEnteredBackground)


def alert_entered_foreground(speaker: Speaker) -> None:
    that_rings(speaker)
    speaker << OtherAudio(in_front=True) >> speaker.of(AlertEnteredBackground) >> BEHIND
    speaker << OtherAudio(in_front=False) >> speaker.of(AlertEnteredForeground) >> IN_FRONT


def set_alert_succeeded(speaker: Speaker) -> None:
    speaker << alarm("a", "07:00:00") >> speaker.of(SetAlertSucceeded)
    assert "a" in speaker.disk


def set_alert_failed(speaker: Speaker) -> None:
    """More than half an hour late; or the disk is full, of which some versions say more (System)."""
    speaker.at("07:30:01") << alarm("a", "07:00:00") >> speaker.of(SetAlertFailed)
    (
        speaker
        << NotKept(Directive(message=alarm("b", "08:00:00"), message_id="m"))
        >> Loose(speaker.of(SetAlertFailed, "b"))
    )
    assert not speaker.silently().disk


def delete_alert_succeeded(speaker: Speaker) -> None:
    speaker << alarm("a", "07:00:00") >> speaker.of(SetAlertSucceeded)
    speaker << DeleteAlert(token="a", type="ALARM") >> speaker.of(DeleteAlertSucceeded)
    assert not speaker.disk


def delete_alert_failed(speaker: Speaker) -> None:
    speaker << alarm("a", "07:00:00") >> speaker.of(SetAlertSucceeded)
    wanted = Directive(message=speaker.of(DeleteAlert), message_id="m")
    speaker << NotKept(wanted) >> Loose(speaker.of(DeleteAlertFailed))
    assert "a" in speaker.silently().disk


def delete_alerts_succeeded(speaker: Speaker) -> None:
    speaker << alarm("a", "07:00:00") >> speaker.of(SetAlertSucceeded)
    speaker << DeleteAlerts(tokens=("b", "a")) >> DeleteAlertsSucceeded(tokens=("b", "a"))
    assert not speaker.disk


def delete_alerts_failed(speaker: Speaker) -> None:
    speaker << alarm("a", "07:00:00") >> speaker.of(SetAlertSucceeded)
    wanted = Directive(message=DeleteAlerts(tokens=("a", "b")), message_id="m")
    speaker << NotKept(wanted) >> Loose(DeleteAlertsFailed(tokens=("a", "b")))
    assert "a" in speaker.silently().disk


def request_alert_stop(speaker: Speaker) -> None:
    """Muted at once; over when the cloud says so."""
    that_rings(speaker)
    speaker << StopPressed() >> Loose(speaker.of(RequestAlertStop)) >> muted("a")
    speaker << StopAlert(token="a", type="ALARM") >> speaker.of(AlertStopped) >> silent("a")


def request_delete_alert(speaker: Speaker) -> None:
    """Hidden at once; deleted when the cloud says so."""
    speaker << alarm("a", "07:00:00") >> speaker.of(SetAlertSucceeded)
    speaker << DeletePressed("a") >> speaker.of(RequestDeleteAlert)
    assert speaker.disk["a"].hidden
    speaker << DeleteAlert(token="a", type="ALARM") >> speaker.of(DeleteAlertSucceeded)


def request_synchronize_alert(speaker: Speaker) -> None:
    """A connection begins with it."""
    speaker << Connected() >> Loose(RequestSynchronizeAlert())
    speaker << SynchronizeAlert(all_alerts=(alarm("a", "07:00:00"),)) >> speaker.of(SetAlertSucceeded)


def request_synchronize_state(speaker: Speaker) -> None:
    """A connection begins with it."""
    speaker << Connected() >> Loose(RequestSynchronizeState())
    speaker << SynchronizeState(all_alerts=(alarm("a", "07:00:00"),)) >> speaker.of(SetAlertSucceeded)


def says_synchronize_state(speaker: Speaker) -> None:
    """A connection begins with it; all that the device has goes with it."""
    speaker << alarm("a", "07:00:00") >> speaker.of(SetAlertSucceeded)
    speaker << Connected() >> Loose(SynchronizeState())
    state = speaker.codec.decode_event(speaker.sent[-1]).alerts_state
    assert state is not None
    assert [alert.token for alert in state.all_alerts] == ["a"]


def user_inactivity_report(speaker: Speaker) -> None:
    that_connects(speaker).at("00:59:59")
    for hours in (1, 2):
        speaker.at(f"0{hours}:00:00") >> Loose(UserInactivityReport(inactive_time_in_seconds=hours * 3600))


def software_info(speaker: Speaker) -> None:
    """At the first boot; what the cloud has taken is not said again."""
    that_connects(speaker)
    assert b"SoftwareInfo" in speaker.sent[-1]
    speaker.powered() << Connected() >> Loose(SynchronizeState())


def exception_encountered(speaker: Speaker) -> None:
    error = Encountered(type="UNEXPECTED_INFORMATION_RECEIVED", message="why")
    speaker << NotUnderstood("as it came", "why")
    speaker >> Loose(ExceptionEncountered(unparsed_directive="as it came", error=error))


def volume_changed(speaker: Speaker) -> None:
    speaker << VolumePressed(80) >> VolumeChanged(volume=80) >> at_volume(80)
    speaker << SetVolume(volume=80) >> VolumeChanged(volume=80)


Talk = Callable[[Speaker], None]

HEARD: dict[type[Message], Talk] = {
    AdjustVolume: adjust_volume,
    CloudException: exception,
    DeleteAlert: delete_alert,
    DeleteAlerts: delete_alerts,
    Hello: hello,
    ReportSoftwareInfo: report_software_info,
    ResetUserInactivity: reset_user_inactivity,
    SetAlert: set_alert,
    SetEndpoint: set_endpoint,
    SetVolume: set_volume,
    StopAlert: stop_alert,
    SynchronizeAlert: synchronize_alert,
    SynchronizeState: synchronize_state,
}
SAID: dict[type[Message], Talk] = {
    AlertEnteredBackground: alert_entered_background,
    AlertEnteredForeground: alert_entered_foreground,
    AlertStarted: alert_started,
    AlertStopped: alert_stopped,
    DeleteAlertFailed: delete_alert_failed,
    DeleteAlertSucceeded: delete_alert_succeeded,
    DeleteAlertsFailed: delete_alerts_failed,
    DeleteAlertsSucceeded: delete_alerts_succeeded,
    ExceptionEncountered: exception_encountered,
    RequestAlertStop: request_alert_stop,
    RequestDeleteAlert: request_delete_alert,
    RequestSynchronizeAlert: request_synchronize_alert,
    RequestSynchronizeState: request_synchronize_state,
    SetAlertFailed: set_alert_failed,
    SetAlertSucceeded: set_alert_succeeded,
    SoftwareInfo: software_info,
    SynchronizeState: says_synchronize_state,
    UserInactivityReport: user_inactivity_report,
    VolumeChanged: volume_changed,
}
THE_OTHER_PAIR = {
    ("cic-ko-2022", RequestSynchronizeState),
    ("cic-ja-2019", RequestSynchronizeState),
    ("cic-en-2018", RequestSynchronizeAlert),
}
"""Our speaker asks with one pair of each version (`Profile.sync_request`); the other is the cloud's to serve."""

MESSAGES = [
    (profile, direction, form.message)
    for profile in PROFILES.values()
    for direction, forms in (("directive", profile.directives), ("event", profile.events))
    for form in forms.values()
    if direction == "directive" or (profile.name, form.message) not in THE_OTHER_PAIR
]


@pytest.mark.parametrize(
    ("profile", "direction", "message"),
    MESSAGES,
    ids=[f"{profile.name}-{direction}-{'.'.join(key_of(message))}" for profile, direction, message in MESSAGES],
)
def test_message(profile: Profile, direction: str, message: type[Message]) -> None:
    speaker = Speaker(profile)
    (HEARD if direction == "directive" else SAID)[message](speaker)
    if direction == "event":
        names = [msgspec.json.decode(event)["event"]["header"]["name"] for event in speaker.sent]
        assert message.__name__ in names
    speaker.over()


def test_no_talk_is_of_a_message_that_no_version_has() -> None:
    named = {(direction, message) for _, direction, message in MESSAGES}
    assert named == {*(("directive", message) for message in HEARD), *(("event", message) for message in SAID)}


def test_of_two_pairs_a_version_asks_with_one() -> None:
    others = {
        (profile.name, request)
        for profile in PROFILES.values()
        for request in profile.sync_replies
        if request is not profile.sync_request
    }
    assert others == THE_OTHER_PAIR


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_an_exception_of_the_cloud_is_told_in_its_own_words(profile: Profile, tmp_path: Path) -> None:
    async def day(house: House) -> None:
        with capture_logs() as logs:
            house.told(a_mistake(profile))
        assert [(line["log_level"], line.get("description")) for line in logs] == [
            ("warning", "event.payload.token: is missing")
        ]
        await house.quiet()
        assert house.cloud.names == []

    talk(day, tmp_path, profile=profile)


# The fields of what the cloud sets, one by one.


def a_reminder(**changes: Any) -> SetAlert:
    """Everything that any version has of an alert."""
    fields: dict[str, Any] = {
        "token": "a",
        "type": "REMINDER",
        "scheduled_time": moment("07:00:00"),
        "label": "tea",
        "assets": (Asset(asset_id="1", url=SPEECH), Asset(asset_id="2", url=TUNE)),
        "asset_play_order": ("2", "1", "2"),
        "background_alert_asset": "1",
        "loop_count": 4,
        "loop_pause_in_milli_seconds": 250,
    }
    return SetAlert(**(fields | changes))


Set = Callable[[Speaker, SetAlert], None]


def by_itself(speaker: Speaker, message: SetAlert) -> None:
    speaker.silently() << message


def in_the_list(speaker: Speaker, message: SetAlert) -> None:
    speaker.silently() << SynchronizeAlert(all_alerts=(message,))


def in_the_older_list(speaker: Speaker, message: SetAlert) -> None:
    speaker.silently() << SynchronizeState(all_alerts=(message,))


def rings_at(speaker: Speaker, time: str = "07:00:00") -> outputs.Ring:
    speaker.silently().at(time)
    return speaker.silently().ring


def _token(speaker: Speaker, sets: Set) -> None:
    sets(speaker, a_reminder(token="other"))
    assert rings_at(speaker).token == "other"


def _type(speaker: Speaker, sets: Set) -> None:
    sets(speaker, a_reminder(type="TIMER"))
    assert rings_at(speaker).kind == "TIMER"


def _scheduled_time(speaker: Speaker, sets: Set) -> None:
    sets(speaker, a_reminder(scheduled_time=moment("06:30:00")))
    assert speaker.wake_at == moment("06:30:00")
    assert rings_at(speaker, "06:30:00").token == "a"


def _label(speaker: Speaker, sets: Set) -> None:
    sets(speaker, a_reminder())
    assert speaker.disk["a"].occurrence.label == "tea"


def _assets(speaker: Speaker, sets: Set) -> None:
    speaker.silently()
    sets(speaker, a_reminder())
    speaker >> speaker.of(SetAlertSucceeded, kind="REMINDER") >> fetches(SPEECH, TUNE)


def _asset_play_order(speaker: Speaker, sets: Set) -> None:
    sets(speaker, a_reminder())
    played = [source.url for source in rings_at(speaker).sources if isinstance(source, sounds.Asset)]
    assert played == [TUNE, SPEECH, TUNE]


def _background_alert_asset(speaker: Speaker, sets: Set) -> None:
    sets(speaker, a_reminder())
    assert rings_at(speaker).behind == sounds.Asset(SPEECH)


def _loop_count(speaker: Speaker, sets: Set) -> None:
    sets(speaker, a_reminder())
    assert rings_at(speaker).rounds == 4
    speaker << PlaybackEnded("a") >> speaker.of(AlertStopped, kind="REMINDER") >> silent("a")
    speaker.silently()


def _loop_pause(speaker: Speaker, sets: Set) -> None:
    sets(speaker, a_reminder())
    assert rings_at(speaker).pause == timedelta(milliseconds=250)


FIELDS: dict[str, Callable[[Speaker, Set], None]] = {
    "assetPlayOrder[]": _asset_play_order,
    "assets[]": _assets,
    "assets[].assetId": _asset_play_order,
    "assets[].url": _assets,
    "backgroundAlertAsset": _background_alert_asset,
    "label": _label,
    "loopCount": _loop_count,
    "loopPauseInMilliSeconds": _loop_pause,
    "scheduledTime": _scheduled_time,
    "token": _token,
    "type": _type,
}

IN_A_LIST = "allAlerts[]."
ROWS = [
    pytest.param(profile, sets, field.path.removeprefix(IN_A_LIST), id=f"{profile.name}-{name}-{field.path}")
    for profile in PROFILES.values()
    for namespace, name, sets in (
        ("Alerts", "SetAlert", by_itself),
        ("Alerts", "SynchronizeAlert", in_the_list),
        ("System", "SynchronizeState", in_the_older_list),
    )
    if (namespace, name) in profile.directives
    for field in profile.directives[namespace, name].fields
    if field.path != IN_A_LIST.removesuffix(".")
]


@pytest.mark.parametrize(("profile", "sets", "path"), ROWS)
def test_field(profile: Profile, sets: Set, path: str) -> None:
    FIELDS[path](Speaker(profile), sets)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_a_type_that_no_version_knows(profile: Profile) -> None:
    """A new kind of alert rings as an alarm in the version that says so; the others refuse it."""
    speaker = Speaker(profile)
    wanted = msgspec.json.decode(speaker.codec.encode_directive(Directive(message=a_reminder(), message_id="m")))
    wanted["directive"]["payload"]["type"] = "GONG"
    if profile is TVS_2020:
        speaker.told(msgspec.json.encode(wanted))
        assert rings_at(speaker).kind == "ALARM"
    else:
        with pytest.raises(InvalidMessage, match=r"GONG.* is none of"):
            speaker.told(msgspec.json.encode(wanted))


# A day in each version's own JSON.

HAPPENINGS: dict[str, Callable[[Speaker, str], object]] = {
    "<<": lambda speaker, json: speaker.told(json.encode()),
    "at": lambda speaker, time: speaker.at(time),
    "connected": lambda speaker, _: speaker << Connected(),
    "played": lambda speaker, _: speaker << PlaybackEnded(next(iter(speaker.disk))),
    "stop": lambda speaker, _: speaker << StopPressed(),
    "talk": lambda speaker, _: speaker << OtherAudio(in_front=True),
}


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_conversation(profile: Profile) -> None:
    """Line by line: ``<<`` is said to the speaker, ``>>`` by it; the other lines are what happens."""
    speaker = Speaker(profile)
    lines = (CONVERSATIONS / f"{profile.name}.txt").read_text().splitlines()
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == ">>":
            assert msgspec.json.decode(speaker.sent.pop(0)) == msgspec.json.decode(rest)
        else:
            assert not speaker.sent, line
            HAPPENINGS[word](speaker.silently(), rest)
    assert not speaker.sent
