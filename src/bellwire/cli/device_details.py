"""`bellwire device show|exceptions|software|volume|rename`: one device.

It knows the command line and the words in which a device is shown; the cloud, or its database, knows the device.
"""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from bellwire.cli.asking import AccountToken, Url, asked
from bellwire.cli.options import AccountName, Authority, CloudData, Json
from bellwire.cli.output import local_time, put_json, put_pairs, put_table, say

DeviceId = Annotated[str, typer.Argument(metavar="DEVICE_ID", help="As `bellwire device list` shows it.")]
PATIENCE = 10.0
"""Seconds for a device to answer what it is asked."""
_BETWEEN_LOOKS = 0.1
_VOLUME = re.compile(r"(?P<sign>[+-]?)(?P<number>\d{1,3})", re.ASCII)
_SHOWN = 200
"""Characters of a state or a directive in a table."""


def show(
    *,
    device_id: DeviceId,
    data: CloudData,
    account: AccountName = None,
    url: Url = None,
    ca: Authority = None,
    token: AccountToken = None,
    json: Json = False,
) -> None:
    """Show all that is known of a device. The cloud on this machine need not run."""
    if _from_rows(data, url):
        from bellwire.cli import records

        with records.opened(data) as store:
            device = records.detail_of_device(store, records.account_of(store, account).account_id, device_id)
    else:
        with asked(data, account, url, ca, token) as api:
            device = api.call("GET", "devices", device_id)
    if json:
        put_json(device)
    else:
        put_pairs(_told(device))


def exceptions(
    *,
    device_id: DeviceId,
    data: CloudData,
    account: AccountName = None,
    url: Url = None,
    ca: Authority = None,
    token: AccountToken = None,
    json: Json = False,
) -> None:
    """List the directives that a device could not carry out, the newest first. The cloud here need not run."""
    if _from_rows(data, url):
        from bellwire.cli import records

        with records.opened(data) as store:
            found = records.exceptions_of_device(store, records.account_of(store, account).account_id, device_id)
    else:
        with asked(data, account, url, ca, token) as api:
            found = api.all("devices", device_id, "exceptions")
    if json:
        put_json(found)
    elif found:
        head = ("when", "directive", "its messageId", "type", "what the device says", "as it came back")
        put_table(head, map(_row, found))
    else:
        say("none: it has carried out all that it was told, or its version of the protocol does not tell")


def software(
    *,
    device_id: DeviceId,
    data: CloudData,
    account: AccountName = None,
    url: Url = None,
    ca: Authority = None,
    token: AccountToken = None,
    json: Json = False,
) -> None:
    """Ask a device which software it runs, and show what it says. The cloud must run."""
    with asked(data, account, url, ca, token) as api:
        before = api.call("GET", "devices", device_id)["software"]
        ordered = api.call("POST", "devices", device_id, "software")
        answer, deadline = before, time.monotonic() + PATIENCE
        while ordered["connected"] and answer == before and time.monotonic() < deadline:
            time.sleep(_BETWEEN_LOOKS)
            answer = api.call("GET", "devices", device_id)["software"]
    is_news = answer != before
    if json:
        put_json({"software": answer, "answered": is_news, "until": ordered["until"]})
        return
    if not is_news:
        why = "has not answered yet" if ordered["connected"] else "is not connected"
        say(f"it {why}; the question waits until {local_time(ordered['until'])}")
    say(f"software {_software(answer)}" if answer else "it has never said which software it runs")


def volume(
    *,
    device_id: DeviceId,
    loud: Annotated[
        str, typer.Argument(metavar="VOLUME", help="From 0 to 100; or +10, -10: so much louder or softer.")
    ],
    data: CloudData,
    account: AccountName = None,
    url: Url = None,
    ca: Authority = None,
    token: AccountToken = None,
    json: Json = False,
) -> None:
    """Set how loud alerts ring on a device. The cloud must run."""
    found = _VOLUME.fullmatch(loud)
    if found is None or int(found["number"]) > 100:
        raise typer.BadParameter(f"{loud!r} is not a volume; give 0 to 100, or a change like +10 or -10")
    wish = {"change": int(loud)} if found["sign"] else {"volume": int(loud)}
    with asked(data, account, url, ca, token) as api:
        ordered = api.call("POST", "devices", device_id, "volume", body=wish)
    if json:
        put_json(ordered)
    elif ordered["connected"]:
        say(f"device {device_id} is told: volume {loud}")
    else:
        say(f"device {device_id} is not connected; it is told if it connects until {local_time(ordered['until'])}")


def rename(
    *,
    device_id: DeviceId,
    name: Annotated[str, typer.Argument(help="What you call it from now on.")],
    data: CloudData,
    account: AccountName = None,
    url: Url = None,
    ca: Authority = None,
    token: AccountToken = None,
    json: Json = False,
) -> None:
    """Call a device otherwise. The cloud on this machine need not run."""
    if _from_rows(data, url):
        from bellwire.cli import records

        with records.opened(data) as store:
            name = records.rename(store, records.account_of(store, account).account_id, device_id, name)
    else:
        with asked(data, account, url, ca, token) as api:
            name = api.call("PATCH", "devices", device_id, body={"name": name})["name"]
    if json:
        put_json({"device_id": device_id, "name": name})
    else:
        say(f"device {device_id} is called {name}")


def _from_rows(data: Path, url: str | None) -> bool:
    from bellwire.cli.account_api import runs

    return url is None and not runs(data)


# Words


