"""What the kinds of alerts need: snoozes, conduct, timers that are paused, action timers."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the columns."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("accounts", sa.Column("conduct", sa.Text))
    op.add_column("alerts", sa.Column("conduct", sa.Text))
    op.add_column("alerts", sa.Column("snoozed_from_ms", number))
    op.add_column("alerts", sa.Column("snoozes", sa.Integer, nullable=False, server_default=sa.text("0")))
    op.add_column("alerts", sa.Column("remaining_ms", number))
    op.add_column("alerts", sa.Column("actions", sa.Text))
