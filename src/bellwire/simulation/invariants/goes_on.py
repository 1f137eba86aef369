"""No core raises, and time goes on: what the run itself notices, without hearing a fact."""

import traceback
from datetime import datetime
from pathlib import Path

from bellwire.simulation.invariants.invariant import Broken

GOES_ON = "no core raises, and time goes on"
_HOUSE = Path(__file__).parents[2]


def raised(error: Exception, now: datetime) -> Broken:
    """What was raised, and where in the house: in the same words on any machine."""
    frames = traceback.extract_tb(error.__traceback__)
    where = next((frame for frame in reversed(frames) if Path(frame.filename).is_relative_to(_HOUSE)), frames[-1])
    place = Path(where.filename)
    named = place.relative_to(_HOUSE).as_posix() if place.is_relative_to(_HOUSE) else place.name
    said = f"{type(error).__name__}: {error}, in {where.name} ({named}, line {where.lineno}: {where.line})"
    return Broken(GOES_ON, f"{now:%Y-%m-%d %H:%M:%S} {said}")
