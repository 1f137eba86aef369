"""The account's data on a speaker: whose it is, and when it must go: with a log-out, another owner, a lost network.

It knows what "all the information related to the user account" is; it must not know who owns a device. PURE, as the
whole engine.
"""

from dataclasses import replace

from bellwire.device import clouds, inputs
from bellwire.device.held import Held, Remembered
from bellwire.device.outputs import DropAssets, DropEvents, Reconnect
from bellwire.device.turn import Turn
from bellwire.protocol.profiles.profile import Offline


def logged_out(turn: Turn, _happened: inputs.LoggedOut) -> None:
    """The device is nobody's any more: nothing of the account stays (System, note on logout)."""
    _change_hands(turn, "")


def belongs_to(turn: Turn, owner: str) -> None:
    """The data of another account is deleted; of data that nobody has claimed yet it is taken that it is this one's."""
    before = turn.system.remembered
    if before.owner and before.owner != owner:
        _change_hands(turn, owner)
    turn.system = replace(turn.system, remembered=replace(turn.system.remembered, owner=owner))


def _change_hands(turn: Turn, owner: str) -> None:
    """Also which cloud serves the account, and what that one knows of this device, are of the account before."""
    before = turn.system.remembered.clouds
    after = clouds.Clouds(before.configured, (before.configured,)) if before.places else before
    turn.do(DropEvents())
    _delete_alerts(turn)
    turn.system = replace(turn.system, remembered=Remembered(owner, after))
    if after.current != before.current:
        turn.do(Reconnect())


def begin_to_miss_the_network(turn: Turn) -> None:
    """The time without a network begins: from now on the grace counts."""
    grace = turn.system.setup.offline_grace
    if turn.profile.offline is Offline.DELETE and grace is not None:
        turn.system = replace(turn.system, delete_at=turn.now + grace)


def delete_what_may_not_stay(turn: Turn) -> None:
    """Without a network for too long: the account's data goes (System, note on disconnection; `Profile.offline`).

    What rings at that moment rings until somebody stops it, and goes then: it is heard. Without any grace it goes too.
    """
    system = turn.system
    if system.delete_at is None or system.delete_at > turn.now:
        return
    spared = turn.sounding if system.setup.offline_grace else None
    if not system.is_deleting:
        turn.do(DropEvents())  # not again: that what was spared is stopped is said
    if not system.is_deleting or (turn.alerts and spared is None):
        _delete_alerts(turn, spared)
    turn.system = replace(system, is_deleting=True)


def _delete_alerts(turn: Turn, spared: Held | None = None) -> None:
    """Alerts, what is known of those that are over, and sounds; what is `spared` keeps its own."""
    for held in [held for held in turn.alerts.values() if held is not spared]:
        del turn.alerts[held.token]
    turn.over.clear()
    if spared is None:
        turn.missing.clear()
        turn.do(DropAssets())
