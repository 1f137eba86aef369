"""CLOVA Interface Connect, version by version, row by row of its documents."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bellwire.protocol.messages import Message, alerts, context, system
from bellwire.protocol.messages.alerts import ALERT_TYPES
from bellwire.protocol.profiles.describing import Read, is_semantic_version, kept, read_pairs, read_words
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


class Hello(Message, frozen=True, kw_only=True):
    """The downchannel stands. Directive."""

    namespace = "Clova"


def _format_time(instant: datetime) -> str:
    """YYYY-MM-DDThh:mm:ss±hh:mm, to the second (SetAlert, `scheduledTime`)."""
    return instant.isoformat(timespec="seconds")


def _token_of(authorization: str) -> str | None:
    """``Bearer TOKEN``."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


_AGENT, _TAGS = "User-Agent", "X-Clova-Device-Tags"


def _describe(headers: Mapping[str, str]) -> Described:
    """User-Agent: ``Maker/Product/1.2.3 (OS;HW;key=value)``; X-Clova-Device-Tags: words between commas."""
    agent, agent_cut = kept(_AGENT, headers.get("user-agent", ""))
    tags, tags_cut = kept(_TAGS, headers.get("x-clova-device-tags", ""))
    read = _read_agent(agent)
    words, too_many = read_words(_TAGS, tags)
    return Described(agent, read.details, words, (*agent_cut, *read.warnings, *tags_cut, *too_many))


def _read_agent(agent: str) -> Read:
    """What can be read of an agent, also where it is not all of the form."""
    if not agent:
        return Read({}, (f"{_AGENT} was not sent: it cannot be told what the device is",))
    product, opening, system = agent.partition("(")
    names = [name.strip() for name in product.split("/")]
    parts = [part.strip() for part in system.removesuffix(")").split(";")]
    if len(names) != 3 or not opening or not system.endswith(")") or len(parts) < 2 or not all(names + parts[:2]):
        return Read({}, (f"{_AGENT} {agent!r} is not of the form Maker/Product/1.2.3 (OS;HW;key=value)",))
    more = read_pairs(_AGENT, parts[2:])
    named = dict(zip(("maker", "product", "version", "os", "hardware"), (*names, *parts[:2]), strict=True))
    if is_semantic_version(named["version"]):
        return Read({**more.details, **named}, more.warnings)
    odd = f"{_AGENT}: the version {named['version']!r} is not of the form 1.2.3 (semver.org)"
    return Read({**more.details, **named}, (odd, *more.warnings))


def _introduce(product: Product) -> Mapping[str, str]:
    """User-Agent: ``Maker/Product/1.2.3 (OS;HW)``; X-Clova-Device-Tags, where there are any."""
    tags = ",".join(dict.fromkeys(product.tags))
    return {_AGENT.lower(): product.agent, **({_TAGS.lower(): tags} if tags else {})}


_ONE_ALERT = (Field("token"), Field("type", one_of=ALERT_TYPES))


def _set_alert(with_assets: tuple[str, ...]) -> tuple[Field, ...]:
    conditional = Presence.CONDITIONAL
    return (
        Field("assets[]", "object array", conditional, with_types=with_assets),
        Field("assets[].assetId"),
        Field("assets[].url"),
        Field("assetPlayOrder[]", "string array", conditional, with_types=with_assets),
        Field("label", presence=conditional, with_types=("REMINDER", "ACTIONTIMER")),
        Field("scheduledTime", is_time=True),
        *_ONE_ALERT,
    )


_SET_ALERT_2018 = _set_alert(("REMINDER", "ACTIONTIMER"))
_SET_ALERT_2022 = _set_alert(("REMINDER", "ACTIONTIMER", "TIMER"))


def _all_alerts(set_alert: tuple[Field, ...]) -> tuple[Field, ...]:
    return (
        Field("allAlerts[]", "object array"),
        *(replace(row, path=f"allAlerts[].{row.path}") for row in set_alert),
    )


_ALERTS_STATE = tuple(
    row
    for which in ("allAlerts[]", "activeAlerts[]")
    for row in (
        Field(which, "object array"),
        Field(f"{which}.token"),
        Field(f"{which}.type", one_of=ALERT_TYPES),
        Field(f"{which}.scheduledTime", is_time=True),
    )
)

_NUMBER = Rule("a number", lambda code: isinstance(code, int))


