"""System, what a device reports of itself and is asked for: inactivity, software, exceptions, another endpoint."""

import json

from bellwire.conformance.case import Case, Level, Side, expect
from bellwire.conformance.cases.event_rows import Run, has
from bellwire.conformance.heard import Json
from bellwire.conformance.rows import check_rows
from bellwire.conformance.stands import CloudStand, DeviceStand

_INACTIVE, _SOFTWARE, _EXCEPTION = "System.UserInactivityReport", "System.SoftwareInfo", "System.ExceptionEncountered"
_HAS = has(_INACTIVE)
_AN_ERROR: Json = {"type": "INTERNAL_ERROR", "message": "no room"}
_GOOD_EXCEPTION: Json = {"unparsedDirective": '{"directive":{}}', "error": _AN_ERROR}


def _taken(name: str, payload: Json, status: int | None = None) -> Run:
    async def run(at: CloudStand) -> None:
        await at.device.is_online()
        answer = await at.device.says(name, payload)
        at.takes(answer)
        if status is not None:
            expect((answer.status, answer.body) == (status, b""), f"{status} and nothing more", answer)

    return run


def _refused(name: str, payload: Json) -> Run:
    async def run(at: CloudStand) -> None:
        await at.device.is_online()
        at.refuses(await at.device.says(name, payload), 400)

    return run


async def _reset_said(at: CloudStand) -> None:
    await at.adds()
    await at.device.heard.take("System.ResetUserInactivity")


async def _asked_for(at: CloudStand) -> None:
    await at.device.is_online()
    await at.owner.software()
    heard = await at.device.heard.take("System.ReportSoftwareInfo")
    expect(heard.payload == {}, "an empty payload", heard.payload)
    expect(heard.header.get("messageId"), "a messageId", heard.header)


async def _tells_software(at: DeviceStand) -> None:
    await at.cloud.says("System.ReportSoftwareInfo")
    heard = await at.cloud.heard.take(_SOFTWARE)
    check_rows(at.profile.events["System", "SoftwareInfo"], heard.payload)
    expect(heard.header.get("messageId"), "a messageId", heard.header)


async def _tells_again(at: DeviceStand) -> None:
    at.cloud.answers.append((_SOFTWARE, 500))
    await at.cloud.says("System.ReportSoftwareInfo")
    await at.cloud.heard.take(_SOFTWARE)
    await at.cloud.heard.take(_SOFTWARE, within=10.0)


async def _told_once(at: DeviceStand) -> None:
    """After a version was taken, a new connection alone is no reason to tell it again."""
    await at.cloud.says("System.ReportSoftwareInfo")
    await at.cloud.heard.take(_SOFTWARE)
    at.cloud.cuts()
    await at.cloud.is_online()
    await at.cloud.heard.take("System.SynchronizeState")
    await at.cloud.heard.none(_SOFTWARE, within=1.0)


async def _takes_reset(at: DeviceStand) -> None:
    await at.cloud.says("System.ResetUserInactivity")
    await at.sets()
    await at.cloud.heard.none(_EXCEPTION, within=0.3)


async def _moves(at: DeviceStand) -> None:
    """To where it is already: nothing happens."""
    await at.cloud.says("System.SetEndpoint", {"endpoint": at.cloud.url})
    await at.sets()
    await at.cloud.heard.none(_EXCEPTION, within=0.3)


async def _endpoint_refused(at: DeviceStand) -> None:
    await _gives_back(at, "System.SetEndpoint", {})


async def _unknown_name(at: DeviceStand) -> None:
    await _gives_back(at, "Alerts.FlashLights", {"color": "amber"})


async def _malformed(at: DeviceStand) -> None:
    payload = {key: value for key, value in at.alert().items() if key != "scheduledTime"}
    await _gives_back(at, "Alerts.SetAlert", payload)


