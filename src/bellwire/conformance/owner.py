"""The owner of the account on the cloud that is checked: has it set, change and delete alerts.

It knows two ways to do that, this cloud's account API and a command of anybody's; it must not know cases.
"""

import asyncio
import os
import shlex
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import httpx

from bellwire.conformance.case import OutOfReach, Unmet

PATIENCE = 20.0
"""Seconds for one thing to be done."""


class Owner(Protocol):
    """Who can do with the account what its owner can. Each raises OutOfReach where this cloud gives no way to do it."""

    async def add(self, kind: str, seconds: float, *, label: str = "", every: str = "once") -> str:
        """Have an alert of this kind set, due in so many seconds; `every`: once or daily. Its token."""

    async def change(self, token: str, seconds: float) -> None:
        """Have an alert ring in so many seconds instead."""

    async def delete(self, token: str) -> None:
        """Have an alert deleted; one that is gone already is no error."""

    async def volume(self, volume: int) -> None:
        """Have the device told to ring so loud."""

    async def software(self) -> None:
        """Have the device asked for its software."""

    async def close(self) -> None:
        """Nothing more is wanted."""


class Nobody:
    """There is no owner: what needs one is out of reach."""

    async def add(self, kind: str, seconds: float, *, label: str = "", every: str = "once") -> str:
        """Out of reach."""
        raise OutOfReach(_NOBODY)

    async def change(self, token: str, seconds: float) -> None:
        """Out of reach."""
        raise OutOfReach(_NOBODY)

    async def delete(self, token: str) -> None:
        """Out of reach."""
        raise OutOfReach(_NOBODY)

    async def volume(self, volume: int) -> None:
        """Out of reach."""
        raise OutOfReach(_NOBODY)

    async def software(self) -> None:
        """Out of reach."""
        raise OutOfReach(_NOBODY)

    async def close(self) -> None:
        """Nothing to do."""


_NOBODY = "nobody can set alerts on this cloud: give --account-token (a bellwire cloud) or --owner COMMAND (any)"


class AccountOwner:
    """By the account API of a bellwire cloud."""

    def __init__(self, url: str, authority: Path | None, token: str) -> None:
        trust = ssl.create_default_context(cafile=authority)
        headers = {"Authorization": f"Bearer {token}"}
        self._client = httpx.AsyncClient(base_url=url, headers=headers, verify=trust, timeout=PATIENCE, trust_env=False)

    async def add(self, kind: str, seconds: float, *, label: str = "", every: str = "once") -> str:
        """POST /alerts."""
        wish = {"kind": kind, "label": label, "at": _instant(seconds)}
        if every != "once":
            wish["every"] = every
        shown = await self._ask("POST", "alerts", wish)
        token: str = shown["token"]
        return token

    async def change(self, token: str, seconds: float) -> None:
        """PATCH /alerts/TOKEN."""
        await self._ask("PATCH", f"alerts/{token}", {"at": _instant(seconds)})

    async def delete(self, token: str) -> None:
        """DELETE /alerts/TOKEN."""
        await self._ask("DELETE", f"alerts/{token}", fine={404})

    async def volume(self, volume: int) -> None:
        """POST /devices/ID/volume."""
        await self._ask("POST", f"devices/{await self._device()}/volume", {"volume": volume})

    async def software(self) -> None:
        """POST /devices/ID/software."""
        await self._ask("POST", f"devices/{await self._device()}/software")

    async def close(self) -> None:
        """Close the connection."""
        await self._client.aclose()

    async def _device(self) -> str:
        """The device that is played: the one that is connected."""
        connected = [each["device_id"] for each in await self._devices() if each["connected"]]
        if len(connected) != 1:
            raise OutOfReach(
                f"{len(connected)} devices of this account are connected: it can't be told which is played"
            )
        device: str = connected[0]
        return device

    async def _devices(self) -> list[dict[str, Any]]:
        """All devices of the account, page by page."""
        page = await self._ask("GET", "devices")
        found: list[dict[str, Any]] = page["devices"]
        while page["next"]:
            page = await self._ask("GET", f"devices?after={page['next']}")
            found += page["devices"]
        return found

    async def _ask(
        self, method: str, path: str, body: object = None, *, fine: frozenset[int] | set[int] = frozenset()
    ) -> Any:
        try:
            answer = await self._client.request(method, f"/api/v1/{path}", json=body)
        except httpx.HTTPError as error:
            raise Unmet(
                f"an answer of the account API to {method} {path}", str(error) or type(error).__name__
            ) from None
        if answer.is_error and answer.status_code not in fine:
            raise Unmet(f"the account API to do {method} {path}", f"{answer.status_code} {answer.text[:500]}")
        return answer.json() if answer.content and not answer.is_error else None


class CommandOwner:
    """By a command, which is run with what is wanted as its arguments.

    ``COMMAND add KIND SECONDS EVERY LABEL`` prints the token; ``change TOKEN SECONDS``; ``delete TOKEN``;
    ``volume 0..100``; ``software``. Exit status 0: done; 3: it has no way to do that; any other: it failed.
    """

    def __init__(self, command: str) -> None:
        self._command = shlex.split(command)

    async def add(self, kind: str, seconds: float, *, label: str = "", every: str = "once") -> str:
        """``add KIND SECONDS EVERY LABEL``."""
        return await self._run("add", kind, f"{seconds:g}", every, label)

    async def change(self, token: str, seconds: float) -> None:
        """``change TOKEN SECONDS``."""
        await self._run("change", token, f"{seconds:g}")

    async def delete(self, token: str) -> None:
        """``delete TOKEN``."""
        await self._run("delete", token)

    async def volume(self, volume: int) -> None:
        """``volume 0..100``."""
        await self._run("volume", str(volume))

    async def software(self) -> None:
        """``software``."""
        await self._run("software")

    async def close(self) -> None:
        """Nothing to do."""

    async def _run(self, *words: str) -> str:
        return await run_command(self._command, *words)


async def run_command(command: list[str], *words: str, environment: Mapping[str, str] | None = None) -> str:
    """Run somebody's command; what it prints. Raises OutOfReach for status 3, Unmet when it fails or hangs."""
    told = shlex.join([*command, *words])
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **(environment or {})},
        )
    except OSError as error:
        raise Unmet(f"the command {told!r} to run", str(error)) from None
    try:
        async with asyncio.timeout(PATIENCE):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise Unmet(f"the command {told!r} to end within {PATIENCE:g} s", "it did not") from None
    said = err.decode(errors="replace").strip().rpartition("\n")[2]
    if process.returncode == _HAS_NO_WAY:
        raise OutOfReach(f"the command has no way to do {words[0]!r}: {said or 'it says no more'}")
    if process.returncode:
        raise Unmet(f"the command {told!r} to succeed", f"it ended with {process.returncode}: {said or 'no word'}")
    return out.decode(errors="replace").strip()


_HAS_NO_WAY = 3


def _instant(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="seconds")
