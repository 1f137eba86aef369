"""What the account API needs: the changes that its listeners are told of, and the answers to requests with a key.

Triggers write the changes, so that no transaction can forget one: not one of the command line's beside the cloud, nor
one that is written later. A migration that makes one of these tables anew has to make its triggers anew as well.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_MS = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NOW = "CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER)"

_OF = "INSERT INTO changes (account_id, what, {columns}, at_ms) SELECT {row}.account_id, {what}, {values}, " + _NOW


def _note(row: str, what: str, *columns: str, when: str = "1") -> str:
    """A statement that notes something of the old or the new row."""
    values = ", ".join(f"{row}.{column}" for column in columns)
    names = ", ".join(columns).replace("reported_ms", "scheduled_ms")
    return f"{_OF.format(row=row, what=what, columns=names, values=values)} WHERE {when};"


_ALERT = ("token", "scheduled_ms")
_RING = ("token", "device_id", "reported_ms")

# The occurrence alone is another one: it went on to the next. Every edit changes `updated_ms` or `version`.
_MOVED = "NEW.scheduled_ms <> OLD.scheduled_ms AND NEW.updated_ms = OLD.updated_ms AND NEW.version = OLD.version"
_RINGS = "NEW.reported = 'ringing'"
_RANG = "OLD.reported = 'ringing'"

_TRIGGERS = {
    "alert_added": ("INSERT ON alerts", "1", _note("NEW", "'alert.added'", *_ALERT)),
    "alert_changed": (
        "UPDATE ON alerts",
        "1",
        _note("NEW", f"CASE WHEN {_MOVED} THEN 'alert.moved' ELSE 'alert.changed' END", *_ALERT),
    ),
    "alert_deleted": ("DELETE ON alerts", "1", _note("OLD", "'alert.deleted'", *_ALERT)),
    "device_added": ("INSERT ON devices", "1", _note("NEW", "'device.added'", "device_id")),
    "device_changed": (
        "UPDATE OF name, profile, model ON devices",
        "(OLD.name, OLD.profile, OLD.model) IS NOT (NEW.name, NEW.profile, NEW.model)",
        _note("NEW", "'device.changed'", "device_id"),
    ),
    "device_removed": ("DELETE ON devices", "1", _note("OLD", "'device.removed'", "device_id")),
    "device_reported": (
        "INSERT ON device_reports",
        "NEW.volume IS NOT NULL OR NEW.firmware IS NOT NULL",
        _note("NEW", "'device.changed'", "device_id"),
    ),
    "device_reported_again": (
        "UPDATE OF volume, firmware ON device_reports",
        "(OLD.volume, OLD.firmware) IS NOT (NEW.volume, NEW.firmware)",
        _note("NEW", "'device.changed'", "device_id"),
    ),
    "ring_found": ("INSERT ON standings", _RINGS, _note("NEW", "'ring.started'", *_RING)),
    "ring_changed": (
        "UPDATE OF reported, reported_ms ON standings",
        f"({_RANG} OR {_RINGS}) AND (OLD.reported, OLD.reported_ms) IS NOT (NEW.reported, NEW.reported_ms)",
        _note("OLD", "'ring.stopped'", *_RING, when=_RANG) + _note("NEW", "'ring.started'", *_RING, when=_RINGS),
    ),
    "ring_lost": ("DELETE ON standings", _RANG, _note("OLD", "'ring.stopped'", *_RING)),
}
"""By name: after what, when, and what is noted then."""


def upgrade() -> None:
    """Make the tables and the triggers."""
    op.create_table(
        "changes",
        sa.Column("seq", _MS, primary_key=True),
        sa.Column("account_id", sa.Text),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("token", sa.Text),
        sa.Column("device_id", sa.Text),
        sa.Column("scheduled_ms", _MS),
        sa.Column("at_ms", _MS, nullable=False),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_table(
        "answers",
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("key_hash", sa.LargeBinary, nullable=False),
        sa.Column("request_hash", sa.LargeBinary, nullable=False),
        sa.Column("answer", sa.LargeBinary),
        sa.Column("created_ms", _MS, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "key_hash"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], ondelete="CASCADE"),
        sa.CheckConstraint("length(key_hash) = 32 AND length(request_hash) = 32", name="sha256"),
        sqlite_with_rowid=False,
        sqlite_strict=True,
    )
    op.create_index("ix_answers_age", "answers", ["created_ms"])
    op.create_index("ix_answers_owner", "answers", ["account_id", "created_ms"])
    for name, (after, when, notes) in _TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} AFTER {after} WHEN {when} BEGIN {notes} END")
