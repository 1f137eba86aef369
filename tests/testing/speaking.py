"""Our own speaker under test, as anybody's firmware would be: a process with an address, a file and a token."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bellwire.cli.processes import Process
from bellwire.testing.cloud import Device, EmulatedCloud

PATIENCE = 30.0
"""Seconds for anything to happen: much more than it takes, so that a busy machine fails no test."""


class Speaker:
    """A speaker that runs."""

    def __init__(self, cloud: EmulatedCloud, process: Process, device: Device) -> None:
        self.cloud = cloud
        self.process = process
        self.device = device

    def until(self, event: str, **fields: Any) -> dict[str, Any]:
        """What it says of this event, once it does."""
        while True:
            said: dict[str, Any] = json.loads(self.process.line(PATIENCE))
            if said["event"] == event and all(said.get(name) == value for name, value in fields.items()):
                return said


@contextmanager
def speaking(cloud: EmulatedCloud, folder: Path, profile: str = "cic-ko-2022") -> Iterator[Speaker]:
    """A speaker of the cloud."""
    device = cloud.pair(profile)
    where = ("--url", cloud.url, "--ca", cloud.ca, "--token", device.access_token, "--profile", profile)
    options = (*where, "--data", folder / "speaker", "--output", "null", "--json")
    with Process("speaker", *options, log=folder / "speaker.log") as process:
        yield Speaker(cloud, process, device)
