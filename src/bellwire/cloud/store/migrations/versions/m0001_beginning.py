"""The first tables: accounts, devices, their tokens, alerts, standings, and the trace of messages."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_MS = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _accounts()
    _devices()
    _alerts()
    _messages()


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("timezone", sa.Text, nullable=False),
        sa.Column("created_ms", _MS, nullable=False),
        sa.PrimaryKeyConstraint("account_id"),
        sa.UniqueConstraint("name"),
        sqlite_strict=True,
    )
    op.create_table(
        "account_tokens",
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("expires_ms", _MS),
        sa.Column("created_ms", _MS, nullable=False),
        sa.PrimaryKeyConstraint("token_hash"),
        sa.CheckConstraint("length(token_hash) = 32", name="sha256"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], ondelete="CASCADE"),
        sqlite_with_rowid=False,
        sqlite_strict=True,
    )
    op.create_index("ix_account_tokens_owner", "account_tokens", ["account_id"])
    op.create_index("ix_account_tokens_expiry", "account_tokens", ["expires_ms"])


def _devices() -> None:
    op.create_table(
        "devices",
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("device_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("profile", sa.Text, nullable=False),
        sa.Column("sync_seq", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("trace_seq", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("created_ms", _MS, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "device_id"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], ondelete="CASCADE"),
        sa.UniqueConstraint("device_id"),
        sqlite_strict=True,
    )
    op.create_table(
        "device_tokens",
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("device_id", sa.Text, nullable=False),
        sa.Column("expires_ms", _MS),
        sa.Column("created_ms", _MS, nullable=False),
        sa.PrimaryKeyConstraint("token_hash"),
        sa.CheckConstraint("length(token_hash) = 32", name="sha256"),
        _of_device(),
        sqlite_with_rowid=False,
        sqlite_strict=True,
    )
    op.create_index("ix_device_tokens_device", "device_tokens", ["account_id", "device_id"])
    op.create_index("ix_device_tokens_expiry", "device_tokens", ["expires_ms"])


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("schedule", sa.Text, nullable=False),
        sa.Column("scheduled_ms", _MS, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("everywhere", sa.Integer, nullable=False),
        sa.Column("speech", sa.Text),
        sa.Column("created_ms", _MS, nullable=False),
        sa.Column("updated_ms", _MS, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "token"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], ondelete="CASCADE"),
        sa.CheckConstraint("everywhere IN (0, 1)", name="everywhere"),
        sqlite_strict=True,
    )
    op.create_index("ix_alerts_due", "alerts", ["scheduled_ms"])
    op.create_index("ix_alerts_page", "alerts", ["account_id", "scheduled_ms", "token"])
    op.create_table(
        "standings",
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("device_id", sa.Text, nullable=False),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("desired_ms", _MS),
        sa.Column("desired_version", sa.Integer),
        sa.Column("silenced_ms", _MS),
        sa.Column("reported", sa.Text, nullable=False),
        sa.Column("reported_ms", _MS),
        sa.Column("reported_version", sa.Integer),
        sa.Column("reported_at_ms", _MS, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.PrimaryKeyConstraint("device_id", "token"),
        _of_device(),
        sa.CheckConstraint("(desired_ms IS NULL) = (desired_version IS NULL)", name="desired"),
        sqlite_with_rowid=False,
        sqlite_strict=True,
    )
    op.create_index("ix_standings_alert", "standings", ["token", "account_id"])


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("device_id", sa.Text, nullable=False),
        sa.Column("slot", sa.Integer, nullable=False),
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("at_ms", _MS, nullable=False),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("device_id", "slot"),
        sa.ForeignKeyConstraint(["device_id"], ["devices.device_id"], ondelete="CASCADE"),
        sa.CheckConstraint("direction IN ('event', 'directive')", name="direction"),
        sqlite_strict=True,
    )


def _of_device() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account_id", "device_id"], ["devices.account_id", "devices.device_id"], ondelete="CASCADE"
    )
