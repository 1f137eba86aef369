"""Lists a page at a time, each with a cursor that stands for where it ended.

It knows cursors, which clients hand back as they are; it must not know what is listed.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, TypeAlias, TypeVar

import msgspec
from litestar.params import QueryParameter

from bellwire.cloud.wishes import WishError

PAGE = 100
"""Rows of a page at most."""
_LONGEST = 4_000
"""Characters of a cursor."""

After: TypeAlias = Annotated[
    str | None, QueryParameter(description="`next` of the page before; none: the first page", max_length=_LONGEST)
]
AfterInBody: TypeAlias = Annotated[str, msgspec.Meta(max_length=_LONGEST)] | None
"""The same in a body."""
Limit: TypeAlias = Annotated[int, QueryParameter(ge=1, le=PAGE, description="Rows of the page at most")]

T = TypeVar("T")
Place = TypeVar("Place", bound=tuple[object, ...])


def cursor(place: tuple[object, ...]) -> str:
    """The text of a place in a list."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode()


def place_of(text: str | None, kind: type[Place]) -> Place | None:
    """The place that a text stands for; None: the beginning. Raises WishError where it is none."""
    if text is None:
        return None
    try:
        return msgspec.json.decode(base64.b64decode(text.encode(), altchars=b"-_", validate=True), type=kind)
    except (ValueError, binascii.Error, RecursionError):
        raise WishError("`after` is not the `next` of a page; leave it out for the first page") from None


def page(found: Sequence[T], limit: int, place: Callable[[T], tuple[object, ...]]) -> tuple[Sequence[T], str | None]:
    """The rows of a page, and its `next`, of up to `limit` + 1 rows that were found."""
    if len(found) <= limit:
        return found, None
    return found[:limit], cursor(place(found[limit - 1]))
