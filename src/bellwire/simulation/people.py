"""People: they set, edit, snooze, stop and delete, by the account API or at a speaker, at random.

It knows what people do, and when; it must not know what follows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import EllipsisType
from zoneinfo import ZoneInfo

from bellwire.alerts.alert import Alert, Kind, Schedule
from bellwire.alerts.recurrence import EVERY, next_occurrence
from bellwire.cloud import accounts
from bellwire.cloud.account_changes import Change, change_account
from bellwire.cloud.accounts import UnknownAlertError
from bellwire.cloud.snoozing import snooze_alert, stop_alert
from bellwire.cloud.store.transaction import Transaction
from bellwire.cloud.wishes import WishError, first_occurrence
from bellwire.device import inputs
from bellwire.simulation.cloud import PAST_DUE, SimulatedCloud
from bellwire.simulation.facts import Deleted, Fact, Hushed, Rang, Wished, secret_of
from bellwire.simulation.faults import Faults
from bellwire.simulation.speaker import SimulatedSpeaker
from bellwire.simulation.world import World

_DAY = 86_400.0
_DEEDS_A_DAY = 5.0
"""Of an account."""
_MOST_ALERTS = 12
"""Of an account: who has more deletes one."""
_TO_THE_BUTTON = (3.0, 180.0)
"""Seconds from the first sound to somebody's hand."""
_AT_THE_BELL = {
    "stop": 54,
    "snooze": 12,
    "delete": 6,
    "stop by api": 8,
    "snooze by api": 8,
    "delete by api": 4,
    "edit by api": 4,
    "nothing": 4,
}
"""What somebody does who comes because it rings, and how often of a hundred times."""
_RULES = ("daily", "weekday", "weekend", "weekly")
_ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Seoul")


@dataclass
class Household:
    """An account, its speakers, and who lives there."""

    account: str
    zone: str
    speakers: list[SimulatedSpeaker]


