"""The options that several commands share. It knows how they are written; it must not know what they lead to."""

from pathlib import Path
from typing import Annotated

import typer

from bellwire.cli.machine import cloud_folder, speaker_folder

TOKEN_VARIABLE = "BELLWIRE_TOKEN"  # noqa: S105 - the name, not the token

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]

CloudData = Annotated[
    Path,
    typer.Option(
        "--data",
        metavar="DIR",
        help="The cloud's data folder; without it ~/.local/share/bellwire/cloud.",
        default_factory=cloud_folder,
        show_default=False,
    ),
]

SpeakerData = Annotated[
    Path,
    typer.Option(
        "--data",
        metavar="DIR",
        help="The speaker's own data folder; without it ~/.local/share/bellwire/speaker.",
        default_factory=speaker_folder,
        show_default=False,
    ),
]

AccountName = Annotated[
    str | None, typer.Option("--account", metavar="NAME", help="Whose; not needed while there is one account only.")
]

Authority = Annotated[
    Path | None,
    typer.Option(
        "--ca", metavar="FILE", help="With --url: the cloud's authority, its ca.pem; else the system's are trusted."
    ),
]
