"""`bellwire speaker`: a speaker in the foreground.

It knows the command line and which cloud is meant; what then runs is `speaker_process`, and before it
`pairing_process` where somebody must confirm a code.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bellwire.cli.machine import cloud_folder
from bellwire.cli.options import TOKEN_VARIABLE, Authority, Json, SpeakerData

if TYPE_CHECKING:
    from bellwire.cli.pairing import Pairing

EPILOG = "Example: bellwire speaker --url https://cloud.home:8443 --ca ca.pem (shows a code that pairs it)"


def speaker(
    *,
    data: SpeakerData,
    url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Its cloud, https://HOST:PORT; without it the one it is paired with, or on this machine.",
        ),
    ] = None,
    ca: Authority = None,
    token: Annotated[
        str | None,
        typer.Option(
            metavar="TOKEN",
            help="An access token for --url; without it a code pairs the speaker.",
            envvar=TOKEN_VARIABLE,
        ),
    ] = None,
    pair: Annotated[
        bool, typer.Option("--pair", help="Pair anew by a code; what was set for another account is deleted then.")
    ] = False,
    log_out: Annotated[
        bool, typer.Option("--log-out", help="Delete all of the account from this speaker, tell the cloud, and end.")
    ] = False,
    profile: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The version of the protocol that it speaks, as the cloud knows the device.",
            show_default="the one it was paired with",
        ),
    ] = None,
    firmware_version: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER",
            help="The version of its software, as the cloud is told: 1 to 4294967295.",
            show_default="of this program; 0.1.0 is 100",
        ),
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WORD",
            help="A word by which the cloud may tell it from others, if the version has it so; may be repeated.",
            show_default=False,
        ),
    ] = None,
    offline_grace: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Delete the account's alerts after so long without a network (10m, 2h), if the version has it so.",
            show_default="they are kept",
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="The documents' letter: --offline-grace 0s, so nothing rings offline.")
    ] = False,
    output: Annotated[
        Literal["auto", "null"], typer.Option(help="A sound card if there is one; or nothing: null.")
    ] = "auto",
    record: Annotated[Path | None, typer.Option(metavar="FILE", help="A WAV file of what is heard.")] = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="A line for each thing that happens, as where there is no terminal.")
    ] = False,
    json: Json = False,
) -> None:
    """Run a speaker until SIGTERM, Ctrl-C or q. On a terminal it has a face that shows what its keys do.

    s stops what rings (and what is snoozed), z snoozes it, d deletes it (else the chosen alert), m mutes it, + and -
    make alerts louder and softer, n is do not disturb, on and off, u pulls the network's plug and puts it back, l logs
    out. t is as if somebody talked with the speaker, so that what rings goes to the background, and h as if that were
    over.

    Where there is no terminal, lines on its input do the same: stop, snooze, delete, delete TOKEN, mute, louder,
    softer, do-not-disturb, unplug, talk, hush, log-out, quit.

    The cloud on this machine takes it unasked. Elsewhere it shows a code and a QR code, and somebody confirms it:
    bellwire device approve CODE. It renews its tokens by itself, and pairs anew when the cloud has ended the pairing.
    """
    from msgspec.structs import replace

    from bellwire.cli.settings import Settings, become_face, become_speaker
    from bellwire.cli.terminal import has_terminal

    if log_out:
        _log_out(data, json, url=url, pair=pair)
        return
    grace = _grace(offline_grace, strict=strict)
    pairing = _pairing(data, url, ca, token, profile, pair=pair)
    settings = Settings(
        cloud=pairing.url,
        access_token=pairing.access_token,
        profile=pairing.profile,
        folder=str(data),
        ca=pairing.ca,
        output=output,
        record=str(record) if record else None,
        json=json,
        firmware_version=firmware_version,
        tags=_tags(tag),
        offline_grace=grace,
        cloud_folder=pairing.cloud,
    )
    must_pair = pairing.access_token is None and (pair or not _is_paired(data, pairing))
    if not (plain or json) and has_terminal():
        become_face(replace(settings, json=True, has_face=True, must_pair=must_pair))
    if must_pair:
        from bellwire.cli.pairing_process import pair_by_code

        if not pair_by_code(settings):
            return
    become_speaker(settings)


def _tags(written: list[str] | None) -> tuple[str, ...]:
    if not written:
        return ()
    from bellwire.cli.failure import shown_in_one_line
    from bellwire.device.laptop import this_product

    with shown_in_one_line(ValueError):
        return this_product(tuple(written)).tags


def _grace(written: str | None, *, strict: bool) -> float | None:
    """Seconds."""
    from bellwire.alerts.length import length_of
    from bellwire.cli.failure import shown_in_one_line

    if strict and written is not None:
        raise typer.BadParameter("--strict leaves no grace: leave out --offline-grace")
    if written is None:
        return 0.0 if strict else None
    with shown_in_one_line(ValueError):
        return length_of(written).total_seconds()


def _pairing(
    data: Path, url: str | None, authority: Path | None, token: str | None, profile: str | None, *, pair: bool
) -> "Pairing":
    from bellwire.cli import pairing
    from bellwire.cli.failure import shown_in_one_line
    from bellwire.protocol.profiles import DEFAULT_PROFILE, profile_named

    with shown_in_one_line(ValueError):
        wanted = profile_named(profile or DEFAULT_PROFILE.name).name
    if authority is not None and url is None:
        raise typer.BadParameter("--ca is for --url; without it the cloud on this machine, or of the pairing, is taken")
    if pair and token is not None:
        raise typer.BadParameter(f"--pair gets a token by itself: leave out --token, and {TOKEN_VARIABLE}")
    ca = str(authority.absolute()) if authority else None
    if url is not None and token is not None:
        return pairing.Pairing(url, token, ca, profile=wanted)
    remembered = pairing.pairing_by_code(data)
    if url is not None:
        return _speaking(pairing.at(url, ca, remembered), profile)
    if remembered is not None:
        return _speaking(remembered, profile)
    if pair:
        return _speaking(pairing.cloud_on_this_machine(cloud_folder()), profile)
    return pairing.pairing_on_this_machine(data, cloud_folder(), profile)


def _speaking(pairing: "Pairing", profile: str | None) -> "Pairing":
    """The same in another version of the protocol, where one is wanted."""
    from msgspec.structs import replace

    return pairing if profile is None else replace(pairing, profile=profile)


def _is_paired(data: Path, pairing: "Pairing") -> bool:
    from bellwire.cli.pairing import pairing_by_code

    remembered = pairing_by_code(data)
    return remembered is not None and (remembered.url, remembered.profile) == (pairing.url, pairing.profile)


def _log_out(data: Path, json: bool, *, url: str | None, pair: bool) -> None:
    from bellwire.cli.parting import part, say_that

    if url is not None or pair:
        raise typer.BadParameter(
            "--log-out is of the cloud that the speaker is paired with: leave out --url and --pair"
        )
    say_that(part(data), as_json=json)
