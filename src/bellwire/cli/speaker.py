"""`bellwire speaker`: a speaker in the foreground.

It knows the command line and which cloud is meant; what then runs is `speaker_process`.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bellwire.cli.machine import cloud_folder
from bellwire.cli.options import TOKEN_VARIABLE, Authority, Json, SpeakerData

if TYPE_CHECKING:
    from bellwire.cli.pairing import Pairing

EPILOG = "Example: bellwire speaker --url https://cloud.home:8443 --ca ca.pem (with the token in BELLWIRE_TOKEN)"


def speaker(
    *,
    data: SpeakerData,
    url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Its cloud, https://HOST:PORT; without it the one on this machine."),
    ] = None,
    ca: Authority = None,
    token: Annotated[
        str | None, typer.Option(metavar="TOKEN", help="The device's access token, for --url.", envvar=TOKEN_VARIABLE)
    ] = None,
    output: Annotated[
        Literal["auto", "null"], typer.Option(help="A sound card if there is one; or nothing: null.")
    ] = "auto",
    record: Annotated[Path | None, typer.Option(metavar="FILE", help="A WAV file of what is heard.")] = None,
    json: Json = False,
) -> None:
    """Run a speaker until SIGTERM, Ctrl-C or q. Keys: s stops what rings, d deletes it (else the next alert), q quits.

    Where there is no terminal, the lines stop, delete and quit on its input do the same.
    """
    from bellwire.cli.settings import Settings, become_speaker

    pairing = _pairing(data, url, ca, token)
    become_speaker(
        Settings(
            cloud=pairing.url,
            access_token=pairing.access_token,
            folder=str(data),
            ca=pairing.ca,
            output=output,
            record=str(record) if record else None,
            json=json,
        )
    )


def _pairing(data: Path, url: str | None, authority: Path | None, token: str | None) -> "Pairing":
    from bellwire.cli.pairing import Pairing, pairing_on_this_machine

    if url is None:
        return pairing_on_this_machine(data, cloud_folder())
    if token is None:
        raise typer.BadParameter(f"--url needs the device's access token: --token TOKEN, or in {TOKEN_VARIABLE}")
    return Pairing(url, token, str(authority) if authority else None)
