"""`bellwire alert`: what shall ring. It knows the command line; the cloud decides, over its account API."""

from typing import Annotated, Any

import typer

from bellwire.alerts.alert import Kind
from bellwire.cli.action_files import ActionFiles, actions_in
from bellwire.cli.alert_words import Which, put_alert, row_of
from bellwire.cli.asking import AccountToken, Url, asked
from bellwire.cli.conduct import AsUsual, Snooze, Snoozes, StopEverywhere, conduct_said
from bellwire.cli.device_names import ids_of
from bellwire.cli.options import AccountName, Authority, CloudData, Json
from bellwire.cli.output import put_json, put_table, say, wall_time

app = typer.Typer(help="Alerts: on this machine's cloud without flags, elsewhere with --url and --token.")

In = Annotated[str | None, typer.Option("--in", metavar="TIME", help="So long from now: 5s, 10m, 1h30m, 2d.")]
At = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="A time of day (07:00), or an instant (2026-11-21T07:00:00+09:00)."),
]
Every = Annotated[
    str | None,
    typer.Option(
        metavar="RULE",
        help="Again and again, with --at: daily, weekday, weekend, weekly, monthly, yearly, workday (without public "
        "holidays), days (mon,wed,fri), or a rule of RFC 5545 (FREQ=MONTHLY;BYDAY=-1FR).",
    ),
]
Until = Annotated[str | None, typer.Option(metavar="DATE", help="The last day of it, such as 2026-12-31.")]
Times = Annotated[int | None, typer.Option(metavar="N", help="It comes so often, then no more.")]
Except = Annotated[
    list[str] | None,
    typer.Option("--except", metavar="DATE", help="It does not ring on that day (2026-12-25); may be repeated."),
]
Assets = Annotated[
    list[str] | None,
    typer.Option(
        "--asset",
        metavar="URL",
        help="A sound of its own, played in the place of the bell, before the label; may be repeated.",
    ),
]
Zone = Annotated[
    str | None,
    typer.Option("--timezone", metavar="IANA", help="Its own time zone; else the account's, with which it moves."),
]


@app.command(epilog='Example: bellwire alert add "Take your medicine" --at 07:00 --every weekday')
def add(
    *,
    label: Annotated[str, typer.Argument(help="What it is about; a reminder says it.")],
    data: CloudData,
    kind: Annotated[Kind, typer.Option(case_sensitive=False, help="What rings.")] = Kind.REMINDER,
    in_: In = None,
    at: At = None,
    every: Every = None,
    until: Until = None,
    times: Times = None,
    except_: Except = None,
    timezone: Zone = None,
    device: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Rings there; may be repeated. Else on every device.")
    ] = None,
    action: ActionFiles = None,
    asset: Assets = None,
    snooze_length: Snooze = None,
    snoozes: Snoozes = None,
    stop_everywhere: StopEverywhere = None,
    account: AccountName = None,
    url: Url = None,
    ca: Authority = None,
    token: AccountToken = None,
    json: Json = False,
) -> None:
    """Add an alert. Its devices are told at once."""
    when = _when(in_=in_, at=at, every=every, until=until, times=times, exceptions=except_, timezone=timezone)
    _check_whole(when)
    wish = {"label": label, "kind": kind.value, **when}
    if action:
        wish["actions"] = actions_in(action)
    if asset:
        wish["assets"] = asset
    if said := conduct_said(snooze_length, snoozes, stop_everywhere):
        wish["conduct"] = said
    with asked(data, account, url, ca, token) as api:
        if device:
            wish["devices"] = ids_of(device, api)
        put_alert(api.call("POST", "alerts", body=wish), "added", as_json=json)


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
        put_table(("rings", "again", "kind", "label", "on devices", "token"), map(row_of, alerts))
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
    until: Until = None,
    times: Times = None,
    except_: Except = None,
    timezone: Zone = None,
    device: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Rings there, and on no other; may be repeated.")
    ] = None,
    everywhere: Annotated[
        bool, typer.Option("--everywhere", help="Rings on every device, also on those that join later.")
    ] = False,
    action: ActionFiles = None,
    asset: Assets = None,
    snooze_length: Snooze = None,
    snoozes: Snoozes = None,
    stop_everywhere: StopEverywhere = None,
    as_usual: AsUsual = False,
    account: AccountName = None,
    url: Url = None,
    ca: Authority = None,
    token: AccountToken = None,
    json: Json = False,
) -> None:
    """Change an alert's label, when and where it rings, and how it is snoozed; the rest stays. Its devices are told at
    once.

    --every once ends the recurrence, --until never its end; --except '' takes all exceptions away, --asset ''
    all sounds.
    """
    change = _when(in_=in_, at=at, every=every, until=until, times=times, exceptions=except_, timezone=timezone)
    if label is not None:
        change["label"] = label
    if device and everywhere:
        raise typer.BadParameter("say either --device or --everywhere, not both")
    if everywhere:
        change["devices"] = None
    if action:
        change["actions"] = actions_in(action)
    if asset:
        change["assets"] = [url for url in asset if url]
    if said := conduct_said(snooze_length, snoozes, stop_everywhere, as_usual=as_usual):
        change["conduct"] = said
    if not change and not device:
        raise typer.BadParameter("say what shall be different: --label, --in or --at, --every, --device …")
    with asked(data, account, url, ca, token) as api:
        if device:
            change["devices"] = ids_of(device, api)
        put_alert(api.call("PATCH", "alerts", alert, body=change), "changed", as_json=json)


