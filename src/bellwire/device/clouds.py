"""Which cloud a device connects to next: the one that a person set, or one that a cloud has sent it to.

It knows addresses and how connecting has gone; it must not connect, nor know why it failed.

::

    what happened                    where the next connect goes
    -------------------------------  -----------------------------------------------------------------------
    sent to another one (SetEndpoint)  there; the one that was left stays the next best
    its downchannel stands             here again
    `TRIES` failures in a row          to the next one in order, and after the last to the first again

So, as long as any of them works, a device is never away for good.
"""

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from bellwire.device.reach import is_here

TRIES = 5
"""Failures in a row before the next cloud is tried."""

MOST = 4
"""Clouds that are remembered; the one that a person set is always among them."""


@dataclass(frozen=True, slots=True)
class Clouds:
    """The clouds of one device."""

    configured: str = ""
    """The one that a person set."""
    places: tuple[str, ...] = ()
    """All, the most wanted first; never empty once one is configured."""
    directive: str = ""
    """The SetEndpoint by which the most wanted came to be it, as it came; empty once a connection to it was good."""
    at: int = 0
    """Which of the places is tried now."""
    failures: int = 0
    """Of this place, in a row."""

    @property
    def current(self) -> str:
        """Where the next connect goes."""
        return self.places[self.at] if self.places else ""

    @property
    def kept(self) -> "Clouds":
        """What a restart goes on with: the most wanted cloud, tried anew."""
        return Clouds(self.configured, self.places, self.directive) if self.at or self.failures else self

    @property
    def gave_up(self) -> bool:
        """Whether the cloud that the device was sent to is not the one that it tries now."""
        return bool(self.directive) and self.at != 0


def configured(url: str, remembered: Clouds) -> Clouds:
    """At start: as it was, unless a person has set another cloud meanwhile. That is what counts then."""
    if remembered.configured == url and remembered.places:
        return remembered.kept
    return Clouds(url, (url,))


def sent_to(clouds: Clouds, url: str, directive: str) -> Clouds:
    """A cloud says that another one serves the account (SetEndpoint). The same one again: nothing happens."""
    if url == clouds.current:
        return clouds
    return Clouds(clouds.configured, _first(clouds, url), directive)


def stands(clouds: Clouds) -> Clouds:
    """The downchannel stands: this is the one that is wanted from now on."""
    directive = clouds.directive if clouds.at == 0 else ""
    return Clouds(clouds.configured, _first(clouds, clouds.current), directive, failures=clouds.failures)


def proven(clouds: Clouds) -> Clouds:
    """The connection was good: failures before it do not count any more, nor how the device came there."""
    return replace(clouds, directive="", failures=0) if clouds.directive or clouds.failures else clouds


def failed(clouds: Clouds) -> Clouds:
    """It could not be connected to, or the connection broke as soon as it stood."""
    if clouds.failures + 1 < TRIES or not clouds.places:
        return replace(clouds, failures=clouds.failures + 1)
    return replace(clouds, at=(clouds.at + 1) % len(clouds.places), failures=0)


def _first(clouds: Clouds, url: str) -> tuple[str, ...]:
    """All places, this one first, the one tried now after it; too many: those that were wanted longest ago go."""
    order = dict.fromkeys((url, clouds.current, *clouds.places))
    others = [place for place in order if place != clouds.configured][: MOST - 1]
    return tuple(place for place in order if place in others or place == clouds.configured)


def address_of(endpoint: str, present: str) -> str:
    """The address of a SetEndpoint, ``https://HOST`` or ``https://HOST:PORT``; protocol and port may be left out.

    Raises ValueError that says what is wrong: only https is spoken, and a cloud elsewhere (`present`, the one that a
    person set) must not send its devices to the machine that they run on, or its link.
    """
    text = endpoint.strip()
    problem = f"{text[:200]!r} is not an address: expected https://HOST or https://HOST:PORT, and nothing after it"
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host, port = parts.hostname or "", parts.port
        host.encode("idna")
    except ValueError as error:  # a port that is none, brackets that are not closed, a name that no resolver takes
        raise ValueError(problem) from error
    if parts.scheme != "https":
        raise ValueError(f"{text[:200]!r} can't be used: only https is spoken")
    is_plain = not (parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc)
    if not host or not is_plain or port == 0 or not text.isprintable() or " " in text:
        raise ValueError(problem)
    if is_here(host) and not is_here(urlsplit(present).hostname or ""):
        raise ValueError(f"{host} is this machine or its link, and the cloud that was set is not")
    named = f"[{host}]" if ":" in host else host
    return f"https://{named}" if port in {None, 443} else f"https://{named}:{port}"
