"""`bellwire calendar`: .ics files in and out, and the address to subscribe to. It knows the command line; the cloud
decides, over its account API.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from bellwire.cli.asking import AccountToken, Url, asked
from bellwire.cli.device_names import ids_of
from bellwire.cli.options import AccountName, Authority, CloudData, Json
from bellwire.cli.output import hint, local_time, printable, put_json, put_table, say, wall_time

app = typer.Typer(help="Calendars: import .ics files as alerts, export alerts, subscribe to them.")

_SHOWN = 20
"""Lines about entries of one kind; --json has them all."""
_TOLD = ("added", "changed", "removed", "refused")
"""What is told one by one; of what is skipped or unchanged only how much."""


@app.command("import", epilog="Example: bellwire calendar import work.ics --name work --dry-run")
def import_(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE.ics", help="As Google, Apple, Outlook and others export it.")],
    data: CloudData,
    name: Annotated[
        str | None,
        typer.Option(help="Which calendar it is; the same name again updates it.", show_default="its own name"),
    ] = None,
    device: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="New alerts ring there; may be repeated. Else on every device."),
    ] = None,
    without_alarm: Annotated[
        str,
        typer.Option(
            metavar="WHEN",
            help="When events ring that have no alarm: at their start, so long before (10m), or none: not at all. "
            "Those of a whole day: at 09:00.",
        ),
    ] = "start",
    keep_missing: Annotated[
        bool, typer.Option("--keep-missing", help="Keep alerts whose events the file has no longer.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    account: AccountName = None,
    url: Url = None,
    ca: Authority = None,
    token: AccountToken = None,
    json: Json = False,
) -> None:
    """Make alerts of the events and to-dos of a calendar file: one for each of their alarms, with the title as label.

    The same calendar again updates its alerts: what is unchanged is not touched, what is gone from the file is removed.
    """
    from bellwire.cloud.calendars.content import name_in

    content = file.read_bytes()
    calendar = name or name_in(content) or file.stem
    if "/" in calendar or not calendar.strip("."):
        raise typer.BadParameter(
            f"a calendar cannot be called {calendar}: give it a --name with letters, and without /"
        )
    query: dict[str, Any] = {"without_alarm": without_alarm, "keep_missing": keep_missing, "dry_run": dry_run}
    with asked(data, account, url, ca, token) as api:
        if device:
            query["device"] = ids_of(device, api)
        events = content.count(b"BEGIN:VEVENT") + content.count(b"BEGIN:VTODO")
        if not json:
            hint(f"reading {_count(events, 'event')} of {file.name} …")
        report = api.sends_calendar(content, "calendars", calendar, "import", query=query)
    if json:
        put_json(report)
    else:
        _put(report)


@app.command("list", epilog="Example: bellwire calendar list")
def list_(
    *,
    data: CloudData,
    account: AccountName = None,
    url: Url = None,
    ca: Authority = None,
    token: AccountToken = None,
    json: Json = False,
) -> None:
    """List the calendars that were imported, and how many alerts came of each."""
    with asked(data, account, url, ca, token) as api:
        calendars = api.all("calendars")
    if json:
        put_json(calendars)
    elif calendars:
        put_table(("name", "alerts"), [(each["name"], str(each["alerts"])) for each in calendars])
    else:
        say("no calendar yet; import one with: bellwire calendar import FILE.ics")


@app.command(epilog="Example: bellwire calendar remove work")
def remove(
    *,
    name: Annotated[str, typer.Argument(help="As `bellwire calendar list` shows it.")],
    data: CloudData,
    account: AccountName = None,
    url: Url = None,
    ca: Authority = None,
    token: AccountToken = None,
    json: Json = False,
) -> None:
    """Delete all alerts that came of a calendar. Its devices are told at once."""
    with asked(data, account, url, ca, token) as api:
        report = api.call("DELETE", "calendars", name)
    if json:
        put_json(report)
    elif report["entries"]:
        say(f"calendar {name} removed, with {_count(len(report['entries']), 'alert')}")
    else:
        say(f"there are no alerts of a calendar {name}; see them with: bellwire calendar list")


@app.command(epilog="Example: bellwire calendar export -o alerts.ics")
def export(
    *,
    data: CloudData,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Is made, or written anew; else it is shown.")
    ] = None,
    account: AccountName = None,
    url: Url = None,
    ca: Authority = None,
    token: AccountToken = None,
    json: Json = False,
) -> None:
    """Write the account's alerts as an .ics file, for any calendar program. Those that are paused are not in it."""
    with asked(data, account, url, ca, token) as api:
        content = api.calendar()
    if output is not None:
        output.write_bytes(content)
    events = content.count(b"BEGIN:VEVENT")
    if json:
        put_json(
            {"file": str(output) if output else None, "alerts": events, **({} if output else {"ics": content.decode()})}
        )
    elif output is not None:
        say(f"{_count(events, 'alert')} written to {output}")
    else:
        say(content.decode().replace("\r\n", "\n").rstrip("\n"))


