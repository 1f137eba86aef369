"""CLOVA Interface Connect, version by version, row by row of its documents."""

from datetime import datetime

from bellwire.protocol.messages import Message, alerts, context, system
from bellwire.protocol.messages.alerts import ALERT_TYPES
from bellwire.protocol.profiles.profile import Field, Form, Presence, Profile, SeveralAtOnce, by_key


class Hello(Message, frozen=True, kw_only=True):
    """The downchannel stands. Directive."""

    namespace = "Clova"


def _format_time(instant: datetime) -> str:
    """YYYY-MM-DDThh:mm:ss±hh:mm, to the second (SetAlert, `scheduledTime`)."""
    return instant.isoformat(timespec="seconds")


_ONE_ALERT = (Field("token"), Field("type", one_of=ALERT_TYPES))
_WITH_ASSETS = ("REMINDER", "ACTIONTIMER", "TIMER")
_WITH_LABEL = ("REMINDER", "ACTIONTIMER")

_SET_ALERT_2022 = (
    Field("assets[]", Presence.CONDITIONAL, with_types=_WITH_ASSETS),
    Field("assets[].assetId"),
    Field("assets[].url"),
    Field("assetPlayOrder[]", Presence.CONDITIONAL, with_types=_WITH_ASSETS),
    Field("label", Presence.CONDITIONAL, with_types=_WITH_LABEL),
    Field("scheduledTime", is_time=True),
    *_ONE_ALERT,
)

_ALERTS_STATE = tuple(
    Field(f"{which}[]{field}", one_of=one_of, is_time=is_time)
    for which in ("allAlerts", "activeAlerts")
    for field, one_of, is_time in (
        ("", (), False),
        (".token", (), False),
        (".type", ALERT_TYPES, False),
        (".scheduledTime", (), True),
    )
)

CIC_KO_2022 = Profile(
    name="cic-ko-2022",
    title="CLOVA Interface Connect, Alerts of the Korean guide of 2022",
    downchannel_path="/v1/directives",
    events_path="/v1/events",
    ping_path="/ping",
    events=by_key(
        Form(alerts.AlertStarted, _ONE_ALERT),
        Form(alerts.AlertStopped, _ONE_ALERT),
        Form(alerts.DeleteAlertFailed, _ONE_ALERT),
        Form(alerts.DeleteAlertSucceeded, _ONE_ALERT),
        Form(alerts.RequestAlertStop, _ONE_ALERT),
        Form(alerts.RequestDeleteAlert, _ONE_ALERT),
        Form(alerts.RequestSynchronizeAlert),
        Form(alerts.SetAlertFailed, _ONE_ALERT),
        Form(alerts.SetAlertSucceeded, _ONE_ALERT),
    ),
    directives=by_key(
        Form(Hello),
        Form(alerts.DeleteAlert, _ONE_ALERT),
        Form(alerts.SetAlert, _SET_ALERT_2022),
        Form(alerts.StopAlert, _ONE_ALERT),
        Form(
            alerts.SynchronizeAlert,
            (
                Field("allAlerts[]"),
                *(
                    Field(f"allAlerts[].{row.path}", row.presence, row.one_of, row.with_types, row.is_time)
                    for row in _SET_ALERT_2022
                ),
            ),
        ),
        Form(system.Exception, (Field("code"), Field("description"))),
    ),
    context=by_key(Form(context.AlertsState, _ALERTS_STATE)),
    greeting=Hello(),
    format_time=_format_time,
    bell_url="clova://alert/bell/{type}",
    silencing=alerts.StopAlert,
    stop_asks_first=True,
    delete_asks_first=True,
    sync_request=alerts.RequestSynchronizeAlert,
    sync_reply=alerts.SynchronizeAlert,
    several_at_once=SeveralAtOnce.CANCEL_OLDER,
)
