"""After a minute of calm every speaker has what its account wants it to have, and the cloud knows it."""

from bellwire.alerts.lifecycle import ACTIVE, Life
from bellwire.alerts.reconcile import is_settled
from bellwire.alerts.standing import Standing
from bellwire.cloud.store.standings import load_standing_rows, standing_of
from bellwire.simulation.cloud import PAST_DUE
from bellwire.simulation.invariants.invariant import Ending, Invariant
from bellwire.simulation.speaker import SimulatedSpeaker


class BothSidesAgree(Invariant):
    """Desired, reported and what is really there are the same."""

    name = "desired and reported agree within a minute of calm"

    def end(self, ending: Ending) -> None:
        """Compare them, but for what rings just now and may do so."""
        for speaker in ending.speakers.values():
            self._compare(ending, speaker)

    def _compare(self, ending: Ending, speaker: SimulatedSpeaker) -> None:
        rows = ending.cloud.store.read(load_standing_rows, speaker.device.account_id, speaker.name)
        standings = {token: standing_of(row) for token, row in rows.items()}
        desired = {token: each.desired.scheduled_time for token, each in standings.items() if each.desired}
        there = {token: held.occurrence.scheduled_time for token, held in speaker.state.alerts.items()}
        busy = {
            token
            for token, held in speaker.state.alerts.items()
            if held.life in ACTIVE | {Life.WAITING} and token in desired and not _is_silenced(standings[token])
        }
        for token in sorted((desired.keys() | there.keys()) - busy):  # a seed's failure is the same one anywhere
            if token in desired and desired[token] < ending.world.now - PAST_DUE:
                continue  # it is over, and the next look for such will find it
            if desired.get(token) != there.get(token):
                raise self._broken(
                    f"{speaker.name} has {token} at {there.get(token)}, and should have it at {desired.get(token)}"
                )
            if token in standings and not is_settled(standings[token]):
                raise self._broken(f"{speaker.name} has {token} as it should, and the cloud does not know it")


def _is_silenced(standing: Standing) -> bool:
    """Whether somebody has stopped what this device rings."""
    return standing.silenced is not None and standing.silenced == standing.reported.scheduled_time
