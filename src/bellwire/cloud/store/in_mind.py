"""Standings that were read before, kept in mind by the one connection that writes them: they are not read again.

It knows which statements change standings, and how; it must not know what any standing means, nor a driver.

Every event of a device compares its context with all of the device's standings, and changes one of them. To read ten
from the file again each time took as long as all else that SQLite does for an event. The rows stay the truth: what is
here is thrown away whenever anything else may have changed them (another process, a transaction that was undone, a
device that was removed).
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import sqlalchemy as sa

from bellwire.cloud.store.schema import accounts, devices, standings
from bellwire.cloud.store.standings import DELETE_STANDING, DESIRE, REPORT, REPORTED, SELECT_STANDINGS, SILENCE
from bellwire.cloud.store.transaction import Args, Rows, Statement

_Device: TypeAlias = tuple[str, str]
_Note: TypeAlias = Callable[[Args, Rows], None]

_MOST = 50_000
"""Rows kept in mind at most, some 25 MB; when there are more, all are forgotten."""


class StandingsInMind:
    """The rows of SELECT_STANDINGS by device, as they are now inside the transaction that is open.

    The connection that writes tells of every statement that it executed; nobody else may write meanwhile.
    """

    def __init__(self) -> None:
        self._of: dict[_Device, dict[str, Any]] = {}
        """By token; the rows of a device are never changed, for transactions hold them: they are replaced."""
        self._count = 0
        self._version: int | None = None
        self._notes = _Notes(
            {
                SELECT_STANDINGS: self._read,
                REPORT: self._reported,
                DESIRE: self._desired,
                SILENCE: self._silenced,
                DELETE_STANDING: self._deleted,
            },
            self._forget_those,
            self.forget,
        )

    def believe(self, version: int) -> None:
        """Say at the beginning of a transaction what SQLite's `data_version` is: it tells whether another one wrote."""
        if version != self._version:
            self._version = version
            self.forget()

    def forget(self) -> None:
        """Read everything anew."""
        self._of = {}
        self._count = 0

    def recall(self, statement: Statement, args: Args | list[Args]) -> Rows | None:
        """What a statement would give; None: that is not known here."""
        if statement is not SELECT_STANDINGS or isinstance(args, list):
            return None
        rows = self._of.get(_device(args))
        return None if rows is None else list(rows.values())

    def note(self, statement: Statement, args: Args | list[Args], rows: Rows) -> None:
        """A statement was executed, and gave these rows."""
        note = self._notes[statement]
        if note is None:
            return
        if isinstance(args, list):
            self.forget()
        else:
            note(args, rows)

    def _read(self, args: Args, rows: Rows) -> None:
        self._count += len(rows)
        if self._count > _MOST:
            self.forget()
        self._of[_device(args)] = {row.token: row for row in rows}

    def _reported(self, args: Args, _: Rows) -> None:
        device = _device(args)
        row = self._of.get(device, {}).get(args["token"])
        if row is None:  # one that nobody knew of
            self._of.pop(device, None)
        else:
            self._replace(device, row._replace(**{name: args[name] for name in REPORTED}))

    def _desired(self, args: Args, rows: Rows) -> None:
        desired = {"desired_ms": args["new_desired_ms"], "desired_version": args["new_desired_version"]}
        silenced = args["new_silenced_ms"]
        self._change(args, rows, desired if silenced is None else {**desired, "silenced_ms": silenced})

    def _silenced(self, args: Args, rows: Rows) -> None:
        self._change(args, rows, {"silenced_ms": args["silenced_ms"]})

    def _change(self, args: Args, rows: Rows, values: Args) -> None:
        """One alert has these values on all the devices of which there are `rows`."""
        for changed in rows:
            device = args["account_id"], changed.device_id
            known = self._of.get(device)
            if known is not None:
                self._replace(device, known[args["token"]]._replace(**values))

    def _forget_those(self, args: Args, rows: Rows) -> None:
        """What was done to standings of these devices is not known here."""
        account_id: str | None = args.get("account_id")
        if account_id is None:
            self.forget()
        else:
            for changed in rows:
                self._of.pop((account_id, changed.device_id), None)

    def _deleted(self, args: Args, _: Rows) -> None:
        known = self._of.get(_device(args))
        if known is not None:
            self._of[_device(args)] = {token: row for token, row in known.items() if token != args["token"]}

    def _replace(self, device: _Device, row: Any) -> None:
        self._of[device] = {**self._of[device], row.token: row}


def _device(args: Args) -> _Device:
    return args["account_id"], args["device_id"]


class _Notes(dict[Statement, _Note | None]):
    """What each statement does to what is in mind; None: nothing. One that is not known by name is looked at once."""

    def __init__(self, known: dict[Statement, _Note], forget_those: _Note, forget: Callable[[], None]) -> None:
        super().__init__(known)
        self._forget_those = forget_those
        self._forget: _Note = lambda _args, _rows: forget()

    def __missing__(self, statement: Statement) -> _Note | None:
        clause: Any = statement.clause
        note: _Note | None = None
        if _may_change_standings(clause):
            tells_where = not isinstance(clause, sa.Insert) and "device_id" in clause.exported_columns
            note = self._forget_those if clause.table is standings and tells_where else self._forget
        self[statement] = note
        return note


def _may_change_standings(clause: Any) -> bool:
    """Whether a statement writes standings, or deletes what they hang on."""
    if not isinstance(clause, sa.sql.dml.UpdateBase):
        return False
    return clause.table is standings or (isinstance(clause, sa.Delete) and clause.table in {accounts, devices})
