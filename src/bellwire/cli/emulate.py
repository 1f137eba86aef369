"""`bellwire emulate`: a cloud for tests, in the foreground. It knows the command line and the words at the start."""

from typing import TYPE_CHECKING, Annotated

import typer

from bellwire.cli.options import Json
from bellwire.cli.output import hint, put_json, say

if TYPE_CHECKING:
    from bellwire.emulation.emulator import Emulator

EPILOG = "Example: bellwire emulate --port 8443 --control-port 8480"


def emulate(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where devices connect; 0: any free one.")] = 0,
    control_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where tests ask, on this machine only; 0: any free one.")
    ] = 0,
    host: Annotated[
        str, typer.Option(metavar="H", help="The address that devices connect to; 0.0.0.0 for those elsewhere.")
    ] = "127.0.0.1",
    attached: Annotated[
        bool, typer.Option("--attached", help="End when standard input ends: for programs that start it.")
    ] = False,
    json: Json = False,
) -> None:
    """Run a real cloud for tests of devices and apps, until Ctrl-C: its clock and faults are theirs to set, by REST.

    Everything in it is gone afterwards.
    """
    from bellwire.cli import logs
    from bellwire.cli.failure import shown_in_one_line

    logs.configure(brief=True)
    import uvloop

    from bellwire.cli.processes import free_port
    from bellwire.cloud.certificates import CertificateError
    from bellwire.cloud.listening import PortTakenError
    from bellwire.cloud.store.errors import StoreError
    from bellwire.emulation.serving import serve

    def ready(emulator: "Emulator", control: str) -> None:
        if json:
            put_json({"ready": emulator.url, "control": control, "ca": str(emulator.ca)})
            return
        say(f"ready {emulator.url}")
        say(f"control {control}")
        hint(f"devices trust it by {emulator.ca}")
        hint(f"next: curl -X POST {control}/pair, and docs/emulate.md")

    with shown_in_one_line(StoreError, CertificateError, PortTakenError):
        uvloop.run(serve(host, port, free_port(), control_port or free_port(), attached=attached, ready=ready))
