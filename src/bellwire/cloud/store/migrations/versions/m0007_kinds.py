"""What snoozes and the conduct of alerts need."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the columns."""
    op.add_column("accounts", sa.Column("conduct", sa.Text))
    op.add_column("alerts", sa.Column("conduct", sa.Text))
    op.add_column("alerts", sa.Column("snoozed_from_ms", sa.BigInteger().with_variant(sa.Integer(), "sqlite")))
    op.add_column("alerts", sa.Column("snoozes", sa.Integer, nullable=False, server_default=sa.text("0")))
