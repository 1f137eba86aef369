"""`bellwire cloud`: the cloud in the foreground. It knows the command line and the words at start and end."""

from typing import Annotated

import typer

from bellwire.cli.options import CloudData, Json
from bellwire.cli.output import hint, put_json, say

EPILOG = "Example: bellwire cloud --port 8443 --data ./home"


def cloud(
    *,
    data: CloudData,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where devices and commands reach it.")] = 8443,
    host: Annotated[
        str, typer.Option(metavar="H", help="The address to listen on; 0.0.0.0 for speakers on other machines.")
    ] = "127.0.0.1",
    strict: Annotated[bool, typer.Option("--strict", help="Refuse what the documents do not have.")] = False,
    terms: Annotated[
        str | None,
        typer.Option(metavar="URL", help="What an account must agree to before anything is authorized in it."),
    ] = None,
    behind_proxy: Annotated[
        bool,
        typer.Option(
            "--behind-proxy",
            help="Devices come through a proxy that mixes their requests: take events over any connection.",
        ),
    ] = False,
    endpoint: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CC=URL",
            help="Another cloud that serves this country, as in KR=https://HOST:PORT; once for each.",
        ),
    ] = None,
    speech: Annotated[
        str,
        typer.Option(
            metavar="espeak|none|COMMAND",
            help="Who speaks labels: espeak-ng, nobody, or a program that gets the language as its last argument and "
            "the text as its input, and puts out a WAV file.",
        ),
    ] = "espeak",
    limit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=N",
            envvar="BELLWIRE_LIMITS",
            help="Of each account: alerts (1000), devices (100), assets (32 sounds of an alert), label (1024 "
            "characters), listeners (10), requests (50 a second); once for each, in the environment with blanks "
            "between.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Run the cloud until SIGTERM or Ctrl-C. It makes its own certificate at its first start."""
    from bellwire.cli import logs
    from bellwire.cli.failure import shown_in_one_line

    logs.configure()
    import uvloop

    from bellwire.cloud.address import AlreadyRunningError, FolderError
    from bellwire.cloud.app import run
    from bellwire.cloud.assets import SecretError
    from bellwire.cloud.certificates import CertificateError, Certificates
    from bellwire.cloud.config import Config
    from bellwire.cloud.limits import limits_of
    from bellwire.cloud.listening import PortTakenError
    from bellwire.cloud.regions import served_elsewhere
    from bellwire.cloud.speech import synthesizer_of
    from bellwire.cloud.store.errors import StoreError
    from bellwire.cloud.wishes import page_of

    with shown_in_one_line(ValueError):
        synthesizer_of(speech)
        endpoints = dict(map(served_elsewhere, endpoint or ()))
        limits = limits_of(limit or ())
        agreed_to = None if terms is None else page_of(terms)
    config = Config(
        data=data,
        host=host,
        port=port,
        strict=strict,
        behind_proxy=behind_proxy,
        terms=agreed_to,
        endpoints=endpoints,
        speech=speech,
        limits=limits,
    )

    def ready(certificates: Certificates) -> None:
        if json:
            put_json({"ready": config.url, "ca": str(certificates.ca.absolute())})
            return
        say(f"ready {config.url}")
        hint(f"speakers trust it by {certificates.ca.absolute()}")
        hint("next: bellwire speaker, or for another machine's: bellwire device add")

    with shown_in_one_line(StoreError, CertificateError, FolderError, AlreadyRunningError, SecretError, PortTakenError):
        uvloop.run(run(config, ready))
