"""How alerts are snoozed and stopped, as accounts and alerts have it in their rows.

It must not know who snoozes or stops anything. Every transaction takes the account's id.
"""

from collections.abc import Callable
from functools import lru_cache

import msgspec
import sqlalchemy as sa

from bellwire.alerts.alert import Alert, Conduct, OwnConduct
from bellwire.cloud.store.errors import NotFound
from bellwire.cloud.store.schema import accounts
from bellwire.cloud.store.transaction import Statement, Transaction

_ONE = accounts.c.account_id == sa.bindparam("account_id")
_FIND = Statement(sa.select(accounts.c.conduct).where(_ONE), "how an account's alerts are snoozed and stopped")
_SAVE = Statement(
    sa.update(accounts).where(_ONE).values(conduct=sa.bindparam("new_conduct")).returning(accounts.c.account_id),
    "an account's alerts are snoozed and stopped otherwise",
)
_decode = msgspec.json.Decoder(OwnConduct).decode


def conduct_text(conduct: OwnConduct) -> str | None:
    """The form in which it is kept; NULL for one that says nothing."""
    return None if conduct == OwnConduct() else msgspec.json.encode(conduct).decode()


@lru_cache(1_024)
def conduct_in(text: str | None) -> OwnConduct:
    """What a row says."""
    return OwnConduct() if text is None else _decode(text)


@lru_cache(1_024)
def conduct_over(own: str | None, usual: str | None) -> Conduct:
    """What holds for an alert by its row: its own word, else that of its account's row, else the cloud's."""
    return conduct_in(own).over(conduct_in(usual).over(Conduct()))


def load_conduct(account_id: str) -> Transaction[OwnConduct]:
    """What the account says of all of its alerts; nothing for an account that is not there."""
    rows = yield _FIND, {"account_id": account_id}
    return conduct_in(rows[0].conduct) if rows else OwnConduct()


def save_conduct(account_id: str, conduct: OwnConduct) -> Transaction[None]:
    """Have the account say this of all of its alerts. Raises NotFound."""
    rows = yield _SAVE, {"account_id": account_id, "new_conduct": conduct_text(conduct)}
    if not rows:
        raise NotFound(f"there is no account {account_id!r}")


def change_conduct(account_id: str, change: Callable[[OwnConduct], OwnConduct]) -> Transaction[OwnConduct]:
    """Have the account say something else of its alerts, made of what it said. Gives it. Raises NotFound."""
    conduct = change((yield from load_conduct(account_id)))
    yield from save_conduct(account_id, conduct)
    return conduct


def conduct_of(account_id: str, alert: Alert) -> Transaction[Conduct]:
    """What holds for an alert: its own word, else its account's, else the cloud's."""
    return alert.conduct.over((yield from load_conduct(account_id)).over(Conduct()))
