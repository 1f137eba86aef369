"""What an action timer does, out of files. It knows their form; the cloud decides what can be."""

import json
import sys
from typing import Annotated, Any

import typer

from bellwire.cli.failure import Failure

ActionFiles = Annotated[
    list[str] | None,
    typer.Option(
        "--action",
        metavar="FILE",
        help="Of an action timer: what its devices are told when it is over, a directive in JSON, "
        '{"header": {"namespace": "AudioPlayer", "name": "Play"}, "payload": {}}, or a list of such; - is stdin. '
        "May be repeated.",
    ),
]


def actions_in(files: list[str]) -> list[Any]:
    """The directives of these files, in this order; each may be as it is on the wire. Raises Failure."""
    return [action for file in files for action in _read(file)]


def _read(file: str) -> list[Any]:
    try:
        text = sys.stdin.read() if file == "-" else _text_of(file)
        found = json.loads(text)
    except OSError as error:
        raise Failure(f"{file} cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise Failure(f"{file} is not JSON: {error}") from error
    return [_bare(each) for each in (found if isinstance(found, list) else [found])]


def _text_of(file: str) -> str:
    with open(file, encoding="utf-8") as opened:  # noqa: PTH123 - a name as it was given, as messages show it
        return opened.read()


def _bare(action: Any) -> Any:
    """The directive without what is around it on the wire, and without the id that its sender gave it."""
    if isinstance(action, dict) and action.keys() == {"directive"}:
        action = action["directive"]
    if isinstance(action, dict) and isinstance(action.get("header"), dict):
        header = {key: value for key, value in action["header"].items() if key not in _GIVEN_ANEW}
        return {**action, "header": header}
    return action


_GIVEN_ANEW = ("messageId", "dialogRequestId")
