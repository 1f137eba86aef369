"""What people write of an alert's own sounds: addresses, which its devices fetch.

It knows which addresses can be one; it must not know what is found there, nor what a device makes of it.
"""

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from bellwire.cloud.wishes import WishError

MOST = 100
"""Of one alert, whatever the limit: they all go with each directive that sets it."""
LONGEST = 1_024
"""Characters of an address."""
_EXAMPLE = "write one like https://sounds.example/rain.mp3"

Sounds = Annotated[list[Annotated[str, msgspec.Meta(max_length=LONGEST)]], msgspec.Meta(max_length=MOST)]


def sounds_of(urls: Sequence[str], most: int) -> tuple[str, ...]:
    """The addresses as they are kept, `most` at most. Raises WishError."""
    if len(urls) > most:
        raise WishError(
            f"the alert has {len(urls)} sounds; {most} are taken at most: leave some out, or have whoever runs the "
            f"cloud raise it: bellwire cloud --limit assets={min(2 * most, MOST)}"
        )
    for url in urls:
        if not _is_address(url):
            raise WishError(f"{url[:80]!r} is not the address of a sound; {_EXAMPLE}")
    return tuple(urls)


def _is_address(url: str) -> bool:
    if len(url) > LONGEST or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    # A name and password would be told to every device, and shown to whoever reads the account's alerts.
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and has_port and parts.username is None
