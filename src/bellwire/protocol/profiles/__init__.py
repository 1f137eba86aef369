"""The versions of the protocol that are spoken, by name."""

from bellwire.protocol.profiles.clova import CIC_EN_2018, CIC_JA_2019, CIC_KO_2022
from bellwire.protocol.profiles.profile import Profile
from bellwire.protocol.profiles.tvs import TVS_2020

PROFILES: dict[str, Profile] = {profile.name: profile for profile in (CIC_KO_2022, CIC_JA_2019, CIC_EN_2018, TVS_2020)}

DEFAULT_PROFILE = CIC_KO_2022
"""What a device speaks when nobody says."""


def profile_named(name: str) -> Profile:
    """The profile of this name. Raises ValueError that lists those there are."""
    try:
        return PROFILES[name]
    except KeyError:
        raise ValueError(f"there is no profile {name!r}; there are: {', '.join(sorted(PROFILES))}") from None
