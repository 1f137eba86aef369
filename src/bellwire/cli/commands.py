"""All commands, one module a subject, gathered here, and one line for whatever goes wrong.

It knows commands and exit codes; it must not know what a command does. Commands import what they need when they run:
`bellwire --help` should not wait for a web server's code.
"""

import inspect
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from bellwire import __version__
from bellwire.cli import (
    account_places,
    accounts,
    alert_history,
    alert_steps,
    alerts,
    calendars,
    check,
    clients,
    cloud,
    conduct,
    demo,
    device_details,
    devices,
    emulate,
    many_alerts,
    profiles,
    simulate,
    speaker,
    trace,
    watch,
)
from bellwire.cli.failure import Failure, shown_in_one_line, tell
from bellwire.cli.output import let_go_of, say

app = typer.Typer(
    name="bellwire",
    help="A smart-speaker cloud that you run yourself, and the speaker for it.",
    epilog="Start with: bellwire demo",
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command(epilog=demo.EPILOG)(demo.demo)
app.command(epilog=cloud.EPILOG)(cloud.cloud)
app.command(epilog=speaker.EPILOG)(speaker.speaker)
app.command(epilog=trace.EPILOG)(trace.trace)
alerts.app.command("add-many", epilog=many_alerts.EPILOG)(many_alerts.add_many)
app.command(epilog=watch.EPILOG)(watch.watch)
app.command(epilog=simulate.EPILOG)(simulate.simulate)
app.command(epilog=emulate.EPILOG)(emulate.emulate)
account_places.add_to(accounts.app)
alert_history.add_to(alerts.app)
conduct.add_to(accounts.app)
device_details.add_to(devices.app)
alert_steps.add_to(alerts.app)
app.add_typer(alerts.app, name="alert")
app.add_typer(calendars.app, name="calendar")
app.add_typer(accounts.app, name="account")
app.add_typer(devices.app, name="device")
app.add_typer(clients.app, name="client")
app.add_typer(profiles.app, name="profile")
app.add_typer(check.app, name="check")


def _lay_out(commands: typer.Typer) -> None:
    """Have the paragraphs of help texts fill the terminal's width: the library keeps line ends of all but the first."""
    for each in commands.registered_commands:
        text = inspect.getdoc(each.callback) or ""
        each.help = "\n\n".join(paragraph.replace("\n", " ") for paragraph in text.split("\n\n"))
    for group in commands.registered_groups:
        if group.typer_instance is not None:
            _lay_out(group.typer_instance)


_lay_out(app)


def _version(wanted: bool) -> None:
    if wanted:
        say(f"bellwire {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    _version_wanted: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version and end.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        say(context.get_help())


def run(args: Sequence[str] | None = None) -> int:
    """Run the command of `args` (else of the process); give its exit code. 1: it failed; 2: it was called wrongly."""
    try:
        with shown_in_one_line():
            return app(args, prog_name="bellwire", standalone_mode=False) or 0
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "bellwire"
        said = error.format_message().replace("Value error, ", "", 1).rstrip(".")
        return tell(f"{said}; see {command} --help", 2)
    except ModuleNotFoundError as error:
        return tell(_how_to_get(error, sys.argv[1:] if args is None else args))
    except Failure as failure:
        if isinstance(failure.__cause__, BrokenPipeError):
            let_go_of(sys.stdout)  # as in `bellwire trace | head`
            return 1
        return tell(str(failure), failure.status)


_OF_A_SPEAKER = frozenset({"h2", "miniaudio", "segno"})
_OF_THE_KIT = frozenset({"check", "simulate"})
"""Commands that play both sides."""


def _how_to_get(missing: ModuleNotFoundError, args: Sequence[str]) -> str:
    """What a part of bellwire needs that was not installed with it. Raises what is missing when it is its own."""
    module = (missing.name or "").partition(".")[0]
    if module in {"", "bellwire"}:
        raise missing
    part = "speaker" if module in _OF_A_SPEAKER else "cloud"
    part = "check" if _OF_THE_KIT & set(args[:1]) else part
    return f"this needs {module}, which is not installed: pip install 'bellwire[{part}]'"