@app.command(epilog="Example: bellwire calendar feed --new")
def feed(
    *,
    data: CloudData,
    new: Annotated[bool, typer.Option("--new", help="Make a new address; the one before ends.")] = False,
    revoke: Annotated[bool, typer.Option("--revoke", help="End the address.")] = False,
    account: AccountName = None,
    url: Url = None,
    ca: Authority = None,
    token: AccountToken = None,
    json: Json = False,
) -> None:
    """Make, end or look for the secret address at which any calendar program can subscribe to the alerts."""
    if new and revoke:
        raise typer.BadParameter("say either --new or --revoke, not both")
    with asked(data, account, url, ca, token) as api:
        if new:
            made = api.call("POST", "calendar-feed")
        elif revoke:
            api.call("DELETE", "calendar-feed")
        else:
            since = api.call("GET", "calendar-feed")["since"]
    if new:
        _put_feed(made, as_json=json)
    elif json:
        put_json({"revoked": True} if revoke else {"since": since})
    elif revoke:
        say("the feed has ended; its address leads nowhere any more")
    elif since:
        say(f"there is a feed since {local_time(since)}; its address was shown then")
        say("for another one: bellwire calendar feed --new")
    else:
        say("there is no feed; make one with: bellwire calendar feed --new")


def _put_feed(made: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        put_json(made)
        return
    say(f"subscribe to this address, which is shown this once: {made['url']}")
    say("who knows it sees all alerts; to end it: bellwire calendar feed --revoke")


def _put(report: dict[str, Any]) -> None:
    entries = report["entries"]
    for result in _TOLD:
        told = [each for each in entries if each["result"] == result]
        for each in told[:_SHOWN]:
            say(_line(each))
        if len(told) > _SHOWN:
            say(f"… and {len(told) - _SHOWN} more {result}; --json has them all")
    would = "would be: " if report["dry_run"] else ""
    counted = ", ".join(_counted(result, number, entries) for result, number in report["counts"].items() if number)
    say(f"calendar {printable(report['calendar'])}: {would}{counted or 'nothing in it'}")


def _counted(result: str, number: int, entries: list[dict[str, Any]]) -> str:
    if result != "skipped":
        return f"{number} {result}"
    reasons = [each["reason"] for each in entries if each["result"] == result]
    why = ", ".join(f"{reasons.count(each)} since {each}" for each in dict.fromkeys(reasons))
    return f"{number} {result} ({why})"


def _line(entry: dict[str, Any]) -> str:
    label = printable(entry["label"] or "without a title")
    rings = f", rings at {wall_time(entry['scheduled_time'], entry['timezone'])}" if entry["scheduled_time"] else ""
    where = (
        f" (line {entry['line']}, UID {printable(entry['uid']) or 'missing'})" if entry["result"] == "refused" else ""
    )
    why = f": {printable(entry['reason'])}" if entry["reason"] else ""
    return f"{entry['result']}: {label}{rings}{where}{why}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"