def _alerts_events(document: str) -> tuple[Form, ...]:
    """The events of namespace Alerts that all of these versions have, but for those that ask for the list."""
    messages = (
        alerts.AlertStarted,
        alerts.AlertStopped,
        alerts.DeleteAlertFailed,
        alerts.DeleteAlertSucceeded,
        alerts.RequestAlertStop,
        alerts.SetAlertFailed,
        alerts.SetAlertSucceeded,
    )
    return (
        *(Form(message, _ONE_ALERT, f"{document}, {message.__name__}") for message in messages),
        Form(alerts.RequestSynchronizeAlert, (), f"{document}, RequestSynchronizeAlert"),
    )


def _alerts_directives(document: str, set_alert: tuple[Field, ...]) -> tuple[Form, ...]:
    return (
        Form(Hello, (), "protocol facts 1"),
        Form(alerts.DeleteAlert, _ONE_ALERT, f"{document}, DeleteAlert"),
        Form(alerts.SetAlert, set_alert, f"{document}, SetAlert"),
        Form(alerts.StopAlert, _ONE_ALERT, f"{document}, StopAlert"),
        Form(alerts.SynchronizeAlert, _all_alerts(set_alert), f"{document}, SynchronizeAlert"),
        Form(
            system.Exception,
            (Field("code", "number", rule=_NUMBER), Field("description")),
            "protocol facts 1",
        ),
    )


def _system_directives(document: str, set_alert: tuple[Field, ...]) -> tuple[Form, ...]:
    return (Form(system.SynchronizeState, _all_alerts(set_alert), f"{document}, SynchronizeState"),)


_EN, _JA, _KO = "clova-system-en-2018", "clova-alerts-ja-2019", "clova-alerts-ko-2022"
_ASK_FOR_STATE = Form(system.RequestSynchronizeState, (), f"{_EN}, RequestSynchronizeState", Context.EMPTY)
_STATE = f"{_EN} (deprecated since 2018-02)"

CIC_KO_2022 = Profile(
    name="cic-ko-2022",
    title="CLOVA Interface Connect, Alerts of the Korean guide of 2022",
    downchannel_path="/v1/directives",
    events_path="/v1/events",
    ping_path="/ping",
    authorization=Authorization("/token", TokenForm.QUERY, authorize_path="/authorize"),
    token_of=_token_of,
    describe=_describe,
    introduce=_introduce,
    events=by_key(
        *_alerts_events(_KO),
        Form(alerts.RequestDeleteAlert, _ONE_ALERT, f"{_KO}, RequestDeleteAlert"),
        replace(_ASK_FOR_STATE, source=_STATE),
    ),
    directives=by_key(*_alerts_directives(_KO, _SET_ALERT_2022), *_system_directives(_STATE, _SET_ALERT_2022)),
    context=by_key(Form(context.AlertsState, _ALERTS_STATE, "protocol facts 2, Context")),
    own_events=OWN_EVENTS,
    greeting=Hello(),
    needs_downchannel=True,
    error_form=ErrorForm.DIRECTIVE,
    error_code=lambda status: status,
    format_time=_format_time,
    bell_url="clova://alert/bell/{type}",
    silencing=alerts.StopAlert,
    stopping_removes=False,
    stop_asks_first=True,
    delete_request=alerts.RequestDeleteAlert,
    sync_request=alerts.RequestSynchronizeAlert,
    sync_replies={
        alerts.RequestSynchronizeAlert: alerts.SynchronizeAlert,
        system.RequestSynchronizeState: system.SynchronizeState,
    },
    several_at_once=SeveralAtOnce.CANCEL_OLDER,
    asset_failure=AssetFailure.SKIP,
    offline=Offline.DELETE,
    unknown_directive=UnknownDirective.IGNORE,
    played_once=("ACTIONTIMER",),
)

CIC_JA_2019 = replace(
    CIC_KO_2022,
    name="cic-ja-2019",
    title="CLOVA Interface Connect, Alerts of the Japanese guide of 2019",
    events=by_key(*_alerts_events(_JA), replace(_ASK_FOR_STATE, source=_STATE)),
    directives=by_key(*_alerts_directives(_JA, _SET_ALERT_2018), *_system_directives(_STATE, _SET_ALERT_2018)),
    delete_request=None,
)

CIC_EN_2018 = replace(
    CIC_JA_2019,
    name="cic-en-2018",
    title="CLOVA Interface Connect, System of the English guide of 2018, with the Alerts of its time",
    events=by_key(*_alerts_events("protocol facts 2, CIC 2018-02"), _ASK_FOR_STATE),
    directives=by_key(
        *_alerts_directives("protocol facts 2, CIC 2018-02", _SET_ALERT_2018),
        *_system_directives(_EN, _SET_ALERT_2018),
    ),
    sync_request=system.RequestSynchronizeState,
)
