"""What people write of how alerts are snoozed and stopped, of one alert or of all of an account, and what they see.

It knows the fields of the bodies; it must not know routes, nor how it is kept.
"""

from typing import Annotated

import msgspec

from bellwire.alerts.alert import Conduct, OwnConduct
from bellwire.cloud.snoozing import snooze_length
from bellwire.cloud.wishes import length_text

MOST_SNOOZES = 100
"""That can be allowed of one occurrence."""
Word = Annotated[str, msgspec.Meta(max_length=64)]


class ConductWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How alerts are snoozed and stopped. What is not given stays; null: as it is where nothing is said of it."""

    snooze: Word | msgspec.UnsetType | None = msgspec.UNSET
    """For how long, where nobody says it: 1s to 24h, such as 10m."""
    snoozes: Annotated[int, msgspec.Meta(ge=0, le=MOST_SNOOZES)] | msgspec.UnsetType | None = msgspec.UNSET
    """How often one occurrence may be snoozed; 0: never."""
    stop_everywhere: bool | msgspec.UnsetType | None = msgspec.UNSET
    """Stopped or snoozed on one device, it is so on all; else each device is stopped by itself."""


class ConductView(msgspec.Struct, kw_only=True):
    """How alerts are snoozed and stopped; null: nothing is said of it here."""

    snooze: str | None
    snoozes: int | None
    stop_everywhere: bool | None


def conduct_by(before: OwnConduct, wish: ConductWish) -> OwnConduct:
    """What holds after what was said now is said over what was said before. Raises WishError."""
    snooze = before.snooze
    if wish.snooze is not msgspec.UNSET:
        snooze = None if wish.snooze is None else snooze_length(wish.snooze)
    return OwnConduct(
        snooze,
        before.most_snoozes if wish.snoozes is msgspec.UNSET else wish.snoozes,
        before.stop_everywhere if wish.stop_everywhere is msgspec.UNSET else wish.stop_everywhere,
    )


def conduct_view(conduct: OwnConduct | Conduct) -> ConductView:
    """As people see it."""
    return ConductView(
        snooze=None if conduct.snooze is None else length_text(conduct.snooze),
        snoozes=conduct.most_snoozes,
        stop_everywhere=conduct.stop_everywhere,
    )
