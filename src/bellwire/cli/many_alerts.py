"""`bellwire alert add-many`: many alerts from a file, for hundreds of devices.

It knows the file's two forms and what is wrong in them; the cloud decides what can be added.
"""

import csv
import io
import json as json_lines
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from bellwire.cli.asking import AccountToken, Url, asked
from bellwire.cli.device_names import DeviceNames
from bellwire.cli.failure import Failure
from bellwire.cli.options import AccountName, Authority, CloudData, Json
from bellwire.cli.output import put_json, put_table, say

if TYPE_CHECKING:
    from bellwire.cli.account_api import AccountApi

EPILOG = "Example: bellwire alert add-many rooms.csv   (first line: label,at,every,devices)"
AT_ONCE = 500
"""Alerts of one request."""
MOST_TOGETHER = 1_000
_LISTS = ("devices", "except", "assets")
_WORDS = ("label", "kind", "in", "at", "every", "until", "timezone")
_COLUMNS = (*_WORDS, "times", *_LISTS)


class Row(NamedTuple):
    """One alert of the file."""

    where: str
    """``line 3``, ``alert 3``."""
    wish: dict[str, Any]


def add_many(
    *,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="CSV with a first line that names its columns, or JSON (.json): a list of objects; - reads CSV.",
        ),
    ],
    data: CloudData,
    all_or_nothing: Annotated[
        bool, typer.Option("--all-or-nothing", help="Add none unless all can be added; 1,000 at most.")
    ] = False,
    account: AccountName = None,
    url: Url = None,
    ca: Authority = None,
    token: AccountToken = None,
    json: Json = False,
) -> None:
    """Add many alerts at once, each with its own label, time and devices.

    Columns: label, kind, in, at, every, until, times, except, timezone, devices, assets. Those that are empty are as
    if they were not there; devices, exceptions and assets have ; between several. A device is named by its id or its
    name; none: all.
    """
    rows = _read(file)
    with asked(data, account, url, ca, token) as api:
        _name_devices(rows, api)
        results = list(_added(rows, api, all_or_nothing=all_or_nothing))
    refused = [(row.where, result["detail"]) for row, result in zip(rows, results, strict=True) if result["detail"]]
    if json:
        put_json([{"where": row.where, **result} for row, result in zip(rows, results, strict=True)])
    else:
        say(f"{len(rows) - len(refused)} alerts added")
        if refused:
            put_table(("not added", "why"), refused)
    if refused:
        raise Failure(f"{len(refused)} of {len(rows)} alerts were not added; mend these, and give them alone")


def _added(rows: list[Row], api: "AccountApi", *, all_or_nothing: bool) -> Iterator[dict[str, Any]]:
    if all_or_nothing and len(rows) > MOST_TOGETHER:
        raise Failure(f"{len(rows)} alerts cannot be added all or none; {MOST_TOGETHER} can: give fewer at a time")
    at_once = MOST_TOGETHER if all_or_nothing else AT_ONCE
    for first in range(0, len(rows), at_once):
        wishes = [row.wish for row in rows[first : first + at_once]]
        body = {"alerts": wishes, "all_or_nothing": all_or_nothing}
        yield from api.call("POST", "alerts", "bulk", body=body)["results"]


def _name_devices(rows: list[Row], api: "AccountApi") -> None:
    """Put ids where names are."""
    if not any("devices" in row.wish for row in rows):
        return
    known = DeviceNames(api.devices())
    for row in rows:
        try:
            if "devices" in row.wish:
                row.wish["devices"] = [known.id_of(name) for name in row.wish["devices"]]
        except Failure as failure:
            raise Failure(f"{row.where}: {failure}. Nothing was added") from failure


def _read(file: Path) -> list[Row]:
    rows = _from_json(file) if file.suffix.lower() == ".json" else _from_csv(file)
    if not rows:
        raise Failure(f"{file} has no alerts; write one a line, below a line that names the columns")
    return rows


def _from_csv(file: Path) -> list[Row]:
    text = sys.stdin.read() if str(file) == "-" else _text(file)
    reader = csv.DictReader(io.StringIO(text, newline=""), skipinitialspace=True, strict=True)
    try:
        columns = [name.strip() for name in reader.fieldnames or ()]
        _check_columns(columns, f"the first line of {file}")
        reader.fieldnames = columns
        return [Row(f"line {reader.line_num}", _wish(cells, reader.line_num)) for cells in reader]
    except csv.Error as error:
        raise Failure(f"{file}, line {reader.line_num}: {error}; it is no CSV") from error


def _wish(cells: dict[str | Any, str | Any], line: int) -> dict[str, Any]:
    if None in cells or None in cells.values():
        raise Failure(f"line {line} has not as many cells as the first line has columns; put what has commas in quotes")
    said = {name: cell.strip() for name, cell in cells.items() if cell.strip()}
    wish: dict[str, Any] = {name: said[name] for name in _WORDS if name in said}
    wish |= {name: [each.strip() for each in said[name].split(";") if each.strip()] for name in _LISTS if name in said}
    if "kind" in wish:
        wish["kind"] = wish["kind"].upper()
    if "times" in said:
        if not said["times"].isdecimal():
            raise Failure(f"line {line}: times is {said['times']!r}; it must be a number")
        wish["times"] = int(said["times"])
    return wish


def _from_json(file: Path) -> list[Row]:
    try:
        found = json_lines.loads(_text(file))
    except (ValueError, RecursionError) as error:
        raise Failure(f"{file} is no JSON: {error}") from error
    if not isinstance(found, list) or not all(isinstance(wish, dict) for wish in found):
        raise Failure(f'{file} must be a list of objects, as in [{{"label": "Breakfast", "at": "07:30"}}]')
    for number, wish in enumerate(found, 1):
        _check_columns(list(wish), f"alert {number} of {file}")
        devices = wish.get("devices")
        if devices is not None and not (isinstance(devices, list) and all(isinstance(each, str) for each in devices)):
            raise Failure(f"alert {number} of {file}: devices must be a list of ids or names")
    return [
        Row(f"alert {number}", {name: value for name, value in wish.items() if value is not None})
        for number, wish in enumerate(found, 1)
    ]


def _check_columns(names: list[str], where: str) -> None:
    unknown = [name for name in names if name not in _COLUMNS]
    if unknown or not names:
        told = f"has {', '.join(map(repr, unknown))}" if unknown else "names no columns"
        raise Failure(f"{where} {told}; there are: {', '.join(_COLUMNS)}")


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise Failure(f"{file} is not UTF-8 (byte {error.start}); save it as UTF-8") from error
