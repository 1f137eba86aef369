"""Rows that were read or written before, kept in mind by the process that writes all the time: not read again.

It knows which statements change them, and how; it must not know what any row means, nor a driver.

Every event of a device compares its context with all of the device's standings, and changes one of them. To read ten
from the file again each time took as long as all else that SQLite does for an event; and to look into the file what is
to be said to the device after that, a tenth of all. The rows stay the truth: what is here is thrown away whenever
anything else may have changed them (another process, a transaction that was undone, a device that was removed).
"""

from collections.abc import Callable, Mapping
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias, TypeVar

import sqlalchemy as sa

from bellwire.cloud.store.alerts import MOVE_ALERT, SELECT_ALERT, SELECT_CONDUCTED
from bellwire.cloud.store.desires import DELETE_ABSENT_HERE, DESIRE, DESIRE_HERE, SILENCE, UNDESIRE_HERE
from bellwire.cloud.store.schema import accounts, alerts, devices, standings
from bellwire.cloud.store.standings import (
    DELETE_STANDING,
    REPORT,
    REPORT_AGAIN,
    REPORTED,
    SELECT_MARKS,
    SELECT_STANDINGS,
    SELECT_UNSETTLED,
    is_unsettled,
)
from bellwire.cloud.store.transaction import Args, Rows, Statement, Transaction

T = TypeVar("T")
_Key: TypeAlias = tuple[str, str]
"""Account and device, or account and token."""
Find: TypeAlias = Callable[[Args], Rows | None]
"""What a statement would give; None: that is not known."""
Note: TypeAlias = Callable[[Args, Rows], None]
"""Is told that a statement was executed, and what it gave."""

_MOST = 50_000
"""Rows kept in mind at most, some 25 MB; when there are more, all are forgotten."""


class UnknownError(LookupError):
    """What was asked for is not in mind: it has to be read."""


class View(NamedTuple):
    """What statements would give."""

    standings: Mapping[_Key, Mapping[str, Any]]
    """Of devices, by token."""
    marks: Mapping[_Key, Any]
    alerts: Mapping[_Key, Any]

    def find_of(self, statement: Statement) -> Find | None:
        """Whoever may know what a statement would give; None: nobody ever does."""
        find = _FINDS.get(statement)
        return None if find is None else partial(find, self)

    def perform(self, transaction: Transaction[T]) -> T:
        """The result of a transaction that only reads. Raises UnknownError when it needs what is not known here."""
        try:
            step = next(transaction)
            while True:
                statement, args = step
                find = _FINDS.get(statement)
                rows = None if find is None or isinstance(args, list) else find(self, args)
                if rows is None:
                    raise UnknownError(statement.description)
                step = transaction.send(rows)
        except StopIteration as end:
            result: T = end.value
            return result


def _all(view: View, args: Args) -> Rows | None:
    rows = view.standings.get(_device(args))
    return None if rows is None else list(rows.values())


def _unsettled(view: View, args: Args) -> Rows | None:
    rows = view.standings.get(_device(args))
    return None if rows is None else list(filter(is_unsettled, rows.values()))


def _marks(view: View, args: Args) -> Rows | None:
    row = view.marks.get(_device(args))
    return None if row is None else [row]


def _one_alert(view: View, args: Args) -> Rows | None:
    row = view.alerts.get(_alert(args))
    return None if row is None else [row]


_FINDS: dict[Statement, Callable[[View, Args], Rows | None]] = {
    SELECT_STANDINGS: _all,
    SELECT_UNSETTLED: _unsettled,
    SELECT_MARKS: _marks,
    SELECT_ALERT: _one_alert,
    SELECT_CONDUCTED: _one_alert,
}


_reported_anew = itemgetter(*(f"new_{name}" for name in REPORTED))
"""The last columns of SELECT_STANDINGS, as REPORT_AGAIN has them."""


def _device(args: Args) -> _Key:
    return args["account_id"], args["device_id"]


def _alert(args: Args) -> _Key:
    return args["account_id"], args["token"]


