"""An alert of the account API in words, as commands say and list it. It must not know what was done to it, nor how."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from bellwire.alerts.alert import COUNTED_DOWN
from bellwire.cli.output import put_json, say, wall_time

Which = Annotated[str, typer.Argument(metavar="TOKEN", help="The alert's token, as `bellwire alert list` shows it.")]


def put_alert(alert: dict[str, Any], what: str, *, as_json: bool) -> None:
    """Say what became of an alert, and when and where it rings."""
    if as_json:
        put_json(alert)
        return
    if alert["paused"]:
        rest = f" with {alert['remaining']} left" if alert["remaining"] else ""
        say(f"alert {alert['token']} {what}{rest}: rings no more until: bellwire alert resume {alert['token']}")
        return
    again = f", then {_again(alert)}" if alert["every"] else ""
    devices = len(alert["devices"])
    on = f"{devices} device{'s' * (devices > 1)}" if devices else "no device yet; start one with: bellwire speaker"
    rings = wall_time(alert["scheduled_time"], alert["timezone"])
    say(f"alert {alert['token']} {what}: rings at {rings}{again}, on {on}")


def _again(alert: dict[str, Any]) -> str:
    until = f" until {alert['until'].replace('T', ' ')}" if alert["until"] else ""
    before = f", {_ahead(alert['ahead'])}" if alert["ahead"] and alert["every"] else ""
    return f"{alert['every'] or ''}{until}{before}"


def _ahead(length: str) -> str:
    return f"{length[1:]} after" if length.startswith("-") else f"{length} before"


LABEL_SHOWN = 40
"""Characters of a label in a table: a long one would push times and tokens off the screen."""


def row_of(alert: dict[str, Any]) -> tuple[str, ...]:
    """An alert as a row of a table: when it rings, how it comes again, its kind, label, devices and token."""
    lives = sorted(alert["devices"].values())
    on = ", ".join(f"{lives.count(life)} {life}" for life in dict.fromkeys(lives)) or "no device"
    label = alert["label"] if len(alert["label"]) <= LABEL_SHOWN else f"{alert['label'][: LABEL_SHOWN - 1]}…"
    return _rings(alert), _again(alert), alert["kind"], label, on, alert["token"]


def _rings(alert: dict[str, Any]) -> str:
    """When it rings; of a timer also in how long, for that is what one wants to know of it."""
    from bellwire.cloud.wishes import length_text

    if alert["paused"]:
        return f"paused, {alert['remaining']} left" if alert["remaining"] else "paused"
    rings = wall_time(alert["scheduled_time"], alert["timezone"])
    left = datetime.fromisoformat(alert["scheduled_time"]) - datetime.now(UTC)
    if alert["kind"] in COUNTED_DOWN and not alert["every"] and left > timedelta(0):
        rings += f", in {length_text(left)}"
    return f"{rings} snoozed" if alert["snoozed_from"] else rings
