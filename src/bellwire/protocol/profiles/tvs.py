"""Tencent Xiaowei TVS, which is AVS v20160207 on the wire, row by row of its documents."""

from collections.abc import Mapping
from datetime import UTC, datetime

from bellwire.protocol.messages import alerts, context, system
from bellwire.protocol.profiles.describing import kept, read_pairs
from bellwire.protocol.profiles.own import OWN_EVENTS
from bellwire.protocol.profiles.profile import (
    AssetFailure,
    Authorization,
    Context,
    Described,
    ErrorForm,
    Field,
    Form,
    Offline,
    Presence,
    Product,
    Profile,
    Rule,
    SeveralAtOnce,
    TokenForm,
    UnknownDirective,
    by_key,
)

_SYSTEM = "tvs-system-2020"
_ALERTS = "protocol facts 2, TVS 2018-2020 (AVS v20160207 Alerts)"
_HOUR = 3600
_MOST_UNSIGNED = 2**32 - 1


def _format_time(instant: datetime) -> str:
    """In UTC, with the offset as +0000: clients of this shape read no other form."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def _token_of(authorization: str) -> str | None:
    """``Bearer TOKEN`` or ``TOKENTYPE Altz|TOKEN``."""
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "tokentype":
        kind, _, rest = rest.strip().partition("|")
        return rest.strip() or None if kind.lower() == "altz" else None
    return rest.strip() or None if scheme.lower() == "bearer" else None


def _describe(headers: Mapping[str, str]) -> Described:
    """Q-UA2, which wins over Q-UA: ``KEY=value&KEY=value``; TvsSettings as it came."""
    name = "Q-UA2" if headers.get("q-ua2", "").strip() else "Q-UA"
    agent, agent_cut = kept(name, headers.get(name.lower(), ""))
    settings, settings_cut = kept("TvsSettings", headers.get("tvssettings", ""))
    read = read_pairs(name, agent.split("&"))
    details = {**read.details, "TvsSettings": settings} if settings else read.details
    unsaid = () if agent else ("neither Q-UA2 nor Q-UA was sent: it cannot be told what the device is",)
    warnings = (*unsaid, *agent_cut, *read.warnings, *settings_cut)
    return Described(agent or kept("User-Agent", headers.get("user-agent", ""))[0], details, (), warnings)


def _introduce(product: Product) -> Mapping[str, str]:
    """Q-UA2: its form (QV), the system (PL), the product (PR), its maker (PP), its version (PPVN), the hardware (MO);
    User-Agent: ``Maker/Product/1.2.3 (OS;HW)``.
    """
    said = {
        "QV": "3",
        "PL": product.os,
        "PR": product.product,
        "PP": product.maker,
        "PPVN": product.version,
        "MO": product.hardware,
    }
    return {"user-agent": product.agent, "q-ua2": "&".join(f"{key}={value}" for key, value in said.items())}


_CODES = {
    400: "INVALID_REQUEST_EXCEPTION",
    403: "UNAUTHORIZED_REQUEST_EXCEPTION",
    429: "THROTTLING_EXCEPTION",
}


def _error_code(status: int) -> str:
    if status in _CODES:
        return _CODES[status]
    return "INTERNAL_SERVICE_EXCEPTION" if status >= 500 else _CODES[400]


def _is_firmware_version(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 20 and 0 < int(text) <= _MOST_UNSIGNED


_FIRMWARE_VERSION = Rule('a positive number of 32 bits in decimal digits, such as "8701"', _is_firmware_version)
_HOURS = Rule(f"a multiple of {_HOUR}", lambda seconds: seconds > 0 and seconds % _HOUR == 0)
_VOLUME = Rule("between 0 and 100", lambda volume: 0 <= volume <= 100)
_CHANGE_OF_VOLUME = Rule("between -100 and 100", lambda volume: -100 <= volume <= 100)
_TEXT = Rule("a string", lambda code: isinstance(code, str))

_TYPES = ("ALARM", "REMINDER", "TIMER")
_TYPE = Field("type", one_of=_TYPES, otherwise="ALARM")
_TOKEN = (Field("token"),)
_TOKENS = (Field("tokens[]", "string array"),)
_ALERTS_STATE = tuple(
    row
    for which in ("allAlerts[]", "activeAlerts[]")
    for row in (
        Field(which, "object array"),
        Field(f"{which}.token"),
        Field(f"{which}.type", one_of=_TYPES, otherwise="ALARM"),
        Field(f"{which}.scheduledTime", is_time=True),
    )
)
_OPTIONAL = Presence.OPTIONAL
_SET_ALERT = (
    Field("token"),
    _TYPE,
    Field("scheduledTime", is_time=True),
    Field("assets[]", "object array", _OPTIONAL),
    Field("assets[].assetId"),
    Field("assets[].url"),
    Field("assetPlayOrder[]", "string array", _OPTIONAL),
    Field("backgroundAlertAsset", presence=_OPTIONAL),
    Field("loopCount", "long", _OPTIONAL),
    Field("loopPauseInMilliSeconds", "long", _OPTIONAL),
)

TVS_2020 = Profile(
    name="tvs-2020",
    title="Tencent Xiaowei TVS, System of the Chinese guide of 2020, Alerts as AVS v20160207",
    downchannel_path="/v20160207/directives",
    events_path="/v20160207/events",
    ping_path="/ping",
    authorization=Authorization("/auth/o2/token", TokenForm.JSON),
    token_of=_token_of,
    describe=_describe,
    introduce=_introduce,
    events=by_key(
        *(
            Form(message, _TOKEN, f"{_ALERTS}, {message.__name__}")
            for message in (
                alerts.AlertStarted,
                alerts.AlertStopped,
                alerts.AlertEnteredForeground,
                alerts.AlertEnteredBackground,
                alerts.SetAlertSucceeded,
                alerts.SetAlertFailed,
                alerts.DeleteAlertSucceeded,
                alerts.DeleteAlertFailed,
            )
        ),
        Form(alerts.DeleteAlertsSucceeded, _TOKENS, f"{_ALERTS}, DeleteAlertsSucceeded"),
        Form(alerts.DeleteAlertsFailed, _TOKENS, f"{_ALERTS}, DeleteAlertsFailed"),
        Form(alerts.VolumeChanged, (Field("volume", "long", rule=_VOLUME),), f"{_ALERTS}, VolumeChanged"),
        Form(system.SynchronizeState, (), f"{_SYSTEM}, 1 SynchronizeState"),
        Form(
            system.UserInactivityReport,
            (Field("inactiveTimeInSeconds", "long", rule=_HOURS),),
            f"{_SYSTEM}, 2 UserInactivityReport",
            Context.NONE,
        ),
        Form(
            system.SoftwareInfo,
            (Field("firmwareVersion", rule=_FIRMWARE_VERSION),),
            f"{_SYSTEM}, 5 SoftwareInfo",
            Context.NONE,
        ),
        Form(
            system.ExceptionEncountered,
            (
                Field("unparsedDirective"),
                Field("error", "object"),
                Field("error.type", one_of=(system.UNEXPECTED, system.INTERNAL), otherwise=system.INTERNAL),
                Field("error.message"),
            ),
            f"{_SYSTEM}, 7 ExceptionEncountered",
        ),
    ),
    directives=by_key(
        Form(alerts.SetAlert, _SET_ALERT, f"{_ALERTS}, SetAlert"),
        Form(alerts.DeleteAlert, _TOKEN, f"{_ALERTS}, DeleteAlert"),
        Form(alerts.DeleteAlerts, _TOKENS, f"{_ALERTS}, DeleteAlerts"),
        Form(alerts.SetVolume, (Field("volume", "long", rule=_VOLUME),), f"{_ALERTS}, SetVolume"),
        Form(alerts.AdjustVolume, (Field("volume", "long", rule=_CHANGE_OF_VOLUME),), f"{_ALERTS}, AdjustVolume"),
        Form(system.ResetUserInactivity, (), f"{_SYSTEM}, 3 ResetUserInactivity"),
        Form(system.SetEndpoint, (Field("endpoint"),), f"{_SYSTEM}, 4 SetEndpoint"),
        Form(system.ReportSoftwareInfo, (), f"{_SYSTEM}, 6 ReportSoftwareInfo"),
        Form(system.Exception, (Field("code", rule=_TEXT), Field("description")), "protocol facts 1"),
    ),
    context=by_key(Form(context.AlertsState, _ALERTS_STATE, "protocol facts 2, Context")),
    own_events=OWN_EVENTS,
    greeting=None,
    needs_downchannel=False,
    error_form=ErrorForm.BARE,
    error_code=_error_code,
    statuses={401: 403, 413: 400, 503: 500},
    format_time=_format_time,
    bell_url="",
    silencing=alerts.DeleteAlert,
    stopping_removes=True,
    stop_asks_first=False,
    delete_request=None,
    sync_request=system.SynchronizeState,
    sync_replies={system.SynchronizeState: None},
    several_at_once=SeveralAtOnce.QUEUE,
    asset_failure=AssetFailure.DEFAULT_SOUND,
    offline=Offline.KEEP,
    unknown_directive=UnknownDirective.REPORT,
)
