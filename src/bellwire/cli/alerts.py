"""`bellwire alert`: what shall ring. It knows the command line; the cloud decides, over its account API."""

from typing import Annotated, Any

import typer

from bellwire.alerts.alert import Kind
from bellwire.cli.asking import AccountToken, Url, asked
from bellwire.cli.options import AccountName, Authority, CloudData, Json
from bellwire.cli.output import local_time, put_json, put_table, say

app = typer.Typer(help="Alerts: on this machine's cloud without flags, elsewhere with --url and --token.")

In = Annotated[str | None, typer.Option("--in", metavar="TIME", help="So long from now: 5s, 10m, 1h30m, 2d.")]
At = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="A time of day (07:00), or an instant (2026-11-21T07:00:00+09:00)."),
]
Every = Annotated[
    str | None, typer.Option(metavar="RULE", help="Again and again: daily, weekday, weekend or weekly; with --at.")
]
Which = Annotated[str, typer.Argument(metavar="TOKEN", help="The alert's token, as `bellwire alert list` shows it.")]


@app.command(epilog='Example: bellwire alert add "Take your medicine" --at 07:00 --every weekday')
def add(
    *,
    label: Annotated[str, typer.Argument(help="What it is about; a reminder says it.")],
    data: CloudData,
    kind: Annotated[Kind, typer.Option(case_sensitive=False, help="What rings.")] = Kind.REMINDER,
    in_: In = None,
    at: At = None,
    every: Every = None,
    device: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Rings there; may be repeated. Else on every device.")
    ] = None,
    account: AccountName = None,
    url: Url = None,
    ca: Authority = None,
    token: AccountToken = None,
    json: Json = False,
) -> None:
    """Add an alert. Its devices are told at once."""
    wish = {"label": label, "kind": kind.value, "devices": device or None, **_time(in_, at, every)}
    if "in" not in wish and "at" not in wish:
        raise typer.BadParameter("say when it shall ring: --in 10m, or --at 07:00")
    with asked(data, account, url, ca, token) as api:
        _put(api.call("POST", "alerts", body=wish), "added", as_json=json)


@app.command("list", epilog="Example: bellwire alert list --json")
def list_(
    *,
    data: CloudData,
    account: AccountName = None,
    url: Url = None,
    ca: Authority = None,
    token: AccountToken = None,
    json: Json = False,
) -> None:
    """List the alerts, the earliest first, and where they stand on the devices."""
    with asked(data, account, url, ca, token) as api:
        alerts = api.alerts()
    if json:
        put_json(alerts)
    elif alerts:
        put_table(("rings", "again", "kind", "label", "on devices", "token"), map(_row, alerts))
    else:
        say('no alerts yet; add one with: bellwire alert add "Take your medicine" --in 10m')


@app.command(epilog="Example: bellwire alert edit 4f6c0f5e-0d0f-4c43-9d57-0c5f8f0c1a11 --at 07:30 --every weekday")
def edit(
    *,
    alert: Which,
    data: CloudData,
    label: Annotated[str | None, typer.Option(help="The new label.")] = None,
    in_: In = None,
    at: At = None,
    every: Every = None,
    account: AccountName = None,
    url: Url = None,
    ca: Authority = None,
    token: AccountToken = None,
    json: Json = False,
) -> None:
    """Change an alert's label, its time, or both. Its devices are told at once."""
    change = _time(in_, at, every)
    if label is not None:
        change["label"] = label
    if not change:
        raise typer.BadParameter("say what shall be different: --label, --in or --at")
    with asked(data, account, url, ca, token) as api:
        _put(api.call("PATCH", "alerts", alert, body=change), "changed", as_json=json)


@app.command(epilog="Example: bellwire alert delete 4f6c0f5e-0d0f-4c43-9d57-0c5f8f0c1a11")
def delete(
    *,
    alert: Which,
    data: CloudData,
    account: AccountName = None,
    url: Url = None,
    ca: Authority = None,
    token: AccountToken = None,
    json: Json = False,
) -> None:
    """Delete an alert, also while it rings. Its devices are told at once."""
    with asked(data, account, url, ca, token) as api:
        api.call("DELETE", "alerts", alert)
    if json:
        put_json({"token": alert, "deleted": True})
    else:
        say(f"alert {alert} deleted")


def _time(in_: str | None, at: str | None, every: str | None) -> dict[str, Any]:
    if in_ is not None and at is not None:
        raise typer.BadParameter("say either --in or --at, not both")
    if every is not None and at is None:
        raise typer.BadParameter("--every needs --at, the time at which it rings each time")
    return {key: value for key, value in (("in", in_), ("at", at), ("every", every)) if value is not None}


def _put(alert: dict[str, Any], what: str, *, as_json: bool) -> None:
    if as_json:
        put_json(alert)
        return
    again = f", then {alert['every']}" if alert["every"] else ""
    devices = len(alert["devices"])
    on = f"{devices} device{'s' * (devices > 1)}" if devices else "no device yet; start one with: bellwire speaker"
    say(f"alert {alert['token']} {what}: rings at {local_time(alert['scheduled_time'])}{again}, on {on}")


LABEL_SHOWN = 40
"""Characters of a label in a table: a long one would push times and tokens off the screen."""


def _row(alert: dict[str, Any]) -> tuple[str, ...]:
    lives = sorted(alert["devices"].values())
    on = ", ".join(f"{lives.count(life)} {life}" for life in dict.fromkeys(lives)) or "none"
    label = alert["label"] if len(alert["label"]) <= LABEL_SHOWN else f"{alert['label'][: LABEL_SHOWN - 1]}…"
    return local_time(alert["scheduled_time"]), alert["every"] or "", alert["kind"], label, on, alert["token"]