class _Shelf(dict[_Key, Any]):
    """Values by key as they are in the transaction that is open, and as they were at the last commit."""

    def __init__(self) -> None:
        super().__init__()
        self.committed: dict[_Key, Any] = {}
        self._changed: set[_Key] = set()

    def put(self, key: _Key, value: Any) -> None:
        self[key] = value
        self._changed.add(key)

    def drop(self, key: _Key) -> None:
        self.pop(key, None)
        self._changed.add(key)

    def drop_all(self) -> None:
        self._changed |= self.keys() | self.committed.keys()
        self.clear()

    def commit(self) -> None:
        for key in self._changed:
            if key in self:
                self.committed[key] = self[key]
            else:
                self.committed.pop(key, None)
        self._changed.clear()

    def forget(self) -> None:
        self.clear()
        self.committed.clear()
        self._changed.clear()


class InMind:
    """The rows as they are inside the transaction that is open, and as the last commit left them.

    The connection that writes tells of every statement that it executed; nobody else may write meanwhile.
    """

    def __init__(self) -> None:
        self._standings, self._marks, self._alerts = self._shelves = _Shelf(), _Shelf(), _Shelf()
        """The standings of a device by token are never changed, for transactions hold them: they are replaced."""
        self._view = View(*self._shelves)
        self.committed = View(*(shelf.committed for shelf in self._shelves))
        """For whoever only reads. What another process wrote it knows from the next transaction on."""
        self.find_of = self._view.find_of
        self._count = 0
        self._version: int | None = None
        self._notes = _Notes(
            {
                SELECT_STANDINGS: self._read_standings,
                SELECT_CONDUCTED: self._read_alert,
                REPORT: self._reported,
                REPORT_AGAIN: self._reported_again,
                DESIRE: self._desired,
                SILENCE: self._silenced,
                DELETE_STANDING: self._deleted,
                DESIRE_HERE: self.forget_standings_of,
                UNDESIRE_HERE: self.forget_standings_of,
                DELETE_ABSENT_HERE: self.forget_standings_of,
                MOVE_ALERT: self._moved,
            },
            self,
        )

    def believe(self, version: int) -> None:
        """Say at the beginning of a transaction what SQLite's `data_version` is: it tells whether another one wrote."""
        if version != self._version:
            self._version = version
            self.forget()

    def commit(self) -> None:
        """Say that what was changed is on the disk: others may know of it."""
        for shelf in self._shelves:
            shelf.commit()

    def forget(self) -> None:
        """Read everything anew."""
        for shelf in self._shelves:
            shelf.forget()
        self._count = 0

    def note_of(self, statement: Statement) -> Note | None:
        """Whoever is to be told that the connection that writes executed this statement; None: nobody."""
        return self._notes[statement]

    def note_each(self, statement: Statement, args: list[Args]) -> None:
        """The connection that writes executed a statement with each of these arguments."""
        note = self._notes[statement]
        if note == self.forget_standings_of:
            for one in args:
                note(one, [])
        elif note is not None:
            self.forget()

    def note_read_of(self, statement: Statement) -> Note | None:
        """Whoever is to be told what a statement gave to somebody who only reads what is on the disk; None: nobody."""
        return self._read_marks if statement is SELECT_MARKS else None

    def _read_marks(self, args: Args, rows: Rows) -> None:
        for row in rows:
            self._marks.committed[_device(args)] = row

    def forget_standings(self, args: Args, rows: Rows) -> None:
        """What was done to standings of these devices is not known here."""
        account_id: str | None = args.get("account_id")
        if account_id is None:
            self.forget()
        else:
            for changed in rows:
                self._standings.drop((account_id, changed.device_id))

    def forget_standings_of(self, args: Args, _: Rows) -> None:
        """What was done to standings of this device is not known here."""
        self._standings.drop(_device(args))

    def forget_marks(self, args: Args, _: Rows) -> None:
        """The marks of one device are others now; of which one, where that is not told."""
        if "account_id" in args and "device_id" in args:
            self._marks.drop(_device(args))
        else:
            self._marks.drop_all()

    def forget_alert(self, args: Args, _: Rows) -> None:
        """One alert is another now; which one, where that is not told."""
        if "account_id" in args and "token" in args:
            self._alerts.drop(_alert(args))
        else:
            self.forget_alerts()

    def forget_alerts(self) -> None:
        """Any alert may be another now."""
        self._alerts.drop_all()

    def _read_standings(self, args: Args, rows: Rows) -> None:
        self._make_room(len(rows))
        self._standings.put(_device(args), {row.token: row for row in rows})

    def _read_alert(self, args: Args, rows: Rows) -> None:
        if rows:
            self._make_room(1)
            self._alerts.put(_alert(args), rows[0])

    def _make_room(self, count: int) -> None:
        self._count += count
        if self._count > _MOST:
            self.forget()
            self._count = count

    def _reported(self, args: Args, _: Rows) -> None:
        device = _device(args)
        rows = self._standings.get(device, {})
        row = rows.get(args["token"])
        if row is None:  # one that nobody knew of
            self._standings.drop(device)
        else:
            changed = row._replace(**{name: args[name] for name in REPORTED})
            self._standings.put(device, {**rows, row.token: changed})

    def _reported_again(self, args: Args, _: Rows) -> None:
        device, token = _device(args), args["token"]
        rows = self._standings.get(device, {})
        row = rows.get(token)
        if row is not None:
            changed = row._make((*row[: -len(REPORTED)], *_reported_anew(args)))
            self._standings.put(device, {**rows, token: changed})

    def _desired(self, args: Args, rows: Rows) -> None:
        desired = {"desired_ms": args["new_desired_ms"], "desired_version": args["new_desired_version"]}
        silenced = args["new_silenced_ms"]
        self._change(args, rows, desired if silenced is None else {**desired, "silenced_ms": silenced})

    def _silenced(self, args: Args, rows: Rows) -> None:
        self._change(args, rows, {"silenced_ms": args["silenced_ms"]})

    def _change(self, args: Args, rows: Rows, values: Args) -> None:
        """One alert has these values on all the devices of which there are `rows`."""
        token = args["token"]
        for changed in rows:
            device = args["account_id"], changed.device_id
            known = self._standings.get(device)
            if known is not None:
                self._standings.put(device, {**known, token: known[token]._replace(**values)})

    def _deleted(self, args: Args, _: Rows) -> None:
        device = _device(args)
        known = self._standings.get(device)
        if known is not None:
            self._standings.put(device, {token: row for token, row in known.items() if token != args["token"]})

    def _moved(self, args: Args, _: Rows) -> None:
        row = self._alerts.get(_alert(args))
        if row is not None:
            values = {name: args[f"new_{name}"] for name in ("scheduled_ms", "snoozed_from_ms", "snoozes")}
            self._alerts.put(_alert(args), row._replace(**values))


