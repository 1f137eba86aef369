"""The trace in runs: what came of one device at a time is one row."""

import msgspec
import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_AT_ONCE = 1_000


def upgrade() -> None:
    """Make the table anew; each message that was kept is a run of its own."""
    op.rename_table("messages", "single_messages")
    runs = op.create_table(
        "messages",
        sa.Column("device_id", sa.Text, nullable=False),
        sa.Column("last_id", sa.Integer, nullable=False),
        sa.Column("run", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("device_id", "last_id"),
        sa.ForeignKeyConstraint(["device_id"], ["devices.device_id"], ondelete="CASCADE"),
        sqlite_strict=True,
    )
    connection = op.get_bind()
    singles = connection.execute(sa.text("SELECT device_id, id, at_ms, direction, body FROM single_messages"))
    for portion in singles.partitions(_AT_ONCE):
        connection.execute(
            sa.insert(runs),
            [
                {"device_id": row.device_id, "last_id": row.id, "run": _run(row.at_ms, row.direction, row.body)}
                for row in portion
            ],
        )
    op.drop_table("single_messages")


def _run(at_ms: int, direction: str, body: bytes) -> bytes:
    return msgspec.msgpack.encode([(at_ms, direction, body)])
