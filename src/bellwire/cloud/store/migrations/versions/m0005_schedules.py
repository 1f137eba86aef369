"""What schedules need: alerts that are paused, and that the sweep does not look at."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the column, and the index without what is paused."""
    op.add_column("alerts", sa.Column("paused_on", sa.Text))
    op.drop_index("ix_alerts_due", table_name="alerts")
    is_awake = sa.text("paused_on IS NULL")
    op.create_index("ix_alerts_due", "alerts", ["scheduled_ms"], sqlite_where=is_awake, postgresql_where=is_awake)
