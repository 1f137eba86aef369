"""`bellwire trace`: what the cloud and a device say to each other.

It knows the command line and when to look; how a message is shown is in `conversation`.
"""

import time
from typing import Annotated

import typer

from bellwire.cli.options import CloudData, Json
from bellwire.cli.output import put_json

EPILOG = "Example: bellwire trace 4f6c0f5e-0d0f-4c43-9d57-0c5f8f0c1a11 --once"
LOOK_EVERY = 0.2
"""Seconds."""
SHOWN_BEFORE = 10
"""Messages of before that are shown first."""


def trace(
    *,
    data: CloudData,
    device: Annotated[
        str | None,
        typer.Argument(metavar="DEVICE_ID", help="Its name will do. Not needed while there is one device only."),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Show all that are kept (about 1,000), then end.")] = False,
    json: Json = False,
) -> None:
    """Show the messages of a device as they pass, until Ctrl-C: >> from the device, << from the cloud."""
    from rich.console import Console

    from bellwire.cli import records
    from bellwire.cli.conversation import as_json, as_line

    console = Console(highlight=False)
    with records.opened(data) as store:
        account, found = records.device_of(store, device)
        messages = records.messages_since(store, account.account_id, found.device_id, 0)
        last = messages[-1].id if messages else 0
        messages = messages if once else messages[-SHOWN_BEFORE:]
        while True:
            for message in messages:
                last = message.id
                put_json(as_json(message)) if json else console.print(as_line(message), soft_wrap=True)
            if once:
                return
            time.sleep(LOOK_EVERY)
            messages = records.messages_since(store, account.account_id, found.device_id, last)
