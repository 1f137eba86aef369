"""What must hold whatever goes wrong, a file each."""

from bellwire.simulation.invariants.accounts import AccountsStayApart
from bellwire.simulation.invariants.agreement import BothSidesAgree
from bellwire.simulation.invariants.bounded import QueuesStayBounded
from bellwire.simulation.invariants.deleted import NeverAfterDeletion
from bellwire.simulation.invariants.goes_on import GOES_ON, raised
from bellwire.simulation.invariants.invariant import Broken, Ending, Invariant
from bellwire.simulation.invariants.nothing_lost import NothingIsLost
from bellwire.simulation.invariants.on_time import RingsOnTime
from bellwire.simulation.invariants.once import RingsOnce
from bellwire.simulation.invariants.series import SeriesGoOn
from bellwire.simulation.invariants.silenced import SoonSilent
from bellwire.simulation.invariants.wall_time import WallTimeIsKept

__all__ = ["GOES_ON", "INVARIANTS", "Broken", "Ending", "Invariant", "raised"]

INVARIANTS: tuple[type[Invariant], ...] = (
    RingsOnTime,
    RingsOnce,
    NeverAfterDeletion,
    SoonSilent,
    BothSidesAgree,
    SeriesGoOn,
    WallTimeIsKept,
    NothingIsLost,
    AccountsStayApart,
    QueuesStayBounded,
)
