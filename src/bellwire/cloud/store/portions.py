"""Deleting in portions: statements run on the event loop's thread, so none may be at it for long.

It must not know what is deleted, nor why.
"""

import sqlalchemy as sa

from bellwire.cloud.store.transaction import Statement

PORTION = 1_000
"""Rows that one statement deletes: some milliseconds. Whoever deletes goes on while portions are full."""


def portion(table: sa.Table, condition: sa.ColumnElement[bool]) -> Statement:
    """Delete so many rows of a table, at most, that are like this; it gives a row for each."""
    key = list(table.primary_key.columns)
    found = sa.select(*key).where(condition).limit(PORTION)
    return Statement(
        sa.delete(table).where(sa.tuple_(*key).in_(found)).returning(key[0]),
        f"a portion of the {table.name} that have expired",
    )
