"""The cable to the network, which somebody can pull: to see what a speaker does without.

It knows whether it is plugged; it must not know what goes over it.
"""

UNPLUGGED = "the network is unplugged"


class Cable:
    """Everything that wants to go out looks at it first."""

    def __init__(self) -> None:
        self.is_plugged = True
