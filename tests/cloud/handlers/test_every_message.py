"""Every message of every version, as the cloud hears or says it: a row without a conversation fails.

Each conversation has the name of its message, and is held with each version that has it.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest

from bellwire.alerts.lifecycle import Life
from bellwire.protocol.messages.alerts import (
    AdjustVolume,
    AlertEnteredBackground,
    AlertEnteredForeground,
    AlertStarted,
    AlertStopped,
    DeleteAlert,
    DeleteAlertFailed,
    DeleteAlerts,
    DeleteAlertsFailed,
    DeleteAlertsSucceeded,
    DeleteAlertSucceeded,
    RequestAlertStop,
    RequestDeleteAlert,
    RequestSynchronizeAlert,
    SetAlertFailed,
    SetAlertSucceeded,
    SetVolume,
    StopAlert,
    SynchronizeAlert,
    VolumeChanged,
)
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
from bellwire.protocol.profiles import PROFILES
from bellwire.protocol.profiles.clova import Hello
from bellwire.protocol.profiles.profile import Profile
from tests.cloud.conversation import ELSEWHERE, Talk, alarm, at, talking
from tests.cloud.handlers.house import Speaker
from tests.cloud.running import Cloud, event_body, refusal_of

Conversation = Callable[[Speaker], None]


# Events of namespace Alerts


def hears_set_alert_succeeded(speaker: Speaker) -> None:
    talk, line = speaker.talk, speaker.line
    talk.sets("a", at("07:00"))
    line << alarm("a", at("07:00"))
    line >> speaker.of(SetAlertSucceeded)

    standing = talk.standing(line, "a")
    assert standing is not None
    assert standing.reported.life is Life.SET
    assert standing.reported.scheduled_time == at("07:00")
    talk.passes(minutes=30)
    line << ()


def hears_set_alert_failed(speaker: Speaker) -> None:
    talk, line = speaker.talk, speaker.line
    talk.sets("a", at("07:00"))
    line << alarm("a", at("07:00"))
    line >> speaker.of(SetAlertFailed)

    assert talk.life(line, "a") is Life.FAILED
    line << ()
    talk.passes(minutes=1)
    line << alarm("a", at("07:00"))


def hears_delete_alert_succeeded(speaker: Speaker) -> None:
    talk, line = speaker.holds().talk, speaker.line
    talk.deletes("a")
    line << speaker.of(DeleteAlert)
    speaker.shows() >> speaker.of(DeleteAlertSucceeded)

    assert talk.standing(line, "a") is None
    talk.passes(minutes=30)
    line << ()


def hears_delete_alert_failed(speaker: Speaker) -> None:
    talk, line = speaker.holds().talk, speaker.line
    talk.deletes("a")
    line << speaker.of(DeleteAlert)
    line >> speaker.of(DeleteAlertFailed)

    assert talk.life(line, "a") is Life.SET
    line << ()
    talk.passes(seconds=10)
    line << speaker.of(DeleteAlert)


def hears_alert_started(speaker: Speaker) -> None:
    talk, line = speaker.holds().talk, speaker.line
    talk.now = at("07:00")
    line >> speaker.of(AlertStarted)

    assert talk.life(line, "a") is Life.RINGING
    line << ()
    talk.passes(minutes=45)
    assert talk.sweeps() == 0, "it rings: it is not taken for missed"


def hears_alert_stopped(speaker: Speaker) -> None:
    talk, line = speaker.rings().talk, speaker.line
    if speaker.profile.stopping_removes:
        speaker.shows() >> speaker.of(AlertStopped)
        line << ()
    else:
        speaker.shows(at("07:00")) >> speaker.of(AlertStopped)
        line << speaker.of(DeleteAlert)
        speaker.shows() >> speaker.of(DeleteAlertSucceeded)
        line << ()
    assert talk.alerts() == {}
    assert talk.standing(line, "a") is None


def hears_alert_stopped_of_one_that_recurs(speaker: Speaker) -> None:
    talk, line = speaker.rings(rule="FREQ=DAILY").talk, speaker.line
    left = () if speaker.profile.stopping_removes else (at("07:00"),)
    speaker.shows(*left) >> speaker.of(AlertStopped)

    line << alarm("a", at("07:00", day=21))
    speaker.shows(at("07:00", day=21)) >> speaker.of(SetAlertSucceeded)
    line << ()
    assert talk.alerts() == {"a": at("07:00", day=21)}


def hears_request_alert_stop(speaker: Speaker) -> None:
    talk, line = speaker.rings().talk, speaker.line
    line >> speaker.of(RequestAlertStop)

    line << speaker.of(StopAlert)
    assert talk.life(line, "a") is Life.RINGING, "until it says that it has stopped"
    assert "a" in talk.alerts()


def hears_request_delete_alert(speaker: Speaker) -> None:
    talk, line = speaker.holds().talk, speaker.line
    line >> speaker.of(RequestDeleteAlert)

    line << speaker.of(DeleteAlert)
    assert talk.alerts() == {}


def hears_request_synchronize_alert(speaker: Speaker) -> None:
    talk, line = speaker.talk, speaker.line
    talk.sets("b", at("08:00"))
    talk.sets("a", at("07:00"))
    speaker.shows() >> RequestSynchronizeAlert()

    line << SynchronizeAlert(all_alerts=(alarm("a", at("07:00")), alarm("b", at("08:00"))))
    line << ()


def hears_alert_entered_foreground(speaker: Speaker) -> None:
    """Also where its AlertStarted was lost."""
    talk, line = speaker.holds().talk, speaker.line
    talk.now = at("07:00")
    line >> speaker.of(AlertEnteredForeground)

    assert talk.life(line, "a") is Life.RINGING
    line << ()


def hears_alert_entered_background(speaker: Speaker) -> None:
    """It is softer now, and rings still."""
    talk, line = speaker.rings().talk, speaker.line
    line >> speaker.of(AlertEnteredBackground)

    assert talk.life(line, "a") is Life.RINGING
    assert talk.alerts() == {"a": at("07:00")}
    line << ()


def holding_two(speaker: Speaker) -> None:
    """`a` and `b` are on the device, and the account deletes both."""
    talk, line = speaker.talk, speaker.line
    for token in ("a", "b"):
        talk.sets(token, at("07:00"))
        line << alarm(token, at("07:00"))
        line >> speaker.of(SetAlertSucceeded, token)
    talk.deletes("a")
    talk.deletes("b")
    line << DeleteAlerts(tokens=("a", "b"))


def hears_delete_alerts_succeeded(speaker: Speaker) -> None:
    talk, line = speaker.talk, speaker.line
    holding_two(speaker)
    speaker.shows() >> DeleteAlertsSucceeded(tokens=("a", "b"))

    assert talk.standing(line, "a") is talk.standing(line, "b") is None
    talk.passes(minutes=30)
    line << ()


def hears_delete_alerts_failed(speaker: Speaker) -> None:
    """None was deleted; one by one those go that can."""
    talk, line = speaker.talk, speaker.line
    holding_two(speaker)
    line >> DeleteAlertsFailed(tokens=("a", "b"))

    assert talk.life(line, "a") is talk.life(line, "b") is Life.SET
    line << ()
    talk.passes(seconds=10)
    line << (speaker.of(DeleteAlert, "a"), speaker.of(DeleteAlert, "b"))


def hears_volume_changed(speaker: Speaker) -> None:
    talk, line = speaker.talk, speaker.line
    assert talk.known(line).volume is None
    line >> VolumeChanged(volume=40)

    volume = talk.known(line).volume
    assert volume is not None
    assert (volume.volume, volume.reported_at) == (40, talk.now)


# Events of namespace System


def hears_request_synchronize_state(speaker: Speaker) -> None:
    """It is answered with everything, though it shows nothing; by the directive of its own pair."""
    talk, line = speaker.talk, speaker.line
    talk.sets("b", at("08:00"))
    talk.sets("a", at("07:00"))
    line >> RequestSynchronizeState()

    line << SynchronizeState(all_alerts=(alarm("a", at("07:00")), alarm("b", at("08:00"))))
    line << ()


def hears_synchronize_state(speaker: Speaker) -> None:
    """Its context is believed: what it lacks is set, what nobody wants there is deleted."""
    talk, line = speaker.holds().talk, speaker.line
    talk.passes(minutes=1)
    line.shows(alarm("x", at("09:00"))).shows_components(VolumeState=b'{"volume":50}') >> SynchronizeState()

    assert sorted(line.hears(), key=str) == sorted([alarm("a", at("07:00")), speaker.of(DeleteAlert, "x")], key=str)
    components = talk.known(line).components
    assert components is not None
    assert [state["header"]["name"] for state in components.states] == ["VolumeState", "AlertsState"]


def hears_user_inactivity_report(speaker: Speaker) -> None:
    talk, line = speaker.talk, speaker.line
    line >> UserInactivityReport(inactive_time_in_seconds=7200)

    inactivity = talk.known(line).inactivity
    assert inactivity is not None
    assert inactivity.seconds == 7200
    assert inactivity.since == talk.now - timedelta(hours=2)

    line >> UserInactivityReport(inactive_time_in_seconds=3600 * 10**14)

    longer = talk.known(line).inactivity
    assert longer is not None
    assert longer.since is None


def hears_software_info(speaker: Speaker) -> None:
    talk, line = speaker.talk, speaker.line
    for version in ("8701", "8702"):
        line >> SoftwareInfo(firmware_version=version)
        software = talk.known(line).software
        assert software is not None
        assert (software.version, software.reported_at) == (version, talk.now)
        talk.passes(hours=1)


def hears_exception_encountered(speaker: Speaker) -> None:
    talk, line = speaker.talk, speaker.line
    returned = '{"directive":{"header":{"namespace":"Alerts","name":"SetAlert","messageId":"m1"},"payload":{}}}'
    error = Encountered(type="UNEXPECTED_INFORMATION_RECEIVED", message="payload.token: is missing")
    line >> ExceptionEncountered(unparsed_directive=returned, error=error)

    [exception] = talk.known(line).exceptions
    assert (exception.at, exception.type, exception.message) == (talk.now, error.type, error.message)
    assert (exception.directive_name, exception.message_id) == ("Alerts.SetAlert", "m1")
    line << ()


# Directives of namespace Alerts


def says_set_alert(speaker: Speaker) -> None:
    """When the account adds an alert, edits it, and when another version of it is due."""
    talk, line = speaker.talk, speaker.line
    talk.sets("a", at("07:00"))
    line << alarm("a", at("07:00"))
    line >> speaker.of(SetAlertSucceeded)
    talk.moves("a", at("08:00"))

    line << alarm("a", at("08:00"))


def says_delete_alert(speaker: Speaker) -> None:
    talk, line = speaker.holds().talk, speaker.line
    talk.deletes("a")

    line << speaker.of(DeleteAlert)
    line << ()
    talk.passes(seconds=10)
    line << speaker.of(DeleteAlert)


def says_delete_alerts(speaker: Speaker) -> None:
    """Several at once, in one."""
    holding_two(speaker)
    speaker.line << ()


def says_stop_alert(speaker: Speaker) -> None:
    """When it was stopped on another speaker."""
    talk, line = speaker.talk, speaker.line
    talk.sets("a", at("07:00"))
    other = Speaker(talk, speaker.profile, "bedroom").holds()
    speaker.holds()
    talk.now = at("07:00")
    other.starts()
    speaker.starts()
    other.shows(at("07:00")) >> other.of(AlertStopped)

    line << speaker.of(StopAlert)
    speaker.shows(at("07:00")) >> speaker.of(AlertStopped)
    line << speaker.of(DeleteAlert)


def says_synchronize_alert(speaker: Speaker) -> None:
    """With nothing in it, when there is nothing; and what should not be there is deleted besides."""
    speaker.line.shows(alarm("x", at("09:00"))) >> RequestSynchronizeAlert()

    speaker.line << (SynchronizeAlert(all_alerts=()), speaker.of(DeleteAlert, "x"))


def says_set_volume(speaker: Speaker) -> None:
    speaker.talk.orders(speaker.line, SetVolume(volume=60))

    speaker.line << SetVolume(volume=60)
    speaker.line << ()


def says_adjust_volume(speaker: Speaker) -> None:
    speaker.talk.orders(speaker.line, AdjustVolume(volume=-10))
    speaker.talk.orders(speaker.line, AdjustVolume(volume=5))

    speaker.line << (AdjustVolume(volume=-10), AdjustVolume(volume=5))
    speaker.line << ()


# Directives of namespace System


def says_synchronize_state(speaker: Speaker) -> None:
    """It always carries allAlerts, also when there are none."""
    speaker.line >> RequestSynchronizeState()

    speaker.line << SynchronizeState(all_alerts=())


def says_reset_user_inactivity(speaker: Speaker) -> None:
    """Once, however often the user was active before it could be said; not when it is too late."""
    talk, line = speaker.talk, speaker.line
    for _ in range(2):
        talk.orders(line, ResetUserInactivity())
    line << ResetUserInactivity()
    line << ()

    talk.orders(line, ResetUserInactivity())
    talk.passes(hours=1, seconds=1)
    line << ()


def says_set_endpoint(speaker: Speaker) -> None:
    talk, line = speaker.talk, speaker.line
    speaker.shows() >> SynchronizeState()
    line << ()
    talk.lives_in("JP")

    line << SetEndpoint(endpoint=ELSEWHERE)
    line << ()


def says_report_software_info(speaker: Speaker) -> None:
    speaker.talk.orders(speaker.line, ReportSoftwareInfo())

    speaker.line << ReportSoftwareInfo()
    speaker.line << ()


HEARD: dict[str, tuple[Conversation, ...]] = {
    "Alerts.AlertEnteredBackground": (hears_alert_entered_background,),
    "Alerts.AlertEnteredForeground": (hears_alert_entered_foreground,),
    "Alerts.AlertStarted": (hears_alert_started,),
    "Alerts.AlertStopped": (hears_alert_stopped, hears_alert_stopped_of_one_that_recurs),
    "Alerts.DeleteAlertFailed": (hears_delete_alert_failed,),
    "Alerts.DeleteAlertSucceeded": (hears_delete_alert_succeeded,),
    "Alerts.DeleteAlertsFailed": (hears_delete_alerts_failed,),
    "Alerts.DeleteAlertsSucceeded": (hears_delete_alerts_succeeded,),
    "Alerts.RequestAlertStop": (hears_request_alert_stop,),
    "Alerts.RequestDeleteAlert": (hears_request_delete_alert,),
    "Alerts.RequestSynchronizeAlert": (hears_request_synchronize_alert,),
    "Alerts.SetAlertFailed": (hears_set_alert_failed,),
    "Alerts.SetAlertSucceeded": (hears_set_alert_succeeded,),
    "Alerts.VolumeChanged": (hears_volume_changed,),
    "System.ExceptionEncountered": (hears_exception_encountered,),
    "System.RequestSynchronizeState": (hears_request_synchronize_state,),
    "System.SoftwareInfo": (hears_software_info,),
    "System.SynchronizeState": (hears_synchronize_state,),
    "System.UserInactivityReport": (hears_user_inactivity_report,),
}
SAID: dict[str, tuple[Conversation, ...]] = {
    "Alerts.AdjustVolume": (says_adjust_volume,),
    "Alerts.DeleteAlert": (says_delete_alert,),
    "Alerts.DeleteAlerts": (says_delete_alerts,),
    "Alerts.SetAlert": (says_set_alert,),
    "Alerts.SetVolume": (says_set_volume,),
    "Alerts.StopAlert": (says_stop_alert,),
    "Alerts.SynchronizeAlert": (says_synchronize_alert,),
    "System.ReportSoftwareInfo": (says_report_software_info,),
    "System.ResetUserInactivity": (says_reset_user_inactivity,),
    "System.SetEndpoint": (says_set_endpoint,),
    "System.SynchronizeState": (says_synchronize_state,),
}
AT_THE_WIRE = {"Clova.Hello", "System.Exception"}
"""Said by the gateway, and not because of any row."""


def rows() -> list[tuple[str, str, str]]:
    """Every message of every profile: its profile, its direction and its name."""
    return [
        (profile.name, direction, ".".join(key))
        for profile in PROFILES.values()
        for direction, forms in (("event", profile.events), ("directive", profile.directives))
        for key in forms
        if ".".join(key) not in AT_THE_WIRE
    ]


@pytest.mark.parametrize(("profile", "direction", "name"), rows(), ids=["-".join(row) for row in rows()])
def test_a_message(profile: str, direction: str, name: str) -> None:
    for converse in (HEARD if direction == "event" else SAID)[name]:
        with talking() as talk:
            converse(Speaker(talk, PROFILES[profile]))


def test_no_conversation_is_of_a_message_that_no_version_has() -> None:
    names = {(direction, name) for _, direction, name in rows()}
    assert names == {*(("event", name) for name in HEARD), *(("directive", name) for name in SAID)}


each_version = pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)


@each_version
def test_hello_opens_the_downchannels_that_have_it(cloud: Cloud, profile: Profile) -> None:
    speaker = cloud.account().speaker(profile=profile).opens()
    speaker.connection.pings()  # whatever was sent with the opening has come

    has_it = ("Clova", "Hello") in profile.directives
    assert speaker.told == ([Hello()] if has_it else [])


@each_version
def test_an_exception_answers_what_is_refused(cloud: Cloud, profile: Profile) -> None:
    speaker = cloud.account().speaker(profile=profile).opens()
    answer = speaker.posts(event_body(b'{"event":{"header":{"namespace":"Alerts","name":"AlertStarted"}}}'))

    assert answer.status == 400
    assert refusal_of(answer, profile).description == "event.header.messageId: is missing"


def test_a_message_about_an_alert_has_the_fields_of_its_version(talk: Talk) -> None:
    """What the conversations above rely on."""
    worded = [Speaker(talk, profile, name).of(AlertStarted).type for name, profile in PROFILES.items()]
    assert worded == ["ALARM", "ALARM", "ALARM", None]
