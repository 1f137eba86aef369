"""Clouds and speakers that the kit looks at, each in a process of its own."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bellwire.cli.processes import free_port
from bellwire.conformance.case import Case, Side
from bellwire.conformance.checking import check_cloud, check_device
from bellwire.conformance.report.summary import Summary
from bellwire.protocol.profiles.profile import Offline, Profile

PATIENCE = 15.0
"""Seconds for what must come: far more than it takes, so that a busy machine fails no case."""


def _cli(*args: object) -> Any:
    command = [sys.executable, "-m", "bellwire", *map(str, args), "--json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


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
    account = await asyncio.to_thread(_cli, "account", "add", "kit", "--data", data)
    device = await asyncio.to_thread(
        _cli, "device", "add", "--account", "kit", "--profile", profile.name, "--data", data
    )
    options = ("--port", str(port), "--data", str(data))
    async with _process(*_command(bug, "cloud"), *options, log=folder / "log") as process:
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            assert (await process.stdout.readline()).startswith(b"ready"), (folder / "log").read_text()
        return await check_cloud(
            profile,
            f"https://localhost:{port}",
            data / "ca.pem",
            device["access_token"],
            account_token=account["token"],
            owner=None,
            cases=cases,
            patience=patience,
            strict=True,
            shown=lambda _: None,
        )


async def checked_device(
    folder: Path, profile: Profile, cases: Sequence[Case], bug: str | None = None, patience: float = PATIENCE
) -> Summary:
    """Our speaker, or one with a bug, and what the kit says of it; its buttons are pressed through a pipe."""
    press = _adapter(folder)
    port = free_port()
    leaving: list[asyncio.Task[None]] = []

    def ready(url: str, authority: Path) -> None:
        leaving.append(asyncio.create_task(_speaker(folder, profile, url, authority, bug)))

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
