"""Statements and transactions on the answers to requests that came with a key, so that each is carried out once.

It must not know what a key or an answer is before it is hashed or sealed. Every transaction takes the account's id.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bellwire.cloud.store.instants import from_ms, to_ms
from bellwire.cloud.store.portions import portion
from bellwire.cloud.store.schema import answers
from bellwire.cloud.store.transaction import Statement, Transaction

KEPT_FOR = timedelta(hours=24)
MOST_KEPT = 1_000
"""Of one account; the oldest goes."""

_OF_ACCOUNT = answers.c.account_id == sa.bindparam("account_id")
_ONE = _OF_ACCOUNT & (answers.c.key_hash == sa.bindparam("key_hash"))
_PUT = insert(answers).values(
    {name: sa.bindparam(name) for name in ("account_id", "key_hash", "request_hash", "created_ms")}
)
PUT_REQUEST = Statement(
    _PUT.on_conflict_do_update(
        index_elements=["account_id", "key_hash"],
        set_={"request_hash": _PUT.excluded.request_hash, "created_ms": _PUT.excluded.created_ms, "answer": None},
    ),
    "a request that is carried out, in the place of one that came with its key long ago",
)
PUT_ANSWER = Statement(sa.update(answers).where(_ONE).values(answer=sa.bindparam("new_answer")), "what it was answered")
SELECT_ANSWER = Statement(sa.select(answers).where(_ONE), "the request that came with a key, and its answer")
_newest = (
    sa.select(answers.c.created_ms)
    .where(answers.c.account_id == sa.bindparam("account_id"))
    .order_by(answers.c.created_ms.desc())
    .limit(1)
    .offset(sa.bindparam("most"))
    .scalar_subquery()
)
TRIM_ANSWERS = Statement(
    sa.delete(answers).where(_OF_ACCOUNT & (answers.c.created_ms <= _newest)), "the oldest answers of an account"
)
_PURGE = portion(answers, answers.c.created_ms <= sa.bindparam("before_ms"))


class Answered(NamedTuple):
    """A request that was carried out."""

    request_hash: bytes
    answer: bytes | None
    """Sealed; None: the cloud ended before it was answered, or it was too long."""
    created: datetime


def add_request(account_id: str, key_hash: bytes, request_hash: bytes, now: datetime) -> Transaction[None]:
    """Keep that a request is carried out, before what it does, in the same transaction."""
    values = {"account_id": account_id, "key_hash": key_hash, "request_hash": request_hash, "created_ms": to_ms(now)}
    yield PUT_REQUEST, values
    yield TRIM_ANSWERS, {"account_id": account_id, "most": MOST_KEPT}


def keep_answer(account_id: str, key_hash: bytes, answer: bytes) -> Transaction[None]:
    """Keep what a request was answered."""
    yield PUT_ANSWER, {"account_id": account_id, "key_hash": key_hash, "new_answer": answer}


def find_answer(account_id: str, key_hash: bytes, now: datetime) -> Transaction[Answered | None]:
    """The request of the last 24 hours that came with a key; None: there was none."""
    rows = yield SELECT_ANSWER, {"account_id": account_id, "key_hash": key_hash}
    if not rows or from_ms(rows[0].created_ms) <= now - KEPT_FOR:
        return None
    return Answered(rows[0].request_hash, rows[0].answer, from_ms(rows[0].created_ms))


def purge_answers(now: datetime) -> Transaction[int]:
    """Remove a portion of those that are too old; give how many went."""
    rows = yield _PURGE, {"before_ms": to_ms(now - KEPT_FOR)}
    return len(rows)
