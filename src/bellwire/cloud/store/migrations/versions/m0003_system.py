"""What namespace System needs: an account's country, commands, and what devices report of themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_MS = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables and columns."""
    op.add_column("accounts", sa.Column("country", sa.Text))
    op.add_column("devices", sa.Column("agent", sa.Text))
    op.add_column("devices", sa.Column("last_seen_ms", _MS))
    op.add_column("devices", sa.Column("command_seq", sa.Integer, nullable=False, server_default=sa.text("0")))
    _commands()
    _device_reports()
    _device_exceptions()


def _commands() -> None:
    op.create_table(
        "commands",
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("device_id", sa.Text, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("created_ms", _MS, nullable=False),
        sa.Column("expires_ms", _MS, nullable=False),
        sa.PrimaryKeyConstraint("device_id", "seq"),
        _of_device(),
        sqlite_with_rowid=False,
        sqlite_strict=True,
    )
    op.create_index("ix_commands_expiry", "commands", ["expires_ms"])


def _device_reports() -> None:
    op.create_table(
        "device_reports",
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("device_id", sa.Text, nullable=False),
        sa.Column("firmware", sa.Text),
        sa.Column("firmware_ms", _MS),
        sa.Column("inactive_s", _MS),
        sa.Column("inactive_ms", _MS),
        sa.Column("volume", sa.Integer),
        sa.Column("volume_ms", _MS),
        sa.Column("states", sa.Text),
        sa.Column("states_left_out", sa.Integer),
        sa.Column("states_ms", _MS),
        sa.PrimaryKeyConstraint("device_id"),
        _of_device(),
        sqlite_with_rowid=False,
        sqlite_strict=True,
    )


def _device_exceptions() -> None:
    op.create_table(
        "device_exceptions",
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("device_id", sa.Text, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("at_ms", _MS, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("directive", sa.Text, nullable=False),
        sa.Column("directive_name", sa.Text),
        sa.Column("message_id", sa.Text),
        sa.PrimaryKeyConstraint("device_id", "seq"),
        _of_device(),
        sqlite_strict=True,
    )


def _of_device() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account_id", "device_id"], ["devices.account_id", "devices.device_id"], ondelete="CASCADE"
    )
