"""`bellwire emulate` on the command line; what its control does is tests/emulation's affair."""

import json
import socket
import ssl
from pathlib import Path

import httpx
import pytest

from bellwire.cli.processes import Process
from tests.cli.running import ran_alone

PATIENCE = 60.0
"""Seconds for it to serve: much more than it takes."""


def test_it_says_where_it_is_and_ends_with_who_started_it_without_a_trace(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with Process("emulate", "--attached", "--json", log=log, environment={"TMPDIR": str(tmp_path)}) as process:
        said = json.loads(process.line(PATIENCE))
        assert said["ready"].startswith("https://localhost:")
        assert tmp_path in Path(said["ca"]).parents
        assert httpx.get(said["control"], timeout=PATIENCE).json()["url"] == said["ready"]
        process.close_input()
        assert process.code() == 0
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


@pytest.mark.parametrize("option", ["--port", "--control-port"])
def test_a_port_that_is_taken_is_an_error(option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        complaint = ran_alone("emulate", option, str(port)).complaint
    assert f"127.0.0.1 port {port}" in complaint
    assert f"choose another with {option}" in complaint


def test_for_devices_elsewhere_only_their_own_port_is_open(tmp_path: Path) -> None:
    with Process("emulate", "--attached", "--json", "--host", "0.0.0.0", log=tmp_path / "log") as process:
        said = json.loads(process.line(PATIENCE))
        assert listening(process.pid) == {("0.0.0.0", int(said["ready"].rpartition(":")[2]))}
        cloud = httpx.get(said["control"], timeout=PATIENCE).json()
        trusted = ssl.create_default_context(cafile=said["ca"])
        for url in (cloud["url"], cloud["account_url"]):
            assert httpx.get(f"{url}/schema/openapi.json", verify=trusted, timeout=PATIENCE).is_success


def listening(pid: int) -> set[tuple[str, int]]:
    """Where a process takes connections from other machines, as Linux tells it."""
    sockets = {link.readlink().name for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    rows = [row.split() for row in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    places = [row[1].split(":") for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets]
    where = {(socket.inet_ntoa(bytes.fromhex(address)[::-1]), int(port, 16)) for address, port in places}
    return {place for place in where if not place[0].startswith("127.")}