async def _gives_back(at: DeviceStand, name: str, payload: Json) -> None:
    directive = at.cloud.worded(name, payload)
    await at.cloud.is_online()
    await at.cloud.says_raw(directive)
    heard = await at.cloud.heard.take(_EXCEPTION)
    check_rows(at.profile.events["System", "ExceptionEncountered"], heard.payload)
    expect(heard.payload["error"]["type"] == "UNEXPECTED_INFORMATION_RECEIVED", "that type", heard.payload)
    expect(heard.state() is not None, "all its states in the context", f"{heard.context!r:.300}")
    given = heard.payload["unparsedDirective"]
    expect(_same(given, directive), "the directive as it came", f"{given[:300]!r}")


def _same(given: str, directive: bytes) -> bool:
    try:
        return bool(json.loads(given) == json.loads(directive))
    except ValueError:
        return False


async def _no_json(at: DeviceStand) -> None:
    await at.cloud.says_raw(b"this is no JSON")
    heard = await at.cloud.heard.take(_EXCEPTION)
    given = heard.payload.get("unparsedDirective")
    expect(given == "this is no JSON", "the directive as it came", f"{given!r}")


_VALID, _INVALID = ("123", "8701", "20170207"), ("50.3", "tvs-123.4x", "tsk.201-(1.23.4-test)", "0", "4294967296", "")