@app.command(epilog="Example: bellwire alert skip 4f6c0f5e-0d0f-4c43-9d57-0c5f8f0c1a11")
def skip(
    *,
    alert: Which,
    data: CloudData,
    account: AccountName = None,
    url: Url = None,
    ca: Authority = None,
    token: AccountToken = None,
    json: Json = False,
) -> None:
    """Leave out the next time of an alert that comes again. Its devices are told at once."""
    with asked(data, account, url, ca, token) as api:
        put_alert(api.call("POST", "alerts", alert, "skip"), "skips once", as_json=json)


@app.command(epilog="Example: bellwire alert pause 4f6c0f5e-0d0f-4c43-9d57-0c5f8f0c1a11")
def pause(
    *,
    alert: Which,
    data: CloudData,
    account: AccountName = None,
    url: Url = None,
    ca: Authority = None,
    token: AccountToken = None,
    json: Json = False,
) -> None:
    """Have an alert ring nowhere until it is resumed, also when it rings now. What is left of a timer is kept.

    Its devices are told at once.
    """
    with asked(data, account, url, ca, token) as api:
        put_alert(api.call("POST", "alerts", alert, "pause"), "paused", as_json=json)


@app.command(epilog="Example: bellwire alert resume 4f6c0f5e-0d0f-4c43-9d57-0c5f8f0c1a11")
def resume(
    *,
    alert: Which,
    data: CloudData,
    account: AccountName = None,
    url: Url = None,
    ca: Authority = None,
    token: AccountToken = None,
    json: Json = False,
) -> None:
    """Have a paused alert ring again, from its next time on; a timer after what was left. Devices are told at once."""
    with asked(data, account, url, ca, token) as api:
        put_alert(api.call("POST", "alerts", alert, "resume"), "resumed", as_json=json)


@app.command(epilog='Example: bellwire alert preview --at 07:00 --every "FREQ=MONTHLY;BYDAY=-1FR" --number 5')
def preview(
    *,
    alert: Annotated[
        str | None, typer.Argument(metavar="[TOKEN]", help="Of this alert; else of what the options say.")
    ] = None,
    data: CloudData,
    in_: In = None,
    at: At = None,
    every: Every = None,
    until: Until = None,
    times: Times = None,
    except_: Except = None,
    timezone: Zone = None,
    number: Annotated[int, typer.Option("--number", "-n", min=1, max=100, help="How many are shown.")] = 10,
    account: AccountName = None,
    url: Url = None,
    ca: Authority = None,
    token: AccountToken = None,
    json: Json = False,
) -> None:
    """Show the next times of an alert, or of one that could be added. Nothing is changed."""
    wish = _when(in_=in_, at=at, every=every, until=until, times=times, exceptions=except_, timezone=timezone)
    if alert is not None and wish:
        raise typer.BadParameter("give either TOKEN or when it would ring, not both")
    if alert is None:
        _check_whole(wish)
    with asked(data, account, url, ca, token) as api:
        if alert is not None:
            found = api.call("GET", "alerts", alert, "occurrences", query={"limit": str(number)})
        else:
            found = api.call("POST", "alerts", "preview", body={**wish, "limit": number})
    if json:
        put_json(found)
        return
    for occurrence in found["occurrences"]:
        say(wall_time(occurrence, found["timezone"]))
    if not found["occurrences"]:
        say("it does not ring any more, or it is paused")


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


def _when(
    *,
    in_: str | None,
    at: str | None,
    every: str | None,
    until: str | None,
    times: int | None,
    exceptions: list[str] | None,
    timezone: str | None,
) -> dict[str, Any]:
    """What was said of when it rings."""
    if in_ is not None and at is not None:
        raise typer.BadParameter("say either --in or --at, not both")
    if until is not None and times is not None:
        raise typer.BadParameter("say either --until or --times, not both")
    # Not given is an empty list, or none.
    dates = [each for each in exceptions if each] if exceptions else None
    said = {"in": in_, "at": at, "every": every, "until": until, "times": times, "except": dates, "timezone": timezone}
    return {key: value for key, value in said.items() if value is not None}


def _check_whole(when: dict[str, Any]) -> None:
    """Look whether it says when, for an alert that is not there yet."""
    if "every" in when and "at" not in when:
        raise typer.BadParameter("--every needs --at, the time at which it rings each time")
    if "in" not in when and "at" not in when:
        raise typer.BadParameter("say when it shall ring: --in 10m, or --at 07:00")
