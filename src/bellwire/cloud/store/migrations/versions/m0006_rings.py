"""What the truth needs: what became of each occurrence, and since when devices are connected."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_MS = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table and the columns."""
    op.add_column("devices", sa.Column("connected_ms", _MS))
    op.add_column("devices", sa.Column("drifts", sa.Integer, nullable=False, server_default=sa.text("0")))
    op.add_column("devices", sa.Column("drifted_ms", _MS))
    op.create_table(
        "rings",
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("device_id", sa.Text, nullable=False),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("occurrence_ms", _MS, nullable=False),
        sa.Column("set_ms", _MS),
        sa.Column("started_ms", _MS),
        sa.Column("away_ms", _MS),
        sa.Column("stopped_ms", _MS),
        sa.Column("over_ms", _MS),
        sa.Column("ending", sa.Text),
        sa.Column("ended_by", sa.Text),
        sa.Column("reported", sa.Text),
        sa.Column("failures", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("offline_ms", _MS),
        sa.PrimaryKeyConstraint("device_id", "token", "occurrence_ms"),
        sa.ForeignKeyConstraint(
            ["account_id", "device_id"], ["devices.account_id", "devices.device_id"], ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
        sqlite_strict=True,
    )
    op.create_index("ix_rings_age", "rings", ["occurrence_ms"])
