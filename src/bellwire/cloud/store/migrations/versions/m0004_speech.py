"""What speech needs: an account's language, and which alert a sound belongs to."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and the index."""
    op.add_column("accounts", sa.Column("language", sa.Text))
    op.create_index("ix_alerts_speech", "alerts", ["speech"])
