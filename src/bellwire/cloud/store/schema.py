"""The tables of the cloud. It knows names, types and rules of the rows; it must not know who reads or writes them.

Every row is reached through its account: keys begin with, or refer by a composite key to, `account_id`, so that a row
that mixes two accounts is refused by the engine. Columns that end in `_ms` are instants: milliseconds since the
epoch, UTC. Columns with JSON hold text that the transactions encode.
"""

import sqlalchemy as sa

REVISION = "0011"
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


def _token_hash(name: str = "token_hash") -> tuple[sa.Column[bytes], sa.CheckConstraint]:
    """Give the SHA-256 of a token: a copy of the file lets nobody in."""
    column = sa.Column(name, sa.LargeBinary, primary_key=True)
    return column, sa.CheckConstraint(f"length({name}) = 32", name="sha256")


def _of_device() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account_id", "device_id"], ["devices.account_id", "devices.device_id"], ondelete="CASCADE"
    )


def _of_client() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["client_id"], ["clients.client_id"], ondelete="CASCADE")


accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("account_id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    _text("timezone"),
    _instant("created_ms"),
    _instant("locked_ms", nullable=True),  # since when it is locked
    sa.Column("agreed_terms", sa.Text),  # the address of the terms that it has agreed to
    _instant("guest_seen_ms", nullable=True),  # when a guest last got a code or a token; NULL: it is no guest's
    sa.Column("country", sa.Text),  # ISO 3166-1 alpha-2; NULL: not known
    sa.Column("language", sa.Text),  # ISO 639, of its labels; NULL: that of its country or time zone
    sa.Column("conduct", sa.Text),  # JSON: how its alerts are snoozed and stopped; NULL: as the cloud has it
    sa.Index("ix_accounts_guest", "guest_seen_ms"),
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
    sa.Column("model", sa.Text),  # as the device or its program called it when it was authorized
    sa.Column("agent", sa.Text),  # JSON: what the headers of its last downchannel say that it is
    _instant("last_seen_ms", nullable=True),
    # Goes up with each command, and when its account moves: who has seen this number needs to look at neither.
    sa.Column("command_seq", sa.Integer, nullable=False, server_default=sa.text("0")),
    _instant("connected_ms", nullable=True),  # since when it is connected; NULL: it is not
    sa.Column("drifts", sa.Integer, nullable=False, server_default=sa.text("0")),  # how often it was not as it had said
    _instant("drifted_ms", nullable=True),  # the last time
    sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], ondelete="CASCADE"),
    sqlite_strict=True,
)

