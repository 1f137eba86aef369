"""Names of messages that tests wait for, or have something go wrong with.

It knows which there are in any version; it must not know what becomes of them.
"""

from difflib import get_close_matches

from bellwire.protocol.profiles import PROFILES

NO_MESSAGE = "(not a message)"
"""The name of what can't be read."""
_KNOWN = frozenset(f"{space}.{name}" for each in PROFILES.values() for space, name in (*each.events, *each.directives))
_SPACES = frozenset(name.partition(".")[0] for name in _KNOWN)


class UnknownNameError(ValueError):
    """No message is called so: what waits for it would wait in vain, and that none comes would prove nothing."""


def check_name(name: str) -> None:
    """Raise UnknownNameError, unless it is one of a version's, or of a namespace that nobody knows here."""
    space, dot, _ = name.partition(".")
    if name in _KNOWN or name == NO_MESSAGE or (dot and space not in _SPACES):
        return
    alike = get_close_matches(name if dot else f"Alerts.{name}", _KNOWN, n=1)
    hint = f"is {alike[0]} meant?" if alike else "bellwire profile show NAME lists those of a version"
    raise UnknownNameError(f"no version has a message {name!r}; {hint}")