class People:
    """All who do something in one run, as long as it lasts."""

    def __init__(
        self,
        world: World,
        cloud: SimulatedCloud,
        households: Sequence[Household],
        faults: Faults,
        observe: Callable[[Fact], None],
    ) -> None:
        self.are_busy = True
        self._world = world
        self._cloud = cloud
        self._households = households
        self._faults = faults
        self._observe = observe
        self.on_rename: Callable[[str, SimulatedSpeaker], None] = lambda _was, _speaker: None
        """Is told when a speaker has become another device, and its name before."""
        self._count = 0
        self._tokens: dict[str, dict[str, Schedule]] = {each.account: {} for each in households}

    def begin(self) -> None:
        """From now on they do things."""
        for household in self._households:
            self._deed_later(household)
            self._rarely("zone_moved", lambda household=household: self._move(household))  # type: ignore[misc]
            for speaker in household.speakers:
                self._rarely("logged_out", lambda speaker=speaker: self._log_out(speaker))  # type: ignore[misc]
        self._rarely("account_switched", self._switch)

    def hear(self, fact: Fact) -> None:
        """Something rings: somebody comes, or nobody."""
        if isinstance(fact, Rang):
            speaker = next(each for home in self._households for each in home.speakers if each.name == fact.device)
            wait = self._world.chance.uniform(*_TO_THE_BUTTON)
            self._world.after(wait, lambda: self._at_the_bell(speaker, fact.token))

    def _rarely(self, name: str, do: Callable[[], None]) -> None:
        if not (rate := self._faults[name]):
            return

        def then() -> None:
            if self.are_busy:
                do()
                self._world.after(self._world.chance.expovariate(rate / _DAY), then)

        self._world.after(self._world.chance.expovariate(rate / _DAY), then)

    # At a speaker

    def _at_the_bell(self, speaker: SimulatedSpeaker, token: str) -> None:
        if speaker.sounding != token:
            return
        deed = self._world.chance.choices(list(_AT_THE_BELL), list(_AT_THE_BELL.values()))[0]
        household = self._home_of(speaker)
        if deed == "stop":
            speaker.press(inputs.StopPressed())
        elif deed == "snooze":
            speaker.press(inputs.SnoozePressed())
        elif deed == "delete":
            self._delete_at(speaker, token)
        elif deed == "stop by api":
            if self._does(household, lambda: stop_alert(household.account, token, self._world.now), token):
                self._observe(Hushed(self._world.now, "", household.account, token))
        elif deed == "snooze by api":
            self._does(household, lambda: snooze_alert(household.account, token, None, self._world.now), token)
        elif deed == "delete by api" and self._delete(household, token):
            self._observe(Hushed(self._world.now, "", household.account, token))
        elif deed == "edit by api" and token in self._tokens[household.account]:
            self._edit(household, token)
        self._world.after(120.0, lambda: self._at_the_bell(speaker, token))

    def _delete_at(self, speaker: SimulatedSpeaker, token: str) -> None:
        if speaker.profile.delete_request is not None and token in speaker.state.alerts:
            speaker.press(inputs.DeletePressed(token))
            self._observe(Deleted(self._world.now, speaker.name, token))
            self._tokens[speaker.device.account_id].pop(token, None)
            self._observe(Wished(self._world.now, "", speaker.device.account_id, token, is_there=False, recurs=False))

    def _home_of(self, speaker: SimulatedSpeaker) -> Household:
        return next(each for each in self._households if each.account == speaker.device.account_id)

    # By the account API

    def _deed_later(self, household: Household) -> None:
        def then() -> None:
            if self.are_busy:
                self._deed(household)
                self._deed_later(household)

        self._world.after(self._world.chance.expovariate(_DEEDS_A_DAY / _DAY), then)

    def _deed(self, household: Household) -> None:
        if not (self._cloud.is_up and self._cloud.is_reachable):
            return
        there = list(self._tokens[household.account])
        chance = self._world.chance
        if not there or (len(there) < _MOST_ALERTS and chance.random() < 0.6):
            self._add(household)
            return
        token = chance.choice(there)
        deeds = (self._edit, self._delete, self._skip, self._pause, self._resume, self._at_a_speaker)
        chance.choices(deeds, (40, 15 + 40 * (len(there) >= _MOST_ALERTS), 10, 10, 10, 10))[0](household, token)

    def _add(self, household: Household) -> None:
        chance, now = self._world.chance, self._world.now
        self._count += 1
        token = f"{household.account}-{self._count}"
        kind = chance.choice((Kind.ALARM, Kind.ALARM, Kind.TIMER, Kind.REMINDER, Kind.ACTIONTIMER))
        schedule = self._schedule(household, recurs=kind in {Kind.ALARM, Kind.REMINDER} and chance.random() < 0.5)
        first = next_occurrence(schedule, now)
        if first is None:
            return
        on = chance.choice((None, None, [chance.choice(household.speakers).name]))
        secret = secret_of(household.account)
        speech = _name_of_sound(household.account) if kind is Kind.REMINDER else None
        alert = Alert(token, kind, secret, schedule, first, 1, on is None, speech)
        self._does(household, lambda: accounts.add_alert(household.account, alert, on, 1000, now), token, schedule)

    def _schedule(self, household: Household, *, recurs: bool) -> Schedule:
        """Some time in the next two days, for one that recurs at some hour of the day."""
        chance = self._world.chance
        ahead = timedelta(seconds=chance.choice((20, 120, 3600, 6 * 3600, 26 * 3600)) * chance.uniform(1, 2))
        wall = (self._world.now + ahead).astimezone(ZoneInfo(household.zone)).replace(tzinfo=None, microsecond=0)
        if not recurs:
            return Schedule(wall, household.zone, floating=chance.random() < 0.5)
        wall = wall.replace(hour=chance.choice((1, 2, 3, 7, 12, 22)), minute=chance.choice((0, 30, 59)), second=0)
        every = chance.choice(_RULES)
        return Schedule(wall, household.zone, EVERY[every], floating=chance.random() < 0.5)

    def _edit(self, household: Household, token: str) -> None:
        before = self._tokens[household.account][token]
        schedule = self._schedule(household, recurs=before.rule is not None)
        now = self._world.now
        label = f"again {secret_of(household.account)}"
        edit = accounts.Edit(label=label, reschedule=lambda _: (schedule, first_occurrence(schedule, now, PAST_DUE)))
        self._does(household, lambda: accounts.edit_alert(household.account, token, edit, now), token, schedule)

    def _delete(self, household: Household, token: str) -> bool:
        now = self._world.now
        return self._does(household, lambda: accounts.remove_alert(household.account, token, now), token, None)

    def _skip(self, household: Household, token: str) -> None:
        now = self._world.now
        self._does(household, lambda: accounts.skip_occurrence(household.account, token, now), token)

    def _pause(self, household: Household, token: str) -> None:
        now = self._world.now
        self._does(household, lambda: accounts.pause_alert(household.account, token, now), token)

    def _resume(self, household: Household, token: str) -> None:
        now = self._world.now
        self._does(household, lambda: accounts.resume_alert(household.account, token, now), token)

    def _at_a_speaker(self, household: Household, token: str) -> None:
        self._delete_at(self._world.chance.choice(household.speakers), token)

    def _does(
        self,
        household: Household,
        deed: Callable[[], Transaction[object]],
        token: str,
        schedule: "Schedule | EllipsisType | None" = ...,
    ) -> bool:
        """Ask the account API, and say whether it was done.

        `schedule`: the alert's from then on; None: it is gone; else that is not said.
        """
        if not self._cloud.is_up:
            return False
        try:
            self._cloud.write(deed)
        except (WishError, UnknownAlertError):
            self._tokens[household.account].pop(token, None)
            return False
        self._cloud.wake([speaker.name for speaker in household.speakers])
        if schedule is None:
            self._tokens[household.account].pop(token, None)
            self._observe(Wished(self._world.now, "", household.account, token, is_there=False, recurs=False))
        elif isinstance(schedule, Schedule):
            self._tokens[household.account][token] = schedule
            recurs = schedule.rule is not None
            due = None if recurs else schedule.start.replace(tzinfo=ZoneInfo(schedule.zone))
            wished = Wished(self._world.now, "", household.account, token, is_there=True, recurs=recurs, due=due)
            self._observe(wished)
        return True

    # Rarely

    def _move(self, household: Household) -> None:
        if self._cloud.is_up:
            household.zone = self._world.chance.choice(_ZONES)
            change = Change(frozenset({"timezone"}), timezone=household.zone)
            woken = self._cloud.write(change_account, household.account, change, _name_of_sound, self._world.now)
            self._cloud.wake(woken)

    def _log_out(self, speaker: SimulatedSpeaker) -> None:
        """It is paired anew at once, with the same account."""
        if not self._cloud.is_up:
            return
        self._pair(speaker, speaker.device.account_id)

    def _switch(self) -> None:
        """A speaker is given to the other account, which has it from then on."""
        giver, taker = self._world.chance.sample(list(self._households), 2)
        if self._cloud.is_up and len(giver.speakers) > 1:
            speaker = self._world.chance.choice(giver.speakers)
            giver.speakers.remove(speaker)
            taker.speakers.append(speaker)
            self._pair(speaker, taker.account)

    def _pair(self, speaker: SimulatedSpeaker, account: str) -> None:
        before = speaker.device
        self._count += 1
        name = f"{before.device_id.partition('~')[0]}~{self._count}"
        device = self._cloud.device(account, name, before.profile)
        self._cloud.revoke(before)
        speaker.is_emptied(device, lambda: self.on_rename(before.device_id, speaker))


def _name_of_sound(account: str, *_: str) -> str:
    """The same for all labels of an account, whatever it speaks."""
    return f"{secret_of(account)}wav"
