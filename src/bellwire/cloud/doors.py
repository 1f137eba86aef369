"""The way into the account API: who asks, how often, and with which conditions. Every route has them.

It knows requests before they reach a route; it must not know any route.
"""

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.routes import HTTPRoute

from bellwire.cloud.asgi import AsgiMessage, Scope, header
from bellwire.cloud.attempts import Attempts
from bellwire.cloud.auth import Tokens
from bellwire.cloud.conditions import conditions
from bellwire.cloud.identity import AccountIdentity
from bellwire.cloud.rates import Rate
from bellwire.cloud.refusal import Fault, Refusal


class Door(ASGIMiddleware):
    """Lets in who shows an account's token, and does not ask too often."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, prefix: str, tokens: Tokens[AccountIdentity], rate: Rate, clock: Callable[[], datetime]) -> None:
        """`prefix`: of the paths behind the door."""
        self._prefix = prefix
        self._tokens = tokens
        self._rate = rate
        self._clock = clock
        self._requests = Attempts(rate)

    async def handle(self, scope: Any, receive: Any, send: Any, next_app: Any) -> None:
        """Let a request in. Raises Unauthenticated, Refusal."""
        if not scope["path"].startswith(self._prefix):
            await next_app(scope, receive, send)
            return
        scope["user"] = identity = await self._tokens.identity(header(scope, b"authorization"))
        self._count(identity.account_id)
        with conditions() as asked:

            async def send_answer(message: AsgiMessage) -> None:
                asked.answered()
                await send(message)

            await next_app(scope, receive, send_answer)

    def _count(self, account_id: str) -> None:
        try:
            self._requests.take(account_id, self._clock())
        except Refusal as refusal:
            often = self._rate.most / self._rate.per.total_seconds()
            seconds = math.ceil(refusal.wait.total_seconds()) if refusal.wait else 1
            raise Refusal(
                Fault.TOO_MANY_REQUESTS,
                f"this account asks more than {often:g} times a second; try again in {seconds} s, or "
                f"have whoever runs the cloud raise it: bellwire cloud --limit requests={2 * often:g}",
                wait=refusal.wait,
            ) from None


def user_of(scope: Scope) -> AccountIdentity:
    """Who asks."""
    user: AccountIdentity = scope["user"]
    return user


async def name_methods(message: Any, scope: Any) -> None:
    """Have the answer to OPTIONS name all methods of its path (Litestar names those of one handler)."""
    if message["type"] == "http.response.start" and scope["method"] == "OPTIONS" and scope.get("path_template"):
        routes = [route for route in scope["litestar_app"].routes if isinstance(route, HTTPRoute)]
        methods = {each for route in routes if route.path_format == scope["path_template"] for each in route.methods}
        others = [each for each in message["headers"] if each[0].lower() != b"allow"]
        message["headers"] = [*others, (b"allow", ", ".join(sorted(methods)).encode())]
