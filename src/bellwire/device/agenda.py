"""A device's alerts: by token, by what falls due next, and by what has changed since.

It knows how to find an alert without looking at all of them; it must not know why one changes.
An `Agenda` is a value: it is never changed, only replaced by the one that a `Draft` makes of it. Looking costs the same
for ten alerts as for ten thousand; a change costs a copy of two lists.
"""

from __future__ import annotations  # a state has an agenda, an agenda has what a state holds

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from datetime import datetime
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from bellwire.alerts.lifecycle import SOUNDING, Life

if TYPE_CHECKING:
    from bellwire.device.held import Held

_BUSY = SOUNDING | {Life.WAITING}

Turn = tuple[datetime, str]
"""`Held.turn`: time and token."""


class Agenda(Mapping[str, "Held"]):
    """Alerts by token."""

    __slots__ = ("_busy", "_changed", "_heap", "_held", "_mark", "_origin", "_snoozed")

    def __init__(self, alerts: Iterable[Held] = ()) -> None:
        self._held = {held.token: held for held in alerts}
        self._heap = [held.turn for held in self._held.values() if held.life is Life.SET]
        heapify(self._heap)
        self._busy = frozenset(held.token for held in self._held.values() if held.life in _BUSY)
        self._snoozed = frozenset(held.token for held in self._held.values() if held.life is Life.SNOOZED)
        self._mark = self._origin = object()
        self._changed: frozenset[str] = frozenset()

    def __getitem__(self, token: str) -> Held:
        return self._held[token]

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    @property
    def sounding(self) -> Held | None:
        """The one that has the bell, heard or muted."""
        if not self._busy:
            return None  # nearly always, and asked in every turn
        return next((held for held in self.busy() if held.life in SOUNDING), None)

    def next_times(self) -> Iterator[datetime]:
        """When the next one falls due, and when one that is snoozed rings again: that waits for the bell."""
        if self._heap:
            yield self._heap[0][0]
        if self.sounding is None:
            yield from (self._held[token].due_at for token in self._snoozed)

    def busy(self) -> Iterator[Held]:
        """Those that are due and not over: the one that has the bell, and those that wait for it."""
        return (self._held[token] for token in self._busy)

    def changes_since(self, before: Agenda) -> frozenset[str]:
        """Tokens of alerts that are not the same as they were; also those that came, and that are gone."""
        if before is self:
            return frozenset()
        if self._origin is before._mark:
            return self._changed
        tokens = before._held.keys() | self._held.keys()
        return frozenset(token for token in tokens if self._held.get(token) is not before._held.get(token))


class Draft(MutableMapping[str, "Held"]):
    """The alerts of an agenda while they change."""

    def __init__(self, before: Agenda) -> None:
        self._before = before
        self._held = before._held
        self._heap = before._heap
        self._busy = before._busy
        self._snoozed = before._snoozed
        self._changed: set[str] = set()
        """Empty: the parts are still those of `before`, and must not be changed."""

    def __getitem__(self, token: str) -> Held:
        return self._held[token]

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def __setitem__(self, token: str, held: Held) -> None:
        self._note(token)
        was = self._held.get(token)
        self._held[token] = held
        if held.life is Life.SET and not (was and was.life is Life.SET and was.turn == held.turn):
            heappush(self._heap, held.turn)
        self._busy = self._busy | {token} if held.life in _BUSY else self._busy - {token}
        self._snoozed = self._snoozed | {token} if held.life is Life.SNOOZED else self._snoozed - {token}

    def __delitem__(self, token: str) -> None:
        self._note(token)
        del self._held[token]
        self._busy -= {token}
        self._snoozed -= {token}

    @property
    def sounding(self) -> Held | None:
        """The one that has the bell, heard or muted."""
        if not self._busy:
            return None
        return next((held for held in map(self._held.__getitem__, self._busy) if held.life in SOUNDING), None)

    def waiting(self, now: datetime) -> list[Held]:
        """Those that wait for the bell, and those that were snoozed until now, in the order in which they get it."""
        if not self._busy and not self._snoozed:
            return []
        waiting = (self._held[token] for token in self._busy if self._held[token].life is Life.WAITING)
        again = (self._held[token] for token in self._snoozed if self._held[token].due_at <= now)
        return sorted((*waiting, *again), key=lambda held: held.turn)

    def counting(self) -> list[Held]:
        """Those that count the time that has gone by, as no other alert does: that ring, wait, or are snoozed."""
        return [self._held[token] for token in self._busy | self._snoozed]

    def due(self, now: datetime) -> list[Held]:
        """Those that are set for a time that has come, in the order in which they ring."""
        if not self._heap or self._heap[0][0] > now:
            return []
        heap = list(self._heap)
        found: dict[Turn, Held] = {}
        while heap and heap[0][0] <= now:
            turn = heappop(heap)
            if self._is_set(turn):
                found[turn] = self._held[turn[1]]
        return list(found.values())

    def agenda(self) -> Agenda:
        """The value that it has become; the draft must not be used any more."""
        if not self._changed:
            return self._before
        self._clear_the_heap()
        after = Agenda.__new__(Agenda)
        after._held, after._heap, after._busy, after._snoozed = self._held, self._heap, self._busy, self._snoozed
        after._mark, after._origin, after._changed = object(), self._before._mark, frozenset(self._changed)
        return after

    def _note(self, token: str) -> None:
        if not self._changed:
            self._held, self._heap = dict(self._held), list(self._heap)
        self._changed.add(token)

    def _is_set(self, turn: Turn) -> bool:
        held = self._held.get(turn[1])
        return held is not None and held.life is Life.SET and held.turn == turn

    def _clear_the_heap(self) -> None:
        """What was set otherwise since then stays in the heap, until it comes to the top or there is too much of it."""
        while self._heap and not self._is_set(self._heap[0]):
            heappop(self._heap)
        if len(self._heap) > 2 * len(self._held) + 16:
            self._heap = list({turn for turn in self._heap if self._is_set(turn)})
            heapify(self._heap)
