"""`bellwire client`: the programs that may ask for tokens of devices. It knows the command line; the rest is in
`records`, and a running cloud finds out by itself which tokens are good no more.
"""

from typing import Annotated

import typer

from bellwire.cli.options import CloudData, Json
from bellwire.cli.output import put_json, put_table, say

app = typer.Typer(help="Clients: programs that may ask the cloud on this machine for tokens. It need not run.")


@app.command(epilog="Example: bellwire client add bench --profile PROFILE (bellwire profile list names them)")
def add(
    *,
    name: Annotated[str, typer.Argument(help="What the client is called; no two have the same name.")],
    data: CloudData,
    profile: Annotated[str, typer.Option(help="The version of the protocol that its devices speak.")],
    redirect_uri: Annotated[
        list[str] | None,
        typer.Option(metavar="URI", help="Where its codes go; once for each. Needed where there is no secret."),
    ] = None,
    json: Json = False,
) -> None:
    """Add a client. Its secret, if its version has one, is shown this once."""
    from bellwire.cli import records

    with records.opened(data, make=True) as store:
        client, secret = records.make_client(store, name, profile, redirect_uri or [])
    if json:
        put_json({"client_id": client.client_id, "client_secret": secret})
        return
    say(f"client {client.name} added, for devices that speak {client.profile}")
    say(f"its client_id: {client.client_id}")
    say(f"its client_secret, shown this once: {secret}" if secret else "it has no secret: its devices prove themselves")
    say("next: docs/authorization.md shows how its devices get their tokens")


@app.command("list", epilog="Example: bellwire client list")
def list_(data: CloudData, json: Json = False) -> None:
    """List the clients."""
    from bellwire.cli import records
    from bellwire.cloud.store.clients import list_clients

    with records.opened(data) as store:
        clients = store.read(list_clients)
    if json:
        put_json(
            [
                {
                    "client_id": client.client_id,
                    "name": client.name,
                    "profile": client.profile,
                    "redirect_uris": client.redirect_uris,
                    "has_secret": client.secret_hash is not None,
                }
                for client in clients
            ]
        )
        return
    put_table(
        ("name", "id", "speaks", "secret", "redirect URIs"),
        [
            (
                client.name,
                client.client_id,
                client.profile or "as each device says",
                "none" if client.secret_hash is None else "has one",
                " ".join(client.redirect_uris),
            )
            for client in clients
        ],
    )


@app.command(epilog="Example: bellwire client remove 4f6c0f5e-0d0f-4c43-9d57-0c5f8f0c1a11")
def remove(
    *,
    client_id: Annotated[str, typer.Argument(metavar="CLIENT_ID", help="As `bellwire client list` shows it.")],
    data: CloudData,
    json: Json = False,
) -> None:
    """Remove a client with all tokens that were made for it. Its devices stay, without tokens."""
    from bellwire.cli import records

    with records.opened(data) as store:
        devices = records.drop_client(store, client_id)
    if json:
        put_json({"client_id": client_id, "removed": True, "devices_logged_out": devices})
    else:
        say(f"client {client_id} removed; devices logged out: {devices} (a connection that stands ends within 25 s)")
