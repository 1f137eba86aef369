"""How often somebody has tried, in bounded memory. It knows keys and rates; it must not know who or what is behind a
key, nor read a clock.
"""

import math
from collections import OrderedDict
from datetime import datetime, timedelta

from bellwire.cloud.rates import Rate, charged, given_back, wait_for
from bellwire.cloud.refusal import Fault, Refusal

_REMEMBERED = 10_000
"""Keys kept in mind at most; when there are more, the one that has not tried for longest is forgotten."""


class Attempts:
    """Attempts of one kind."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._due: OrderedDict[str, datetime] = OrderedDict()

    def check(self, key: str, now: datetime) -> None:
        """Raises Refusal when there were too many."""
        wait = wait_for(self._due.get(key), self._rate, now)
        if wait > timedelta(0):
            seconds = math.ceil(wait.total_seconds())
            raise Refusal(
                Fault.TOO_MANY_REQUESTS,
                f"that was tried too often; try again in {seconds} seconds",
                wait=timedelta(seconds=seconds),
            )

    def count(self, key: str, now: datetime) -> None:
        """One attempt more."""
        self._due[key] = charged(self._due.get(key), self._rate, now)
        self._due.move_to_end(key)
        if len(self._due) > _REMEMBERED:
            self._due.popitem(last=False)

    def give_back(self, key: str) -> None:
        """One attempt less: it was counted before it was known to be none."""
        if key in self._due:
            self._due[key] = given_back(self._due[key], self._rate)

    def take(self, key: str, now: datetime) -> None:
        """One attempt more, unless there were too many. Raises Refusal."""
        self.check(key, now)
        self.count(key, now)