CASES = (
    *(
        Case(
            f"system/UserInactivityReport/{number}",
            f"takes {seconds} seconds of inactivity",
            Side.CLOUD,
            _taken(_INACTIVE, {"inactiveTimeInSeconds": seconds}),
            ("UserInactivityReport/inactiveTimeInSeconds", "UserInactivityReport/multiple"),
            applies=_HAS,
        )
        for number, seconds in enumerate((3600, 14400), 1)
    ),
    *(
        Case(
            f"system/UserInactivityReport/{number}",
            f"refuses {json.dumps(seconds)} as seconds of inactivity",
            Side.CLOUD,
            _refused(_INACTIVE, {"inactiveTimeInSeconds": seconds}),
            ("UserInactivityReport/inactiveTimeInSeconds", "UserInactivityReport/multiple"),
            applies=_HAS,
            refuses=True,
        )
        for number, seconds in enumerate((3601, 0, -3600, "3600", None), 3)
    ),
    Case(
        "system/UserInactivityReport/8",
        "takes the report without a context",
        Side.CLOUD,
        _taken(_INACTIVE, {"inactiveTimeInSeconds": 7200}),
        ("UserInactivityReport/messageId",),
        applies=_HAS,
    ),
    Case(
        "system/ResetUserInactivity/1",
        "says ResetUserInactivity when the owner does something with the account",
        Side.CLOUD,
        _reset_said,
        ("ResetUserInactivity/trigger", "ResetUserInactivity/messageId"),
        applies=_HAS,
    ),
    Case(
        "system/ResetUserInactivity/2",
        "carries ResetUserInactivity out without a word",
        Side.DEVICE,
        _takes_reset,
        ("ResetUserInactivity/messageId",),
        applies=_HAS,
    ),
    Case(
        "system/SetEndpoint/1",
        "stays where it is when SetEndpoint names its present cloud",
        Side.DEVICE,
        _moves,
        ("SetEndpoint/endpoint", "SetEndpoint/obeys", "SetEndpoint/messageId"),
        applies=_HAS,
    ),
    Case(
        "system/SetEndpoint/2",
        "gives a SetEndpoint without an endpoint back",
        Side.DEVICE,
        _endpoint_refused,
        ("SetEndpoint/endpoint", "ExceptionEncountered/sent"),
        applies=_HAS,
        refuses=True,
    ),
    *(
        Case(
            f"system/SoftwareInfo/{number}",
            f'takes the firmware version "{version}", with 204 and no body',
            Side.CLOUD,
            _taken(_SOFTWARE, {"firmwareVersion": version}, 204),
            ("SoftwareInfo/firmwareVersion", "SoftwareInfo/done", "SoftwareInfo/messageId"),
            applies=_HAS,
        )
        for number, version in enumerate(_VALID, 1)
    ),
    *(
        Case(
            f"system/SoftwareInfo/{number}",
            f'refuses the firmware version "{version}" with 400',
            Side.CLOUD,
            _refused(_SOFTWARE, {"firmwareVersion": version}),
            ("SoftwareInfo/firmwareVersion", "SoftwareInfo/invalid", "SoftwareInfo/zero"),
            applies=_HAS,
            refuses=True,
        )
        for number, version in enumerate(_INVALID, 4)
    ),
    Case(
        "system/SoftwareInfo/10",
        "refuses a firmware version that is a number with 400",
        Side.CLOUD,
        _refused(_SOFTWARE, {"firmwareVersion": 123}),
        ("SoftwareInfo/firmwareVersion",),
        applies=_HAS,
        refuses=True,
    ),
    Case(
        "system/SoftwareInfo/11",
        "tells its software when it is asked",
        Side.DEVICE,
        _tells_software,
        ("SoftwareInfo/asked", "SoftwareInfo/firmwareVersion", "SoftwareInfo/messageId"),
        applies=_HAS,
    ),
    Case(
        "system/SoftwareInfo/12",
        "tells it again after 500",
        Side.DEVICE,
        _tells_again,
        ("practice/retry",),
        Level.SHOULD,
        _HAS,
    ),
    Case(
        "system/SoftwareInfo/13",
        "does not tell a version again that was taken, on each connection",
        Side.DEVICE,
        _told_once,
        ("SoftwareInfo/first",),
        Level.SHOULD,
        _HAS,
    ),
    Case(
        "system/ReportSoftwareInfo/1",
        "asks for the software with ReportSoftwareInfo when the owner wants to know",
        Side.CLOUD,
        _asked_for,
        ("ReportSoftwareInfo/messageId",),
        applies=_HAS,
    ),
    Case(
        "system/ReportSoftwareInfo/2",
        "answers ReportSoftwareInfo with SoftwareInfo",
        Side.DEVICE,
        _tells_software,
        ("ReportSoftwareInfo/obeys",),
        applies=_HAS,
    ),
    Case(
        "system/ExceptionEncountered/1",
        "takes ExceptionEncountered",
        Side.CLOUD,
        _taken(_EXCEPTION, _GOOD_EXCEPTION),
        (
            "ExceptionEncountered/messageId",
            "ExceptionEncountered/unparsedDirective",
            "ExceptionEncountered/error",
            "ExceptionEncountered/error.type",
            "ExceptionEncountered/error.message",
        ),
        applies=_HAS,
    ),
    *(
        Case(
            f"system/ExceptionEncountered/{number}",
            f"refuses ExceptionEncountered {how}",
            Side.CLOUD,
            _refused(_EXCEPTION, payload),
            (f"ExceptionEncountered/{field}",),
            applies=_HAS,
            refuses=True,
        )
        for number, (how, field, payload) in enumerate(
            (
                ("without unparsedDirective", "unparsedDirective", {"error": _AN_ERROR}),
                (
                    "whose unparsedDirective is no string",
                    "unparsedDirective",
                    {**_GOOD_EXCEPTION, "unparsedDirective": {}},
                ),
                ("without error", "error", {"unparsedDirective": "{}"}),
                ("without error.type", "error.type", {**_GOOD_EXCEPTION, "error": {"message": "no room"}}),
                ("without error.message", "error.message", {**_GOOD_EXCEPTION, "error": {"type": "INTERNAL_ERROR"}}),
            ),
            2,
        )
    ),
    Case(
        "system/ExceptionEncountered/7",
        "gives a directive back whose name it does not know",
        Side.DEVICE,
        _unknown_name,
        ("ExceptionEncountered/sent", "ExceptionEncountered/unparsedDirective", "ExceptionEncountered/context"),
        applies=_HAS,
        refuses=True,
    ),
    Case(
        "system/ExceptionEncountered/8",
        "gives a directive back whose payload is not as it should be",
        Side.DEVICE,
        _malformed,
        ("ExceptionEncountered/sent", "ExceptionEncountered/unexpected", "ExceptionEncountered/error.type"),
        applies=_HAS,
        refuses=True,
    ),
    Case(
        "system/ExceptionEncountered/9",
        "gives a directive back that is no JSON",
        Side.DEVICE,
        _no_json,
        ("ExceptionEncountered/unexpected", "ExceptionEncountered/error.message"),
        applies=_HAS,
        refuses=True,
    ),
)
