"""The versions of the protocol that are spoken, by name."""

from bellwire.protocol.profiles.clova import CIC_KO_2022
from bellwire.protocol.profiles.profile import Profile

PROFILES: dict[str, Profile] = {profile.name: profile for profile in (CIC_KO_2022,)}

DEFAULT_PROFILE = CIC_KO_2022
"""What a device speaks when nobody says."""


def profile_named(name: str) -> Profile:
    """The profile of this name. Raises ValueError that lists those there are."""
    try:
        return PROFILES[name]
    except KeyError:
        raise ValueError(f"there is no profile {name!r}; there are: {', '.join(sorted(PROFILES))}") from None
