"""`bellwire watch`: what happens in an account, as it happens.

It knows the command line, and the sentences in which changes are told; the cloud knows what happens.
"""

import json as json_lines
import time
from typing import TYPE_CHECKING, Any

from bellwire.cli.asking import AccountToken, Url, asked
from bellwire.cli.failure import Failure
from bellwire.cli.options import AccountName, Authority, CloudData, Json
from bellwire.cli.output import hint, local_time, printable, put_json, say, wall_time

if TYPE_CHECKING:
    from bellwire.cli.account_api import AccountApi

EPILOG = "Example: bellwire watch --json"
AGAIN_AFTER = 1.0
"""Seconds until a lost connection is made again."""
RESYNC = "resync"


def watch(
    *,
    data: CloudData,
    account: AccountName = None,
    url: Url = None,
    ca: Authority = None,
    token: AccountToken = None,
    json: Json = False,
) -> None:
    """Show what happens to alerts and devices, and what rings, until Ctrl-C.

    Where the connection is lost it is made again, and what happened meanwhile is told then.
    """
    names, last = Names(), None
    is_lost = False
    while True:
        try:
            with asked(data, account, url, ca, token) as api, api.changes(last) as events:
                if not json:
                    names.read(api)
                if last is None:
                    hint("watching; Ctrl-C ends it")
                is_lost = False
                for event in events:
                    last = event.id
                    if event.kind:
                        _put(event.kind, json_lines.loads(event.data), names, event.id, as_json=json)
        except Failure as failure:
            if last is None:
                raise
            if not is_lost:
                hint(f"{failure}; trying again")
            is_lost = True
        time.sleep(AGAIN_AFTER if is_lost else 0)


def _put(kind: str, told: dict[str, Any], names: "Names", number: str | None, *, as_json: bool) -> None:
    if as_json:
        put_json({"id": number, "event": kind, **told})
        return
    at = local_time(told["at"]) if "at" in told else time.strftime("%Y-%m-%d %H:%M:%S")
    say(printable(f"{at}  {names.sentence(kind, told)}"))


class Names:
    """What alerts and devices are called: of what is gone, too."""

    def __init__(self) -> None:
        self._alerts: dict[str, str] = {}
        self._devices: dict[str, str] = {}

    def read(self, api: "AccountApi") -> None:
        """Learn those that there are now."""
        for alert in api.alerts():
            self._learn({"alert": alert})
        for device in api.devices():
            self._learn({"device": device})

    def sentence(self, kind: str, told: dict[str, Any]) -> str:
        """What happened, in words."""
        self._learn(told)
        alert = self._alerts.get(told.get("token", ""), f"alert {told.get('token')}")
        device = self._devices.get(told.get("device_id", ""), f"device {told.get('device_id')}")
        occurrence = _occurrence(told)
        sentences = {
            "alert.added": f"{alert} was added: {_when(told, occurrence)}",
            "alert.changed": f"{alert} was changed: {_when(told, occurrence)}",
            "alert.moved": f"{alert} rings next at {occurrence}",
            "alert.deleted": f"{alert} is gone",
            "device.added": f"{device} was added",
            "device.changed": f"{device} has changed",
            "device.removed": f"{device} was removed",
            "device.connected": f"{device} is connected",
            "device.disconnected": f"{device} is not connected any more",
            "ring.started": f"{alert} rings on {device}",
            "ring.stopped": f"{alert} has stopped on {device}",
            "ring.missed": f"{alert} of {occurrence} was missed on {device}",
            "cloud.started": "the cloud has started; devices connect again",
            RESYNC: "what happened before is not known any more; list alerts and devices to see how they are",
        }
        return sentences.get(kind, kind)

    def _learn(self, told: dict[str, Any]) -> None:
        alert, device = told.get("alert"), told.get("device")
        if alert:
            kind = alert["kind"].lower()
            self._alerts[alert["token"]] = f'{kind} "{alert["label"]}"' if alert["label"] else f"an {kind}"
        if device:
            self._devices[device["device_id"]] = device["name"]


def _when(told: dict[str, Any], occurrence: str) -> str:
    alert = told.get("alert")
    if alert is None:
        return f"rings at {occurrence}"
    if alert["paused"]:
        return "paused"
    again = f", then {alert['every']}" if alert["every"] else ""
    return f"rings at {wall_time(alert['scheduled_time'], alert['timezone'])}{again}"


def _occurrence(told: dict[str, Any]) -> str:
    """Its time, on the clocks of its alert where that is still there."""
    if "scheduled_time" not in told:
        return ""
    alert = told.get("alert")
    return wall_time(told["scheduled_time"], alert["timezone"]) if alert else local_time(told["scheduled_time"])
