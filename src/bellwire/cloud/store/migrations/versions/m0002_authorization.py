"""What authorization needs: clients, families of tokens, codes and pairings; accounts that are locked or guests."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_MS = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables, and the client that our own speaker is."""
    _accounts_and_devices()
    _clients()
    _grants()
    _device_tokens()
    _codes()
    _pairings()


def _accounts_and_devices() -> None:
    op.add_column("accounts", sa.Column("locked_ms", _MS))
    op.add_column("accounts", sa.Column("agreed_terms", sa.Text))
    op.add_column("accounts", sa.Column("guest_seen_ms", _MS))
    op.create_index("ix_accounts_guest", "accounts", ["guest_seen_ms"])
    op.add_column("devices", sa.Column("model", sa.Text))


def _clients() -> None:
    clients = op.create_table(
        "clients",
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("secret_hash", sa.LargeBinary),
        sa.Column("profile", sa.Text),
        sa.Column("redirect_uris", sa.Text, nullable=False),
        sa.Column("created_ms", _MS, nullable=False),
        sa.PrimaryKeyConstraint("client_id"),
        sa.CheckConstraint("length(secret_hash) = 32", name="sha256"),
        sa.UniqueConstraint("name"),
        sqlite_strict=True,
    )
    speaker = {"client_id": "bellwire-speaker", "name": "bellwire speaker", "redirect_uris": "[]", "created_ms": 0}
    op.bulk_insert(clients, [speaker])


def _grants() -> None:
    op.create_table(
        "grants",
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("device_id", sa.Text, nullable=False),
        sa.Column("grant_id", sa.LargeBinary, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("refresh_hash", sa.LargeBinary, nullable=False),
        sa.Column("previous_hash", sa.LargeBinary),
        sa.Column("rotated_ms", _MS),
        sa.Column("expires_ms", _MS, nullable=False),
        sa.Column("created_ms", _MS, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "device_id", "grant_id"),
        _of_device(),
        _of_client(),
        sa.CheckConstraint("length(refresh_hash) = 32 AND length(grant_id) = 32", name="sha256"),
        sa.UniqueConstraint("grant_id"),
        sqlite_strict=True,
    )
    op.create_index("ix_grants_client", "grants", ["client_id"])
    op.create_index("ix_grants_expiry", "grants", ["expires_ms"])
    op.create_table(
        "own_devices",
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("own_id", sa.Text, nullable=False),
        sa.Column("device_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "client_id", "own_id"),
        _of_device(),
        _of_client(),
        sqlite_with_rowid=False,
        sqlite_strict=True,
    )
    op.create_index("ix_own_devices_device", "own_devices", ["account_id", "device_id"])
    op.create_index("ix_own_devices_client", "own_devices", ["client_id"])


def _device_tokens() -> None:
    """Rebuild the table: a foreign key cannot be added to one that exists."""
    op.drop_index("ix_device_tokens_device", "device_tokens")
    op.drop_index("ix_device_tokens_expiry", "device_tokens")
    op.rename_table("device_tokens", "device_tokens_before")
    op.create_table(
        "device_tokens",
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("device_id", sa.Text, nullable=False),
        sa.Column("grant_id", sa.LargeBinary),
        sa.Column("expires_ms", _MS),
        sa.Column("created_ms", _MS, nullable=False),
        sa.PrimaryKeyConstraint("token_hash"),
        sa.CheckConstraint("length(token_hash) = 32", name="sha256"),
        _of_device(),
        sa.ForeignKeyConstraint(
            ["account_id", "device_id", "grant_id"],
            ["grants.account_id", "grants.device_id", "grants.grant_id"],
            ondelete="CASCADE",
        ),
        sqlite_with_rowid=False,
        sqlite_strict=True,
    )
    kept = "token_hash, account_id, device_id, expires_ms, created_ms"
    op.execute(f"INSERT INTO device_tokens ({kept}) SELECT {kept} FROM device_tokens_before")  # noqa: S608 - constants
    op.drop_table("device_tokens_before")
    op.create_index("ix_device_tokens_device", "device_tokens", ["account_id", "device_id", "grant_id"])
    op.create_index("ix_device_tokens_expiry", "device_tokens", ["expires_ms"])


def _codes() -> None:
    op.create_table(
        "codes",
        sa.Column("code_hash", sa.LargeBinary, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("redirect_uri", sa.Text),
        sa.Column("challenge", sa.Text),
        sa.Column("own_id", sa.Text),
        sa.Column("model", sa.Text),
        sa.Column("name", sa.Text),
        sa.Column("grant_id", sa.LargeBinary),
        sa.Column("expires_ms", _MS, nullable=False),
        sa.PrimaryKeyConstraint("code_hash"),
        sa.CheckConstraint("length(code_hash) = 32", name="sha256"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], ondelete="CASCADE"),
        _of_client(),
        sqlite_with_rowid=False,
        sqlite_strict=True,
    )
    op.create_index("ix_codes_account", "codes", ["account_id"])
    op.create_index("ix_codes_client", "codes", ["client_id"])
    op.create_index("ix_codes_expiry", "codes", ["expires_ms"])


def _pairings() -> None:
    op.create_table(
        "pairings",
        sa.Column("device_code_hash", sa.LargeBinary, nullable=False),
        sa.Column("user_code_hash", sa.LargeBinary, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("profile", sa.Text, nullable=False),
        sa.Column("product", sa.Text, nullable=False),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("interval_s", sa.Integer, nullable=False),
        sa.Column("asked_ms", _MS),
        sa.Column("expires_ms", _MS, nullable=False),
        sa.Column("account_id", sa.Text),
        sa.Column("device_id", sa.Text),
        sa.Column("grant_id", sa.LargeBinary),
        sa.PrimaryKeyConstraint("device_code_hash"),
        sa.CheckConstraint("length(device_code_hash) = 32", name="sha256"),
        _of_device(),
        _of_client(),
        sa.UniqueConstraint("user_code_hash"),
        sqlite_with_rowid=False,
        sqlite_strict=True,
    )
    op.create_index("ix_pairings_device", "pairings", ["account_id", "device_id"])
    op.create_index("ix_pairings_client", "pairings", ["client_id"])
    op.create_index("ix_pairings_expiry", "pairings", ["expires_ms"])


def _of_device() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account_id", "device_id"], ["devices.account_id", "devices.device_id"], ondelete="CASCADE"
    )


def _of_client() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["client_id"], ["clients.client_id"], ondelete="CASCADE")
