"""`bellwire demo`: a reminder from the cloud to the speaker, over the real wire, with nothing left behind.

It knows the command line and the words at the end; what happens is in `performance`.
"""

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from bellwire.cli.failure import Failure
from bellwire.cli.options import Json
from bellwire.cli.output import put_json, say

EPILOG = "Example: bellwire demo --out demo.wav"


def demo(
    *,
    out: Annotated[Path, typer.Option(metavar="FILE", help="A WAV file of what was heard.")] = Path("demo.wav"),
    json: Json = False,
) -> None:
    """Start a cloud and a speaker, let a reminder ring, and stop it; shows the wire, and how late it rang."""
    from bellwire.cli.performance import perform

    # So that what was started ends with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        late = perform(out, as_json=json)
    except Failure as failure:
        sys.stderr.write(f"demo: {failure}\n")
        raise typer.Exit(1) from failure
    if json:
        put_json({"ok": True, "late_ms": late, "wav": str(out)})
    else:
        say(f"demo: rang {late} ms late, stopped, deleted: ok")
