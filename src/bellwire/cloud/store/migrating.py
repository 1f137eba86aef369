"""Runs the migrations on an open SQLite connection, with Alembic; imported only when there is something to run.

It must not know how the file was found or what the tables are for.
"""

import logging
import sqlite3

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory


def revisions() -> list[str]:
    """Give the revisions that this version has, the newest first."""
    return [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()]


def migrate(raw: sqlite3.Connection) -> None:
    """Bring the file to the newest schema in one transaction; sqlite3.Error.

    When two processes do so at once, the second waits for the first and finds nothing left to do.
    """
    logging.getLogger("alembic").setLevel(logging.WARNING)
    engine = sa.create_engine("sqlite://", creator=lambda: raw, poolclass=sa.StaticPool)
    sa.event.listen(engine, "begin", _begin)
    config = _config()
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except sa.exc.DBAPIError as error:
        raise error.orig or error from error


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "bellwire.cloud.store:migrations")
    return config


def _begin(connection: sa.Connection) -> None:
    # sqlite3 begins no transaction by itself here, and a deferred one would not make a second process wait.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
