"""The tables of the cloud. It knows names, types and rules of the rows; it must not know who reads or writes them.

Every row is reached through its account: keys begin with, or refer by a composite key to, `account_id`, so that a row
that mixes two accounts is refused by the engine. Columns that end in `_ms` are instants: milliseconds since the
epoch, UTC. Columns with JSON hold text that the transactions encode.
"""

import sqlalchemy as sa

REVISION = "0001"
"""The newest migration: a file that is stamped with it needs none."""

_MS = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, _MS, nullable=nullable)


def _token_hash() -> tuple[sa.Column[bytes], sa.CheckConstraint]:
    """Give the SHA-256 of a token: a copy of the file lets nobody in."""
    column = sa.Column("token_hash", sa.LargeBinary, primary_key=True)
    return column, sa.CheckConstraint("length(token_hash) = 32", name="sha256")


def _of_device() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account_id", "device_id"], ["devices.account_id", "devices.device_id"], ondelete="CASCADE"
    )


accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("account_id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    _text("timezone"),
    _instant("created_ms"),
    sqlite_strict=True,
)

account_tokens = sa.Table(
    "account_tokens",
    metadata,
    *_token_hash(),
    _text("account_id"),
    _instant("expires_ms", nullable=True),
    _instant("created_ms"),
    sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], ondelete="CASCADE"),
    sa.Index("ix_account_tokens_owner", "account_id"),
    sa.Index("ix_account_tokens_expiry", "expires_ms"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

devices = sa.Table(
    "devices",
    metadata,
    sa.Column("account_id", sa.Text, primary_key=True),
    # Unique over all accounts: a device says who it is before it is known whose it is.
    sa.Column("device_id", sa.Text, primary_key=True, unique=True),
    _text("name"),
    _text("profile"),
    sa.Column("sync_seq", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("trace_seq", sa.Integer, nullable=False, server_default=sa.text("0")),  # its newest message's id
    _instant("created_ms"),
    sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], ondelete="CASCADE"),
    sqlite_strict=True,
)

device_tokens = sa.Table(
    "device_tokens",
    metadata,
    *_token_hash(),
    _text("account_id"),
    _text("device_id"),
    _instant("expires_ms", nullable=True),
    _instant("created_ms"),
    _of_device(),
    sa.Index("ix_device_tokens_device", "account_id", "device_id"),
    sa.Index("ix_device_tokens_expiry", "expires_ms"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("account_id", sa.Text, primary_key=True),
    sa.Column("token", sa.Text, primary_key=True),
    _text("kind"),
    _text("label"),
    _text("schedule"),  # JSON
    _instant("scheduled_ms"),  # the present occurrence
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("everywhere", sa.Integer, nullable=False),  # 1: on every device of the account, later ones too
    sa.Column("speech", sa.Text),  # the name of the asset that speaks the label
    _instant("created_ms"),
    _instant("updated_ms"),
    sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], ondelete="CASCADE"),
    sa.CheckConstraint("everywhere IN (0, 1)", name="everywhere"),
    sa.Index("ix_alerts_due", "scheduled_ms"),
    sa.Index("ix_alerts_page", "account_id", "scheduled_ms", "token"),
    sqlite_strict=True,
)

standings = sa.Table(
    "standings",  # one alert on one device: what is desired there, and what the device reported
    metadata,
    _text("account_id"),
    sa.Column("device_id", sa.Text, primary_key=True),
    sa.Column("token", sa.Text, primary_key=True),  # no foreign key: it outlives its alert until reported absent
    _text("kind"),
    _instant("desired_ms", nullable=True),  # NULL: it should be absent from the device
    sa.Column("desired_version", sa.Integer),
    _instant("silenced_ms", nullable=True),  # the occurrence that shall not go on ringing
    _text("reported"),
    _instant("reported_ms", nullable=True),
    sa.Column("reported_version", sa.Integer),
    _instant("reported_at_ms"),
    sa.Column("failures", sa.Integer, nullable=False, server_default=sa.text("0")),
    _of_device(),
    sa.CheckConstraint("(desired_ms IS NULL) = (desired_version IS NULL)", name="desired"),
    # Not account_id first: SQLite would take it for "all of one device", and read the standings of a whole fleet.
    sa.Index("ix_standings_alert", "token", "account_id"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

messages = sa.Table(
    # The trace. Each device has a ring of slots, where its newest message takes the place of its oldest: to append and
    # delete instead writes ten times as many pages, because one device's rows are spread over the whole table.
    "messages",
    metadata,
    sa.Column("device_id", sa.Text, primary_key=True),
    sa.Column("slot", sa.Integer, primary_key=True),
    sa.Column("id", sa.Integer, nullable=False),  # counts the device's messages, from 1
    _instant("at_ms"),
    _text("direction"),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.ForeignKeyConstraint(["device_id"], ["devices.device_id"], ondelete="CASCADE"),
    sa.CheckConstraint("direction IN ('event', 'directive')", name="direction"),
    sqlite_strict=True,
)