device_tokens = sa.Table(
    "device_tokens",
    metadata,
    *_token_hash(),
    _text("account_id"),
    _text("device_id"),
    sa.Column("grant_id", sa.LargeBinary),  # the family that it belongs to; NULL: to none, it was made by the owner
    _instant("expires_ms", nullable=True),
    _instant("created_ms"),
    _of_device(),
    sa.ForeignKeyConstraint(
        ["account_id", "device_id", "grant_id"],
        ["grants.account_id", "grants.device_id", "grants.grant_id"],
        ondelete="CASCADE",
    ),
    sa.Index("ix_device_tokens_device", "account_id", "device_id", "grant_id"),
    sa.Index("ix_device_tokens_expiry", "expires_ms"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

clients = sa.Table(
    "clients",  # programs that may ask for tokens: those of other makers, and our own speaker
    metadata,
    sa.Column("client_id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("secret_hash", sa.LargeBinary),  # NULL: it can keep no secret
    sa.Column("profile", sa.Text),  # what its devices speak; NULL: each says so itself
    _text("redirect_uris"),  # JSON
    _instant("created_ms"),
    sa.CheckConstraint("length(secret_hash) = 32", name="sha256"),
    sqlite_strict=True,
)

grants = sa.Table(
    "grants",  # families: what came of one authorization of a device; its one live refresh token stands in the row
    metadata,
    sa.Column("account_id", sa.Text, primary_key=True),
    sa.Column("device_id", sa.Text, primary_key=True),
    sa.Column("grant_id", sa.LargeBinary, primary_key=True, unique=True),  # SHA-256 of a part of each of its tokens
    _text("client_id"),
    sa.Column("refresh_hash", sa.LargeBinary, nullable=False),
    sa.Column("previous_hash", sa.LargeBinary),
    _instant("rotated_ms", nullable=True),
    _instant("expires_ms"),
    _instant("created_ms"),
    _of_device(),
    _of_client(),
    sa.CheckConstraint("length(refresh_hash) = 32 AND length(grant_id) = 32", name="sha256"),
    sa.Index("ix_grants_client", "client_id"),
    sa.Index("ix_grants_expiry", "expires_ms"),
    sqlite_strict=True,
)

own_devices = sa.Table(
    "own_devices",  # which device of an account a client means by its own id
    metadata,
    sa.Column("account_id", sa.Text, primary_key=True),
    sa.Column("client_id", sa.Text, primary_key=True),
    sa.Column("own_id", sa.Text, primary_key=True),
    _text("device_id"),
    _of_device(),
    _of_client(),
    sa.Index("ix_own_devices_device", "account_id", "device_id"),
    sa.Index("ix_own_devices_client", "client_id"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

codes = sa.Table(
    "codes",  # authorization codes
    metadata,
    *_token_hash("code_hash"),
    _text("account_id"),
    _text("client_id"),
    sa.Column("redirect_uri", sa.Text),
    sa.Column("challenge", sa.Text),
    sa.Column("own_id", sa.Text),
    sa.Column("model", sa.Text),
    sa.Column("name", sa.Text),
    sa.Column("grant_id", sa.LargeBinary),  # what it made; no foreign key: the code stays used when that is revoked
    _instant("expires_ms"),
    sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], ondelete="CASCADE"),
    _of_client(),
    sa.Index("ix_codes_account", "account_id"),
    sa.Index("ix_codes_client", "client_id"),
    sa.Index("ix_codes_expiry", "expires_ms"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

pairings = sa.Table(
    "pairings",  # speakers that show a code and wait for somebody to confirm it
    metadata,
    *_token_hash("device_code_hash"),
    sa.Column("user_code_hash", sa.LargeBinary, nullable=False, unique=True),
    _text("client_id"),
    _text("profile"),
    _text("product"),
    _text("stage"),
    sa.Column("interval_s", sa.Integer, nullable=False),
    _instant("asked_ms", nullable=True),
    _instant("expires_ms"),
    sa.Column("account_id", sa.Text),  # whose it is since it was approved
    sa.Column("device_id", sa.Text),
    sa.Column("grant_id", sa.LargeBinary),  # what it made; no foreign key, as in codes
    _of_device(),
    _of_client(),
    sa.Index("ix_pairings_device", "account_id", "device_id"),
    sa.Index("ix_pairings_client", "client_id"),
    sa.Index("ix_pairings_expiry", "expires_ms"),
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
    sa.Column("paused_on", sa.Text),  # JSON: the ids of the devices on which it resumes; NULL: it is not paused
    sa.Column("conduct", sa.Text),  # JSON: how it is snoozed and stopped; NULL: as its account has it
    _instant("snoozed_from_ms", nullable=True),  # the occurrence in whose place the present one is; NULL: it is its own
    sa.Column("snoozes", sa.Integer, nullable=False, server_default=sa.text("0")),  # of the present occurrence
    sa.Column("remaining_ms", _MS),  # of a timer that is paused: what is left; NULL: it resumes by its schedule
    sa.Column("actions", sa.Text),  # JSON: what its devices are told when it is over; NULL: nothing
    sa.Column("assets", sa.Text),  # JSON: the addresses of sounds of its own; NULL: it has none
    sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], ondelete="CASCADE"),
    sa.CheckConstraint("everywhere IN (0, 1)", name="everywhere"),
    # What is paused falls never due: it would lie at the front of every look.
    sa.Index(
        "ix_alerts_due",
        "scheduled_ms",
        sqlite_where=sa.text("paused_on IS NULL"),
        postgresql_where=sa.text("paused_on IS NULL"),
    ),
    sa.Index("ix_alerts_page", "account_id", "scheduled_ms", "token"),
    sa.Index("ix_alerts_speech", "speech"),
    sqlite_strict=True,
)

calendar_alerts = sa.Table(
    "calendar_alerts",  # which alert came of what in a calendar that was imported; it goes with its alert
    metadata,
    sa.Column("account_id", sa.Text, primary_key=True),
    sa.Column("calendar", sa.Text, primary_key=True),  # its name
    sa.Column("uid", sa.Text, primary_key=True),
    sa.Column("recurrence", sa.Text, primary_key=True),  # which occurrence of its event; empty: the event itself
    sa.Column("alarm", sa.Integer, primary_key=True),  # which of its event's alarms, from 0
    _text("token"),
    _text("said"),  # JSON: label and schedule, as the calendar last had them
    sa.ForeignKeyConstraint(["account_id", "token"], ["alerts.account_id", "alerts.token"], ondelete="CASCADE"),
    sa.Index("ix_calendar_alerts_token", "account_id", "token"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

calendar_feeds = sa.Table(
    "calendar_feeds",  # the secret address at which an account's alerts are read as a calendar
    metadata,
    *_token_hash(),
    sa.Column("account_id", sa.Text, nullable=False, unique=True),
    _instant("created_ms"),
    sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], ondelete="CASCADE"),
    sqlite_with_rowid=False,
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

rings = sa.Table(
    "rings",  # what became of each occurrence of an alert on each device; no foreign key: it outlives its alert
    metadata,
    _text("account_id"),
    sa.Column("device_id", sa.Text, primary_key=True),
    sa.Column("token", sa.Text, primary_key=True),
    sa.Column("occurrence_ms", _MS, primary_key=True),
    _instant("set_ms", nullable=True),
    _instant("started_ms", nullable=True),  # when the report came, as with stopped_ms
    _instant("away_ms", nullable=True),  # until then the device was away, and told of the start afterwards
    _instant("stopped_ms", nullable=True),
    _instant("over_ms", nullable=True),
    sa.Column("ending", sa.Text),
    sa.Column("ended_by", sa.Text),  # a device's id
    sa.Column("reported", sa.Text),  # when it was over, as failures and offline_ms
    sa.Column("failures", sa.Integer, nullable=False, server_default=sa.text("0")),
    _instant("offline_ms", nullable=True),
    _of_device(),
    sa.Index("ix_rings_age", "occurrence_ms"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

messages = sa.Table(
    # The trace. What came of one device since the last time stands in one row: a row for each message costs ten times
    # as much, in time and in pages.
    "messages",
    metadata,
    sa.Column("device_id", sa.Text, primary_key=True),
    sa.Column("last_id", sa.Integer, primary_key=True),  # counts the device's messages, from 1
    sa.Column("run", sa.LargeBinary, nullable=False),  # MessagePack: time, direction and body of each, oldest first
    sa.ForeignKeyConstraint(["device_id"], ["devices.device_id"], ondelete="CASCADE"),
    sqlite_strict=True,
)

commands = sa.Table(
    "commands",  # what is to be said to a device once, and leads to no state: it goes when it was sent, or expires
    metadata,
    _text("account_id"),
    sa.Column("device_id", sa.Text, primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    _text("message"),  # namespace and name
    _text("payload"),  # JSON
    _instant("created_ms"),
    _instant("expires_ms"),
    _of_device(),
    sa.Index("ix_commands_expiry", "expires_ms"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

device_reports = sa.Table(
    "device_reports",  # what a device last said of itself, each with the time at which it came; NULL: it never did
    metadata,
    _text("account_id"),
    sa.Column("device_id", sa.Text, primary_key=True),
    sa.Column("firmware", sa.Text),
    _instant("firmware_ms", nullable=True),
    sa.Column("inactive_s", _MS),
    _instant("inactive_ms", nullable=True),
    sa.Column("volume", sa.Integer),
    _instant("volume_ms", nullable=True),
    sa.Column("states", sa.Text),  # JSON: the states of its components
    sa.Column("states_left_out", sa.Integer),
    _instant("states_ms", nullable=True),
    _of_device(),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

device_exceptions = sa.Table(
    "device_exceptions",  # directives that a device could not carry out
    metadata,
    _text("account_id"),
    sa.Column("device_id", sa.Text, primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),  # counts those of the device, from 1
    _instant("at_ms"),
    _text("type"),
    _text("message"),
    _text("directive"),  # as the device returned it
    sa.Column("directive_name", sa.Text),  # NULL: it cannot be read there
    sa.Column("message_id", sa.Text),
    _of_device(),
    sqlite_strict=True,
)

changes = sa.Table(
    # What listeners to the account API are told, the last ones. Triggers write it (migration 0008), in the transaction
    # that changes something, so none can be forgotten. No foreign key: that an account's devices went is told as well.
    "changes",
    metadata,
    sa.Column("seq", _MS, primary_key=True),  # never used again, also when the newest row goes
    sa.Column("account_id", sa.Text),  # NULL: of all
    _text("what"),
    sa.Column("token", sa.Text),
    sa.Column("device_id", sa.Text),
    _instant("scheduled_ms", nullable=True),  # the occurrence
    _instant("at_ms"),
    sqlite_autoincrement=True,
    sqlite_strict=True,
)

answers = sa.Table(
    "answers",  # to requests that came with an Idempotency-Key
    metadata,
    sa.Column("account_id", sa.Text, primary_key=True),
    sa.Column("key_hash", sa.LargeBinary, primary_key=True),
    sa.Column("request_hash", sa.LargeBinary, nullable=False),
    # Sealed with the account's token, which is not here; NULL: the request was carried out, and not answered.
    sa.Column("answer", sa.LargeBinary),
    _instant("created_ms"),
    sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], ondelete="CASCADE"),
    sa.CheckConstraint("length(key_hash) = 32 AND length(request_hash) = 32", name="sha256"),
    sa.Index("ix_answers_age", "created_ms"),
    sa.Index("ix_answers_owner", "account_id", "created_ms"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)
