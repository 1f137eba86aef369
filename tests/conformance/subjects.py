"""Clouds and speakers that the kit looks at, each in a process of its own."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bellwire.cli.processes import free_port
from bellwire.cloud.auth import hash_of, new_token
from bellwire.cloud.store.accounts import add_account, add_account_token
from bellwire.cloud.store.devices import Device, add_device
from bellwire.cloud.store.opening import open_now
from bellwire.conformance.case import Case, Side
from bellwire.conformance.checking import check_cloud, check_device
from bellwire.conformance.report.summary import Summary
from bellwire.protocol.profiles.profile import Offline, Profile

PATIENCE = 15.0
"""Seconds for what must come: far more than it takes, so that a busy machine fails no case."""


START = 60.0
"""Seconds for a process to be there, beside many others that begin too."""


def _account_and_device(data: Path, profile: Profile) -> tuple[str, str]:
    """A token of an account and one of its device, in the files of a cloud that is about to start."""
    account_token, device_token, now = new_token(), new_token(), datetime.now(UTC)
    data.mkdir()
    with open_now(data / "bellwire.db") as rows:
        rows.run(add_account, "kit", "kit", "UTC", now)
        rows.run(add_account_token, "kit", hash_of(account_token), None, now)
        rows.run(add_device, "kit", Device("device", "kit", profile.name), hash_of(device_token), now)
    return account_token, device_token


@asynccontextmanager
async def _process(*command: str, log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    with log.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=stderr
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


def _command(bug: str | None, what: str) -> Sequence[str]:
    return ("-m", "tests.conformance.broken", bug, what) if bug else ("-m", "bellwire", what)


async def checked_cloud(
    folder: Path, profile: Profile, cases: Sequence[Case], bug: str | None = None, patience: float = PATIENCE
) -> Summary:
    """Our cloud, or one with a bug, and what the kit says of it."""
    data, port = folder / "cloud", free_port()
    account_token, device_token = _account_and_device(data, profile)
    options = ("--port", str(port), "--data", str(data))
    async with _process(*_command(bug, "cloud"), *options, log=folder / "log") as process:
        assert process.stdout is not None
        async with asyncio.timeout(START):
            assert (await process.stdout.readline()).startswith(b"ready"), (folder / "log").read_text()
        return await check_cloud(
            profile,
            f"https://localhost:{port}",
            data / "ca.pem",
            device_token,
            account_token=account_token,
            owner=None,
            cases=cases,
            patience=patience,
            strict=True,
            shown=lambda _: None,
        )


async def checked_device(
    folder: Path,
    profile: Profile,
    cases: Sequence[Case],
    bug: str | None = None,
    patience: float = PATIENCE,
    *,
    by: str = "localhost",
) -> Summary:
    """Our speaker, or one with a bug, and what the kit says of it; its buttons are pressed through a pipe.

    `by`: the name or address by which the speaker knows the kit.
    """
    press = _adapter(folder)
    port = free_port()
    leaving: list[asyncio.Task[None]] = []

    def ready(url: str, authority: Path) -> None:
        leaving.append(asyncio.create_task(_speaker(folder, profile, url.replace("localhost", by), authority, bug)))

    try:
        return await check_device(
            profile,
            "127.0.0.1",
            port,
            folder / "kit",
            buttons=str(press),
            cases=cases,
            patience=patience,
            strict=True,
            ready=ready,
            shown=lambda _: None,
        )
    finally:
        for task in leaving:
            task.cancel()
        await asyncio.gather(*leaving, return_exceptions=True)


async def _speaker(folder: Path, profile: Profile, url: str, authority: Path, bug: str | None) -> None:
    forgets = profile.offline is Offline.DELETE  # the documents' letter, which the kit goes by
    if bug is None:
        where = ("--url", url, "--ca", str(authority), "--token", "kit", "--data", str(folder / "speaker"))
        options = (*where, "--profile", profile.name, "--output", "null", *(["--strict"] if forgets else []))
    else:
        settings = {
            "cloud": url,
            "access_token": "kit",
            "profile": profile.name,
            "folder": str(folder / "speaker"),
            "ca": str(authority),
            "output": "null",
            "record": None,
            "json": False,
            "offline_grace": 0.0 if forgets else None,
        }
        options = (json.dumps(settings),)
    async with _process(*_command(bug, "speaker"), *options, log=folder / "log") as process:
        await _press(folder / "buttons", process)


def _adapter(folder: Path) -> Path:
    """The command that presses buttons, as a maker would write it: a shell script."""
    os.mkfifo(folder / "buttons")
    press = folder / "press.sh"
    press.write_text(f'#!/bin/sh\necho "$1" > "{folder / "buttons"}"\n')
    press.chmod(0o755)
    return press


async def _press(fifo: Path, process: asyncio.subprocess.Process) -> None:
    """Hand what is written into the pipe to the speaker, until this is cancelled."""
    assert process.stdin is not None
    # Opened for writing too: so it is never at its end.
    reader = asyncio.StreamReader()
    with os.fdopen(os.open(fifo, os.O_RDWR | os.O_NONBLOCK), "rb", buffering=0) as pipe:
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), pipe
        )
        try:
            while line := await reader.readline():
                process.stdin.write(line)
                await process.stdin.drain()
        finally:
            transport.close()


def check(side: Side) -> Any:
    """How a subject of this side is checked."""
    return checked_cloud if side is Side.CLOUD else checked_device