class _Notes(dict[Statement, Note | None]):
    """What each statement does to what is in mind; None: nothing. One that is not known by name is looked at once."""

    def __init__(self, known: dict[Statement, Note], in_mind: InMind) -> None:
        super().__init__(known)
        self._in_mind = in_mind

    def __missing__(self, statement: Statement) -> Note | None:
        note = self[statement] = self._effect_of(statement.clause)
        return note

    def _effect_of(self, clause: Any) -> Note | None:
        mind = self._in_mind
        if not isinstance(clause, sa.sql.dml.UpdateBase):
            return None
        if isinstance(clause, sa.Delete) and clause.table in {accounts, devices}:
            return _always(mind.forget)
        if clause.table is standings:
            tells_where = not isinstance(clause, sa.Insert) and "device_id" in clause.exported_columns
            return mind.forget_standings if tells_where else _always(mind.forget)
        is_new = isinstance(clause, sa.Insert) and "ON CONFLICT" not in str(clause)
        return None if is_new else self._of_change(clause)  # of what is new, nothing is in mind

    def _of_change(self, clause: Any) -> Note | None:
        mind = self._in_mind
        if clause.table is alerts:
            return mind.forget_alert
        if clause.table is accounts:  # whose conduct was read with their alerts
            return _always(mind.forget_alerts)
        changes_marks = clause.table is devices and any(mark in str(clause) for mark in ("sync_seq", "command_seq"))
        return mind.forget_marks if changes_marks else None


def _always(forget: Callable[[], None]) -> Note:
    return lambda _args, _rows: forget()
