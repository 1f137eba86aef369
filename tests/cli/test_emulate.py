"""`bellwire emulate` on the command line; what its control does is tests/emulation's affair."""

import json
import socket
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
