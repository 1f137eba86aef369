"""What holds of the engine whatever happens, in whatever order, with the power cut anywhere."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bellwire.alerts.lifecycle import SOUNDING, Life
from bellwire.device import inputs, outputs
from bellwire.device.engine import step
from bellwire.device.held import Held, State
from bellwire.protocol.messages import Message
from bellwire.protocol.messages.alerts import (
    AlertStarted,
    AlertStopped,
    Asset,
    DeleteAlert,
    OneAlert,
    RequestDeleteAlert,
    SetAlert,
    SetAlertSucceeded,
    StopAlert,
    SynchronizeAlert,
)
from bellwire.protocol.messages.envelope import Directive
from bellwire.protocol.profiles.clova import CIC_KO_2022
from bellwire.protocol.profiles.profile import Profile, SeveralAtOnce
from tests.conversation import MIDNIGHT

TOKENS = st.sampled_from("abcd")
KINDS = st.sampled_from(["ALARM", "TIMER", "REMINDER", "ACTIONTIMER"])
URLS = st.sampled_from(["https://cloud.example/1", "https://cloud.example/2"])
OFFSETS = st.sampled_from([-3600, -1801, -1800, -60, 0, 1, 60, 60, 3600, 100_000]).map(lambda s: timedelta(seconds=s))
WAITS = st.sampled_from([0.001, 1, 5, 60, 1800, 3600, 90_000]).map(lambda s: timedelta(seconds=s))

PROFILES = st.builds(
    partial(replace, CIC_KO_2022),
    stop_asks_first=st.booleans(),
    delete_request=st.sampled_from([RequestDeleteAlert, None]),
    several_at_once=st.sampled_from(SeveralAtOnce),
)


class World(RuleBasedStateMachine):
    """A device whose disk, bell and letter box are kept as its outputs say, and nothing else."""

    @initialize(profile=PROFILES)
    def boot(self, profile: Profile) -> None:
        self.profile = profile
        self.now = MIDNIGHT
        self.disk: dict[str, Held] = {}
        self.letters: list[Message] = []
        self.is_doomed = False
        self.bell: str | None = None
        self.is_heard = False
        self.wake_at: Any = None
        self.is_over: dict[str, Any] = {}
        self.state = State()
        self.happens(inputs.Started())

    # What happens.

    @rule(token=TOKENS, kind=KINDS, offset=OFFSETS, urls=st.lists(URLS, max_size=2))
    def set_alert(self, token: str, kind: str, offset: timedelta, urls: list[str]) -> None:
        self.told(self.an_alert(token, kind, offset, urls))

    @rule(token=TOKENS)
    def set_again(self, token: str) -> None:
        held = self.state.alerts.get(token)
        if held is not None:
            self.told(SetAlert(token=token, type=held.occurrence.kind, scheduled_time=held.occurrence.scheduled_time))

    @rule(token=TOKENS, kind=KINDS)
    def delete_alert(self, token: str, kind: str) -> None:
        self.told(DeleteAlert(token=token, type=kind))
        assert token not in self.state.alerts
        assert self.bell != token

    @rule(token=TOKENS, kind=KINDS)
    def stop_alert(self, token: str, kind: str) -> None:
        self.told(StopAlert(token=token, type=kind))
        assert self.bell != token

    @rule(listed=st.lists(st.tuples(TOKENS, KINDS, OFFSETS), max_size=5))
    def synchronize(self, listed: list[tuple[str, str, timedelta]]) -> None:
        self.told(SynchronizeAlert(all_alerts=tuple(self.an_alert(*entry, []) for entry in listed)))
        assert self.state.alerts.keys() <= {token for token, _, _ in listed}

    @rule()
    def press_stop(self) -> None:
        rang = self.bell
        self.happens(inputs.StopPressed())
        assert not (rang and self.bell == rang and self.is_heard)

    @rule(token=TOKENS)
    def press_delete(self, token: str) -> None:
        self.happens(inputs.DeletePressed(token))
        assert not (self.bell == token and self.is_heard and self.profile.delete_request)

    @rule(happened=st.sampled_from([inputs.Connected(), inputs.Disconnected(), inputs.Woke()]))
    def something(self, happened: inputs.Input) -> None:
        self.happens(happened)

    @rule(token=TOKENS)
    def playback_ends(self, token: str) -> None:
        self.happens(inputs.PlaybackEnded(token))

    @rule(url=URLS, is_there=st.booleans())
    def asset_comes(self, url: str, is_there: bool) -> None:
        self.happens(inputs.AssetFetched(url) if is_there else inputs.AssetFailed(url, "it is away"))

    @rule(wait=WAITS)
    def time_goes_by(self, wait: timedelta) -> None:
        until = self.now + wait
        while self.wake_at is not None and self.wake_at <= until:
            self.now = max(self.now, self.wake_at)
            self.happens(inputs.Woke())
        self.now = until

    @rule(by=OFFSETS)
    def clock_steps(self, by: timedelta) -> None:
        self.now += by
        self.happens(inputs.ClockStepped(by))

    @rule(wait=WAITS)
    def power_goes(self, wait: timedelta) -> None:
        self.now += wait
        self.reboots()

    @rule()
    def power_will_go(self) -> None:
        """The next thing that happens is saved; what is to be heard and sent after it is never performed."""
        self.is_doomed = True

    @rule()
    def log_out(self) -> None:
        self.happens(inputs.LoggedOut())
        assert not self.disk
        assert not self.letters
        assert self.bell is None

    # What must hold.

    @invariant()
    def the_disk_has_what_the_state_has(self) -> None:
        assert self.disk == self.state.alerts

    @invariant()
    def the_bell_is_the_states(self) -> None:
        sounding = [held for held in self.state.alerts.values() if held.life in SOUNDING]
        assert [held.token for held in sounding] == ([self.bell] if self.bell else [])
        assert self.is_heard == any(held.life is Life.RINGING for held in sounding)
        assert not any(held.hidden for held in sounding if held.life is Life.RINGING)

    @invariant()
    def nobody_waits_for_an_idle_bell(self) -> None:
        waiting = [held.token for held in self.state.alerts.values() if held.life is Life.WAITING]
        assert self.bell is not None or not waiting

    @invariant()
    def it_wakes_for_all_that_is_to_come(self) -> None:
        for held in self.state.alerts.values():
            if held.life is Life.SET:
                assert self.wake_at <= held.occurrence.scheduled_time
            if held.life in SOUNDING:
                assert held.ends_at is not None
                assert self.wake_at <= held.ends_at

    def teardown(self) -> None:
        """Whatever was acknowledged is heard at its hour, if only time goes by."""
        if not hasattr(self, "state"):
            return
        to_ring = {
            held.token
            for held in self.state.alerts.values()
            if held.life in {Life.SET, Life.WAITING} and not held.hidden
        }
        self.is_doomed = False
        first = len(self.letters)
        self.time_goes_by(timedelta(days=3))
        began = {message.token for message in self.letters[first:] if isinstance(message, AlertStarted)}
        assert began == to_ring
        assert {held.life for held in self.state.alerts.values()} <= {Life.STOPPED}

    # How it is done.

    def an_alert(self, token: str, kind: str, offset: timedelta, urls: list[str]) -> SetAlert:
        time = self.now.replace(microsecond=0) + offset
        assets = tuple(Asset(asset_id=url, url=url) for url in urls)
        return SetAlert(token=token, type=kind, scheduled_time=time, assets=assets, asset_play_order=tuple(urls))

    def told(self, message: Message) -> None:
        self.happens(Directive(message=message, message_id="m"))

    def reboots(self) -> None:
        self.state, self.bell, self.is_heard, self.wake_at = State(), None, False, None
        self.happens(inputs.Started(tuple(self.disk.values())))

    def happens(self, happened: inputs.Input) -> None:
        self.state, done = step(self.state, happened, self.now, self.profile)
        before = dict(self.disk)
        self.keep(done)
        self.judge(before, done)
        if self.is_doomed:
            self.is_doomed = False
            self.reboots()
            return
        for output in done:
            self.hear(output)

    def keep(self, done: tuple[outputs.Output, ...]) -> None:
        for output in done:
            match output:
                case outputs.Save(held):
                    self.disk[held.token] = held
                case outputs.Forget(token):
                    del self.disk[token]
                case outputs.DropEvents():
                    self.letters.clear()
                case outputs.Send(message, True):
                    self.letters.append(message)

    def judge(self, before: dict[str, Held], done: tuple[outputs.Output, ...]) -> None:
        """An occurrence that is over never rings again; one that is set to another time is another one."""
        said = list(self.reports(done))
        for message in said:
            if isinstance(message, AlertStopped) and message.token in before:
                self.is_over[message.token] = before[message.token].occurrence.scheduled_time
        for token, time in list(self.is_over.items()):
            held = self.disk.get(token)
            if held is None or held.occurrence.scheduled_time != time:
                del self.is_over[token]
        rung = {output.token for output in done if isinstance(output, outputs.Ring)}
        assert not rung & self.is_over.keys()
        for message in said:
            if isinstance(message, SetAlertSucceeded):
                assert message.token in self.disk

    @staticmethod
    def reports(done: tuple[outputs.Output, ...]) -> Iterator[OneAlert]:
        for output in done:
            if isinstance(output, outputs.Send) and isinstance(output.message, OneAlert):
                yield output.message

    def hear(self, output: outputs.Output) -> None:
        match output:
            case outputs.Ring(token):
                self.bell, self.is_heard = token, True
            case outputs.Mute(token):
                assert self.bell == token
                self.is_heard = False
            case outputs.Stop(token):
                assert self.bell == token
                self.bell, self.is_heard = None, False
            case outputs.WakeAt(time):
                self.wake_at = time


TestWorld = World.TestCase
TestWorld.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
