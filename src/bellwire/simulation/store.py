"""A cloud's store in memory, made in an instant: of many runs each has its own.

It knows how a database is copied; it must not know what is in it.
"""

import sqlite3
from functools import cache

from bellwire.cloud.store.connection import Connection
from bellwire.cloud.store.opening import MEMORY, connect


@cache
def _empty() -> bytes:
    raw = connect(MEMORY)
    image: bytes = raw.serialize()
    raw.close()
    return image


def new_store() -> Connection:
    """A store that holds nothing yet."""
    raw = sqlite3.connect(MEMORY, isolation_level=None, cached_statements=512)
    raw.deserialize(_empty())
    raw.execute("PRAGMA foreign_keys = ON")
    return Connection(raw)
