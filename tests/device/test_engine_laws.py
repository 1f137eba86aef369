"""What holds of the engine whatever happens, in whatever order, with the power cut anywhere."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from datetime import time as of_day
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bellwire.alerts.alert import Kind
from bellwire.alerts.lifecycle import ACTIVE, SOUNDING, Life
from bellwire.device import inputs, outputs
from bellwire.device.agenda import Agenda
from bellwire.device.belief import GRACE
from bellwire.device.do_not_disturb import DoNotDisturb, Hours
from bellwire.device.engine import alerts_state, step
from bellwire.device.held import LOUDEST, Held, State
from bellwire.protocol.messages import Message
from bellwire.protocol.messages.alerts import (
    AdjustVolume,
    AlertEnteredBackground,
    AlertEnteredForeground,
    AlertStarted,
    AlertStopped,
    Asset,
    DeleteAlert,
    DeleteAlerts,
    DeleteAlertsSucceeded,
    OneAlert,
    RequestDeleteAlert,
    SetAlert,
    SetAlertSucceeded,
    SetVolume,
    StopAlert,
    SynchronizeAlert,
    VolumeChanged,
)
from bellwire.protocol.messages.envelope import Directive, Unread
from bellwire.protocol.profiles.clova import CIC_KO_2022
from bellwire.protocol.profiles.profile import AssetFailure, Profile, SeveralAtOnce
from bellwire.protocol.profiles.tvs import TVS_2020
from tests.conversation import MIDNIGHT, saved_over

TOKENS = st.sampled_from("abcd")
KINDS = st.sampled_from(["ALARM", "TIMER", "REMINDER", "ACTIONTIMER"])
URLS = st.sampled_from(["https://cloud.example/1", "https://cloud.example/2"])
OFFSETS = st.sampled_from([-3600, -1801, -1800, -60, 0, 1, 60, 60, 3600, 100_000]).map(lambda s: timedelta(seconds=s))
LOOPS = st.sampled_from([None, None, 1, 3])
VOLUMES = st.integers(-150, 150)
WAITS = st.sampled_from([0.001, 1, 5, 60, 1800, 3600, 90_000]).map(lambda s: timedelta(seconds=s))

PROFILES = st.builds(
    replace,
    st.sampled_from([CIC_KO_2022, TVS_2020]),
    stop_asks_first=st.booleans(),
    stopping_removes=st.booleans(),
    delete_request=st.sampled_from([RequestDeleteAlert, None]),
    several_at_once=st.sampled_from(SeveralAtOnce),
    asset_failure=st.sampled_from(AssetFailure),
    played_once=st.sampled_from([(), ("ACTIONTIMER",)]),
)
PLACES = (AlertEnteredBackground, AlertEnteredForeground)


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
        self.volume = self.heard_at = LOUDEST
        self.quiet = DoNotDisturb()
        self.is_behind = False
        self.place: type[Message] | None = None
        self.state = State()
        self.happens(inputs.Started())

    # What happens.

    @rule(token=TOKENS, kind=KINDS, offset=OFFSETS, urls=st.lists(URLS, max_size=2), loops=LOOPS)
    def set_alert(self, token: str, kind: str, offset: timedelta, urls: list[str], loops: int | None) -> None:
        self.told(self.an_alert(token, kind, offset, urls, loops))

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

    @rule()
    def set_what_is_over(self) -> None:
        for token, time in sorted(self.is_over.items()):
            self.told(SetAlert(token=token, type="ALARM", scheduled_time=time))

    @rule(tokens=st.lists(TOKENS, max_size=5))
    def delete_alerts(self, tokens: list[str]) -> None:
        self.told(DeleteAlerts(tokens=tuple(tokens)))
        assert self.bell not in tokens
        assert not self.state.alerts.keys() & set(tokens)
        if self.letters:  # a power cut sends what is on the disk
            assert any(isinstance(letter, DeleteAlertsSucceeded) for letter in self.letters)

    @rule(token=TOKENS, kind=st.none() | KINDS, listed=st.lists(TOKENS, max_size=3), is_named=st.booleans())
    def can_not_read(self, token: str, kind: str | None, listed: list[str], is_named: bool) -> None:
        """Neither a directive nor an entry of a list changes what it might have been about."""
        unread = Unread(SetAlert, (token,) if is_named else (), kind, "why")
        before = {each for each in self.disk if each == token or not is_named}
        self.happens(inputs.NotUnderstood("x", "why", unread))
        assert before <= self.disk.keys() | self.is_over.keys()
        alerts = tuple(self.an_alert(each, "ALARM", timedelta(hours=1), [], None) for each in listed)
        self.happens(Directive(message=SynchronizeAlert(all_alerts=alerts), message_id="m", unread=(unread,)))
        assert before <= self.disk.keys() | self.is_over.keys()

    @rule(volume=VOLUMES, happens=st.sampled_from(["set", "adjust", "press"]))
    def change_volume(self, volume: int, happens: str) -> None:
        wanted = self.state.volume + volume if happens == "adjust" else volume
        if happens == "press":
            self.happens(inputs.VolumePressed(volume))
        else:
            self.told(SetVolume(volume=volume) if happens == "set" else AdjustVolume(volume=volume))
        assert self.state.volume == min(max(wanted, 0), LOUDEST)

    @rule(is_on=st.booleans())
    def do_not_disturb(self, is_on: bool) -> None:
        self.happens(inputs.DoNotDisturbPressed(is_on))
        assert self.quiet.is_on is is_on

    @rule(hours=st.none() | st.just(Hours(of_day(22), of_day(7), "Asia/Seoul")), kinds=st.sets(st.sampled_from(Kind)))
    def do_not_disturb_by_the_hours(self, hours: Hours | None, kinds: set[Kind]) -> None:
        self.happens(inputs.DoNotDisturbSet(hours, tuple(sorted(kinds))))

    @rule(in_front=st.booleans())
    def other_audio(self, in_front: bool) -> None:
        self.happens(inputs.OtherAudio(in_front))

    @rule(token=TOKENS, kind=KINDS)
    def stop_alert(self, token: str, kind: str) -> None:
        may_begin = self.is_doomed and self.bell != token  # when the power is back, as what is due does
        self.told(StopAlert(token=token, type=kind))
        assert self.bell != token or may_begin

    @rule(listed=st.lists(st.tuples(TOKENS, KINDS, OFFSETS), max_size=5))
    def synchronize(self, listed: list[tuple[str, str, timedelta]]) -> None:
        self.told(SynchronizeAlert(all_alerts=tuple(self.an_alert(*entry, []) for entry in listed)))
        assert self.state.alerts.keys() <= {token for token, _, _ in listed}

    @rule()
    def press_stop(self) -> None:
        rang = self.bell
        self.happens(inputs.StopPressed())
        assert not (rang and self.bell == rang and self.is_heard)

    @rule()
    def press_snooze(self) -> None:
        rang = self.bell if self.is_heard else None
        held = self.state.alerts.get(rang or "")
        may = held is not None and held.snoozes < self.state.system.setup.most_snoozes
        first = len(self.letters)
        is_doomed = self.is_doomed
        self.happens(inputs.SnoozePressed())
        if not is_doomed and held is not None:
            assert (self.bell == rang) is not may
            stopped = [message.token for message in self.letters[first:] if isinstance(message, AlertStopped)]
            assert held.token not in stopped
            active = {alert.token for alert in alerts_state(self.state).active_alerts}
            assert held.token in active or self.goes_when_silent

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
            woke_at = self.now
            self.happens(inputs.Woke())
            until += self.now - woke_at  # the clock was corrected
        self.now = until

    @rule(by=OFFSETS)
    def clock_steps(self, by: timedelta) -> None:
        self.now += by
        self.happens(inputs.ClockStepped(by))

    @rule(wait=WAITS, is_same_boot=st.booleans())
    def power_goes(self, wait: timedelta, is_same_boot: bool) -> None:
        latest, self.now = self.now, self.now + wait
        self.reboots(latest, is_same_boot=is_same_boot)

    @rule(by=OFFSETS)
    def power_goes_and_the_clock_with_it(self, by: timedelta) -> None:
        latest, self.now = self.now, self.now + by
        self.reboots(latest)

    @rule(off=OFFSETS)
    def time_is_told(self, off: timedelta) -> None:
        self.happens(inputs.TimeTold(self.now + off))

    @rule()
    def ntp_keeps_the_clock(self) -> None:
        self.happens(inputs.KeptByNtp())

    @rule()
    def power_will_go(self) -> None:
        """The next thing that happens is saved; what is to be heard and sent after it is never performed."""
        self.is_doomed = True

    @rule()
    def log_out(self) -> None:
        self.happens(inputs.LoggedOut())
        self.is_over.clear()
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
    def the_volume_is_kept_and_told(self) -> None:
        assert self.volume == self.state.volume
        told = [letter.volume for letter in self.letters if isinstance(letter, VolumeChanged)]
        assert not told or (told[-1] == self.volume and self.profile.has(VolumeChanged))

    @invariant()
    def the_cloud_knows_where_it_rings(self) -> None:
        assert self.is_behind == self.state.is_behind
        ringing = any(held.life is Life.RINGING for held in self.state.alerts.values())
        if ringing and self.profile.has(AlertEnteredForeground):
            assert self.place is PLACES[not self.is_behind]
        if not self.profile.has(AlertEnteredForeground):
            assert self.place is None

    @invariant()
    def only_what_has_begun_has_been_snoozed(self) -> None:
        for held in self.state.alerts.values():
            assert (held.snoozes > 0) is (held.again_at is not None)
            assert held.life in ACTIVE or held.snoozes == 0
            assert not held.is_put_off or held.life is Life.SET

    @invariant()
    def what_is_stopped_is_gone_where_stopping_removes(self) -> None:
        lives = {held.life for held in self.state.alerts.values()}
        assert not (self.profile.stopping_removes and Life.STOPPED in lives)

    @invariant()
    def who_is_not_to_be_disturbed_hears_what_is_an_exception(self) -> None:
        assert self.quiet == self.state.do_not_disturb
        rings = self.state.alerts.get(self.bell or "")
        is_silent = rings is not None and self.quiet.is_on and rings.occurrence.kind not in self.quiet.exceptions
        assert self.heard_at == (0 if is_silent else self.state.volume)

    @invariant()
    def a_doubted_clock_rings_nothing(self) -> None:
        assert not (self.state.belief.is_doubted and self.bell)

    @invariant()
    def nobody_waits_for_an_idle_bell(self) -> None:
        waiting = [held.token for held in self.state.alerts.values() if held.life is Life.WAITING]
        assert self.bell is not None or not waiting

    @invariant()
    def what_is_to_come_is_not_over(self) -> None:
        for held in self.state.alerts.values():
            assert held.life not in {Life.STOPPED, Life.WAITING} or not self.is_to_come(held.occurrence.scheduled_time)

    @invariant()
    def it_wakes_for_all_that_is_to_come(self) -> None:
        if self.state.belief.until is not None:
            assert self.wake_at <= self.state.belief.until
        for held in self.state.alerts.values():
            if held.life is Life.SET and not self.state.belief.is_doubted:
                assert self.wake_at <= held.occurrence.scheduled_time
            if held.life is Life.SNOOZED and not self.state.belief.is_doubted:
                assert self.bell is not None or self.wake_at <= held.due_at
            if held.life in SOUNDING:
                assert held.ends_at is not None
                assert self.wake_at <= held.ends_at

    def teardown(self) -> None:
        """Whatever was acknowledged is heard at its hour, if only time goes by."""
        if not hasattr(self, "state"):
            return
        self.is_doomed = False
        if self.state.belief.is_doubted:
            self.time_goes_by(GRACE)  # what is too late by the end of it was late when it began
        to_ring = {
            held.token
            for held in self.state.alerts.values()
            if held.life in {Life.SET, Life.WAITING, Life.SNOOZED} and not held.hidden
        }
        rings_early = {
            held.token
            for held in self.state.alerts.values()
            if held.life in SOUNDING and self.is_to_come(held.occurrence.scheduled_time)
        }
        first = len(self.letters)
        self.time_goes_by(timedelta(days=3))
        began = {message.token for message in self.letters[first:] if isinstance(message, AlertStarted)}
        assert to_ring <= began <= to_ring | rings_early
        assert {held.life for held in self.state.alerts.values()} <= {Life.STOPPED}

    # How it is done.

    @property
    def goes_when_silent(self) -> bool:
        """Whether only its bell keeps an alert: all others of its account are gone."""
        return False

    def is_to_come(self, time: datetime, *, was_heard: bool = True) -> bool:
        """It rang, or was missed, by a clock that was ahead. What nobody heard is to come however little is left."""
        least = self.profile.past_due if was_heard else timedelta.resolution
        return time - self.now >= least and not self.state.belief.is_doubted

    def an_alert(self, token: str, kind: str, offset: timedelta, urls: list[str], loops: int | None = None) -> SetAlert:
        time = self.now.replace(microsecond=0) + offset
        assets = tuple(Asset(asset_id=url, url=url) for url in urls)
        return SetAlert(
            token=token,
            type=kind,
            scheduled_time=time,
            assets=assets,
            asset_play_order=tuple(urls),
            background_alert_asset=urls[-1] if urls else None,
            loop_count=loops,
        )

    def told(self, message: Message) -> None:
        self.happens(Directive(message=message, message_id="m"))

    def reboots(self, latest: datetime | None = None, *, is_same_boot: bool = False) -> None:
        self.state, self.bell, self.is_heard, self.wake_at = State(), None, False, None
        self.heard_at = LOUDEST
        self.is_behind = False
        # What was stopped and is gone is not on the disk.
        self.is_over = {token: time for token, time in self.is_over.items() if token in self.disk}
        held = tuple(self.disk.values())
        self.happens(
            inputs.Started(held, self.volume, latest=latest, is_same_boot=is_same_boot, do_not_disturb=self.quiet)
        )

    def happens(self, happened: inputs.Input) -> None:
        self.state, done = step(self.state, happened, self.now, self.profile)
        for output in done:
            if isinstance(output, outputs.CorrectClock):
                self.clock_is_moved(output.by)
        before = dict(self.disk)
        kept = State(Agenda(self.disk.values()), volume=self.volume, do_not_disturb=self.quiet)
        after = saved_over(kept, self.state)
        self.disk, self.volume, self.quiet = dict(after.alerts), after.volume, after.do_not_disturb
        assert self.disk == self.state.alerts
        self.keep(done)
        self.judge(before, done)
        if self.is_doomed:
            self.is_doomed = False
            self.reboots()
            return
        for output in done:
            self.hear(output)

    def clock_is_moved(self, by: timedelta) -> None:
        self.now += by

    def keep(self, done: tuple[outputs.Output, ...]) -> None:
        for output in done:
            match output:
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
            was_heard = token not in before or not before[token].is_missed
            is_forgotten = held is None and not was_heard and not self.profile.stopping_removes
            is_another = held is not None and held.occurrence.scheduled_time != time
            if is_forgotten or is_another or self.is_to_come(time, was_heard=was_heard):
                del self.is_over[token]
        rung = {output.token for output in done if isinstance(output, outputs.Ring)}
        assert not rung & self.is_over.keys()
        for message in said:
            if isinstance(message, SetAlertSucceeded):
                assert message.token in self.disk or message.token in self.is_over
            if isinstance(message, AlertStarted):
                self.place = None
            if isinstance(message, PLACES):
                assert self.place is not type(message)
                self.place = type(message)

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
            case outputs.PutBehind(is_behind):
                self.is_behind = is_behind
            case outputs.SetVolume(volume):
                self.heard_at = volume
            case outputs.WakeAt(time):
                self.wake_at = time


TestWorld = World.TestCase
TestWorld.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
