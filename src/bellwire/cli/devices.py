"""`bellwire device`: the speakers of an account. It knows the command line and whom to ask: a running cloud knows
which devices are connected and can hang up on one; the database knows the rest.
"""

from typing import Annotated, Any

import typer

from bellwire.cli.options import TOKEN_VARIABLE, AccountName, CloudData, Json
from bellwire.cli.output import put_json, put_table, say

app = typer.Typer(help="Devices of the cloud on this machine. It need not run.")


DeviceId = Annotated[str, typer.Argument(metavar="DEVICE_ID", help="As `bellwire device list` shows it.")]
UserCode = Annotated[str, typer.Argument(metavar="CODE", help="As the speaker shows it.")]


@app.command(epilog="Example: bellwire device add --account home --name kitchen")
def add(
    *,
    data: CloudData,
    account: AccountName = None,
    name: Annotated[str, typer.Option(help="What you call it.")] = "speaker",
    profile: Annotated[
        str | None, typer.Option(help="The version of the protocol that it speaks.", show_default="the newest")
    ] = None,
    json: Json = False,
) -> None:
    """Add a device. Its access token is shown this once. Where there is no account yet, it makes one: home."""
    from bellwire.cli import records
    from bellwire.cli.account_api import api_on_this_machine, runs
    from bellwire.protocol.profiles import DEFAULT_PROFILE

    spoken, is_running = profile or DEFAULT_PROFILE.name, runs(data)
    with records.opened(data) as store:
        owner = records.account_or_first(store, account)
        if not is_running:
            device, token = records.make_device(store, owner.account_id, name, spoken)
            added = {"device_id": device.device_id, "access_token": token}
    if is_running:  # it knows its terms
        with api_on_this_machine(data, owner.name) as api:
            added = api.call("POST", "devices", body={"name": name, "profile": spoken})
    if json:
        put_json(added)
        return
    say(f"device {name} added to account {owner.name}: {added['device_id']}, speaks {spoken}")
    say(f"its access token, shown this once: {added['access_token']}")
    speaker = f"{TOKEN_VARIABLE}=TOKEN bellwire speaker --url https://CLOUD:PORT --ca {data / 'ca.pem'}"
    say(f"next, on the device: {speaker} --profile {spoken}")


@app.command("list", epilog="Example: bellwire device list")
def list_(data: CloudData, account: AccountName = None, json: Json = False) -> None:
    """List the devices of an account, and whether they are connected now."""
    devices = _listed(data, account)
    if json:
        put_json(devices)
    elif devices:
        told = {True: "connected", False: "not connected", None: "the cloud is not running"}
        put_table(
            ("name", "id", "speaks", "now"),
            [(each["name"], each["device_id"], each["profile"], told[each["connected"]]) for each in devices],
        )
    else:
        say("no devices yet; add one with: bellwire device add")


@app.command(epilog="Example: bellwire device remove 4f6c0f5e-0d0f-4c43-9d57-0c5f8f0c1a11")
def remove(
    *,
    device_id: DeviceId,
    data: CloudData,
    account: AccountName = None,
    json: Json = False,
) -> None:
    """Remove a device with its tokens; the cloud hangs up on it at once. Alerts that rang there alone stay."""
    from bellwire.cli import records
    from bellwire.cli.account_api import api_on_this_machine, runs
    from bellwire.cloud.store.devices import remove_device

    if runs(data):
        with api_on_this_machine(data, account) as api:
            alone = [
                each["token"] for each in api.alerts() if not each["everywhere"] and [*each["devices"]] == [device_id]
            ]
            api.call("DELETE", "devices", device_id)
    else:
        with records.opened(data) as store:
            alone = store.run(remove_device, records.account_of(store, account).account_id, device_id)
    if json:
        put_json({"device_id": device_id, "removed": True, "alerts_without_device": alone})
        return
    say(f"device {device_id} removed")
    for token in alone:
        say(f"alert {token} rang there alone, and rings nowhere until: bellwire alert edit {token} --everywhere")


@app.command(epilog="Example: bellwire device approve BCDF-GHJK --name kitchen")
def approve(
    *,
    code: UserCode,
    data: CloudData,
    account: AccountName = None,
    name: Annotated[str | None, typer.Option(help="What you call it.", show_default="what it calls itself")] = None,
    json: Json = False,
) -> None:
    """Let in the speaker that shows a code, as a new device of the account. The cloud must run.

    Where there is no account yet, it makes one: home.
    """
    from bellwire.cli import records
    from bellwire.cli.account_api import api_on_this_machine, runs

    if runs(data):
        with records.opened(data) as store:
            account = records.account_or_first(store, account).name
    with api_on_this_machine(data, account) as api:
        device = api.call("POST", "device-approvals", body={"user_code": code, "name": name})
    if json:
        put_json(device)
        return
    kind = f" ({device['product']})" if device["product"] else ""
    say(f"device {device['name']}{kind} let in: {device['device_id']}, speaks {device['profile']}")
    say("it gets its tokens within seconds; if it is not the one before you: bellwire device remove, with this id")


@app.command(epilog="Example: bellwire device refuse BCDF-GHJK")
def refuse(*, code: UserCode, data: CloudData, account: AccountName = None, json: Json = False) -> None:
    """Tell the speaker that shows a code that it is not let in. The cloud must run."""
    from bellwire.cli.account_api import api_on_this_machine

    with api_on_this_machine(data, account) as api:
        api.call("POST", "device-refusals", body={"user_code": code})
    if json:
        put_json({"user_code": code, "refused": True})
    else:
        say(f"the speaker that shows {code} was refused")


@app.command(epilog="Example: bellwire device revoke 4f6c0f5e-0d0f-4c43-9d57-0c5f8f0c1a11")
def revoke(*, device_id: DeviceId, data: CloudData, account: AccountName = None, json: Json = False) -> None:
    """End all tokens of a device, at once. It stays, with its alerts, until it is removed."""
    from bellwire.cli import records
    from bellwire.cli.account_api import api_on_this_machine, runs
    from bellwire.cloud.granting import revoke_device

    if runs(data):
        with api_on_this_machine(data, account) as api:
            api.call("POST", "devices", device_id, "revocation")
    else:
        with records.opened(data) as store:
            store.run(revoke_device, records.account_of(store, account).account_id, device_id)
    if json:
        put_json({"device_id": device_id, "revoked": True})
    else:
        say(f"device {device_id} has no token any more; its alerts stay until it is removed")


def _listed(data: CloudData, account: AccountName) -> list[dict[str, Any]]:
    from bellwire.cli import records
    from bellwire.cli.account_api import api_on_this_machine, runs
    from bellwire.cloud.store.devices import list_devices

    if runs(data):
        with api_on_this_machine(data, account) as api:
            return api.devices()
    with records.opened(data) as store:
        devices = store.read(list_devices, records.account_of(store, account).account_id)
    return [{**device._asdict(), "connected": None} for device in devices]
