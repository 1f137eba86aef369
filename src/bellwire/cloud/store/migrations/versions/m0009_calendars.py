"""What calendars need: which alert came of what in one, and the addresses of feeds."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_MS = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _calendar_alerts()
    _calendar_feeds()


def _calendar_alerts() -> None:
    op.create_table(
        "calendar_alerts",
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("calendar", sa.Text, nullable=False),
        sa.Column("uid", sa.Text, nullable=False),
        sa.Column("recurrence", sa.Text, nullable=False),
        sa.Column("alarm", sa.Integer, nullable=False),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "calendar", "uid", "recurrence", "alarm"),
        sa.ForeignKeyConstraint(["account_id", "token"], ["alerts.account_id", "alerts.token"], ondelete="CASCADE"),
        sqlite_with_rowid=False,
        sqlite_strict=True,
    )
    op.create_index("ix_calendar_alerts_token", "calendar_alerts", ["account_id", "token"])


def _calendar_feeds() -> None:
    op.create_table(
        "calendar_feeds",
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("created_ms", _MS, nullable=False),
        sa.PrimaryKeyConstraint("token_hash"),
        sa.CheckConstraint("length(token_hash) = 32", name="sha256"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], ondelete="CASCADE"),
        sa.UniqueConstraint("account_id"),
        sqlite_with_rowid=False,
        sqlite_strict=True,
    )