def _told(device: dict[str, Any]) -> Iterator[tuple[str, str]]:
    from bellwire.protocol.messages.alerts import SetVolume
    from bellwire.protocol.messages.system import ExceptionEncountered, SoftwareInfo, UserInactivityReport
    from bellwire.protocol.profiles import PROFILES

    profile = PROFILES.get(device["profile"])

    def unless_said(message: type[Any], otherwise: str) -> str:
        if profile is not None and not profile.has(message):
            return f"not told: {device['profile']} has no {message.__name__}"
        return otherwise

    connected = {True: "connected", False: "not connected", None: "the cloud is not running"}[device["connected"]]
    yield "name", device["name"]
    yield "id", device["device_id"]
    yield "speaks", device["profile"]
    yield "model", device["model"] or "not told"
    yield "now", connected
    yield "last seen", local_time(device["last_seen_at"]) if device["last_seen_at"] else "never connected"
    yield "added", local_time(device["added_at"])
    if device["software"]:
        yield "software", _software(device["software"])
    else:
        ask = f"not told yet; ask with: bellwire device software {device['device_id']}"
        yield "software", unless_said(SoftwareInfo, ask)
    yield "unused", _inactivity(device) or unless_said(UserInactivityReport, "no: it has not said that nobody uses it")
    yield "volume", _volume(device) or unless_said(SetVolume, "not told yet")
    yield "region", _region(device)
    yield "drift", _drift(device["drift"])
    yield from _headers(device["headers"])
    yield from _components(device["components"])
    yield from _exceptions(device, unless_said(ExceptionEncountered, "none"))


def _software(said: dict[str, Any]) -> str:
    return f"{said['version']}, told {local_time(said['reported_at'])}"


def _inactivity(device: dict[str, Any]) -> str | None:
    said = device["inactivity"]
    if said is None:
        return None
    hours = said["seconds"] // 3600
    since = f", since {local_time(said['since'])}" if said["since"] else ""
    return f"for {hours} h{since}, told {local_time(said['reported_at'])}"


def _volume(device: dict[str, Any]) -> str | None:
    said = device["volume"]
    return f"{said['volume']} of 100, told {local_time(said['reported_at'])}" if said else None


def _region(device: dict[str, Any]) -> str:
    region = device["region"]
    country = region["country"] or "country not known"
    if region["endpoint"] and not region["movable"]:
        return f"{country}; {region['endpoint']} serves it, but {device['profile']} has no SetEndpoint: it stays here"
    if region["endpoint"]:
        return f"{country}; {region['endpoint']} serves it, and it is told to go there"
    if device["connected"] is None:
        return f"{country}; a running cloud knows who serves it"
    can = "" if region["movable"] else f"; it cannot be moved, {device['profile']} has no SetEndpoint"
    return f"{country}; served here{can}"


def _drift(drift: dict[str, Any]) -> str:
    if not drift["times"]:
        return "none: its alerts were always as it had said"
    times = "once" if drift["times"] == 1 else f"{drift['times']} times"
    return f"{times} an alert was not there as it had said, the last time {local_time(drift['last_at'])}; all set right"


def _headers(headers: dict[str, Any] | None) -> Iterator[tuple[str, str]]:
    if headers is None:
        yield "headers", "none yet: it opened no downchannel"
        return
    yield "agent", headers["agent"] or "not told"
    for key, value in headers["details"].items():
        yield "", f"{key}: {value}"
    if headers["tags"]:
        yield "tags", ", ".join(headers["tags"])
    for warning in headers["warnings"]:
        yield "warning", warning


def _components(components: dict[str, Any] | None) -> Iterator[tuple[str, str]]:
    if components is None or not components["states"]:
        yield "components", "no states told"
        return
    yield "components", f"told {local_time(components['reported_at'])}"
    for state in components["states"]:
        header = state["header"]
        yield "", f"{header['namespace']}.{header['name']} {_one_line_json(state['payload'])}"
    if components["left_out"]:
        yield "", f"and {components['left_out']} more, for which there was no room"


def _exceptions(device: dict[str, Any], none: str) -> Iterator[tuple[str, str]]:
    found = device["exceptions"]
    if not found:
        yield "exceptions", none
        return
    yield "exceptions", f"the last {len(found)}; all of them: bellwire device exceptions {device['device_id']}"
    for each in found:
        name = each["directive_name"] or "a directive that cannot be read"
        yield "", f"{local_time(each['at'])} {name}: {each['type']}, {_short(each['message'])}"


def _row(exception: dict[str, Any]) -> tuple[str, ...]:
    return (
        local_time(exception["at"]),
        exception["directive_name"] or "",
        exception["message_id"] or "",
        exception["type"],
        _short(exception["message"]),
        _short(exception["directive"]),
    )


def _one_line_json(value: object) -> str:
    import msgspec

    return _short(msgspec.json.encode(value).decode())


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def add_to(app: typer.Typer) -> None:
    """Make these commands of `bellwire device`."""
    device = "4f6c0f5e-0d0f-4c43-9d57-0c5f8f0c1a11"
    app.command(epilog=f"Example: bellwire device show {device}")(show)
    app.command(epilog=f"Example: bellwire device exceptions {device}")(exceptions)
    app.command(epilog=f"Example: bellwire device software {device}")(software)
    # Not an option: the volume -10.
    signed = {"ignore_unknown_options": True}
    app.command(epilog=f"Example: bellwire device volume {device} +10", context_settings=signed)(volume)
    app.command(epilog=f"Example: bellwire device rename {device} kitchen")(rename)
