"""Pairs a speaker by code: performs what `code_flow` decides.

It knows the clock and the authorization server; it must not know how a code is shown or where tokens are kept.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from bellwire.device.authorization import AuthorizationServer
from bellwire.device.code_flow import Ended, Flow, after
from bellwire.device.grant import DeviceCode, Failed, Grant


class NotPaired(Exception):
    """The cloud will not have the speaker; says why."""


class Watcher(Protocol):
    """Who shows it to people. The calls must return at once."""

    def code(self, code: DeviceCode) -> None:
        """Somebody is to confirm it; the one before is over."""

    def waits(self, reason: str) -> None:
        """The cloud can't be asked now; it will be asked again."""


async def pair(
    server: AuthorizationServer, watcher: Watcher, *, profile: str, product: str, chance: Callable[[], float]
) -> Grant:
    """What somebody granted, however long that takes. `chance` draws a number from 0 to 1. Raises NotPaired."""
    now = asyncio.get_running_loop().time
    flow = Flow(now())
    while True:
        await asyncio.sleep(max(0.0, flow.next_at - now()))
        asked = flow.asks_about(now())
        if asked is None:
            flow = Flow(flow.next_at, failures=flow.failures)
        answer = await (server.granted(asked.device_code) if asked else server.code(profile, product))
        if isinstance(answer, DeviceCode):
            watcher.code(answer)
        elif isinstance(answer, Failed):
            watcher.waits(answer.reason)
        outcome = after(flow, answer, now(), chance())
        if isinstance(outcome, Grant):
            return outcome
        if isinstance(outcome, Ended):
            raise NotPaired(f"{server.name}: {outcome.why}")
        flow = outcome
