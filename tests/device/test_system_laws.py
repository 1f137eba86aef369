"""What holds of a device whatever becomes of its network, its owner and its cloud."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from bellwire.device import inputs, outputs
from bellwire.device.held import LOUDEST, Remembered, Setup, State
from bellwire.device.inactivity import USER_ACTIVITY
from bellwire.protocol.messages import Message
from bellwire.protocol.messages.system import (
    ExceptionEncountered,
    ReportSoftwareInfo,
    ResetUserInactivity,
    SetEndpoint,
    SoftwareInfo,
    UserInactivityReport,
)
from bellwire.protocol.profiles.profile import Offline, Profile
from tests.conversation import MIDNIGHT
from tests.device.test_engine_laws import PROFILES, World

HOUR = timedelta(hours=1)
HOME = "https://home.example"
CLOUDS = st.sampled_from([HOME, "seoul.example", "https://london.example:8443", "http://bad.example", "https://[::1]"])
OWNERS = st.sampled_from(["one", "two"])
SETUPS = st.builds(
    Setup,
    cloud=st.just(HOME),
    owner=st.sampled_from(["", "one"]),
    firmware=st.sampled_from(["", "8701"]),
    offline_grace=st.sampled_from([None, timedelta(), timedelta(seconds=5), timedelta(minutes=30)]),
)
ACTIVITY: tuple[type, ...] = (*USER_ACTIVITY, inputs.UserActive, inputs.Started)


class SystemWorld(World):
    """The same device, with a network that comes and goes, owners and clouds."""

    @initialize(profile=PROFILES, offline=st.sampled_from(Offline), setup=SETUPS)
    def boot(self, profile: Profile, offline: Offline, setup: Setup) -> None:
        self.setup = setup
        self.remembered = Remembered()
        self.stands = False
        self.moves = 0
        self.tried: list[Message] = []
        super().boot(replace(profile, offline=offline))
        self.state, self.active_at = State(), MIDNIGHT
        self.reboots()

    @rule(endpoint=CLOUDS)
    def is_sent_away(self, endpoint: str) -> None:
        self.told(SetEndpoint(endpoint=endpoint))

    @rule(message=st.sampled_from([ResetUserInactivity(), ReportSoftwareInfo()]))
    def is_told(self, message: Message) -> None:
        if self.profile.has(type(message)):
            self.told(message)

    @rule(status=st.sampled_from([204, 400, 500, None]))
    def software_is_answered(self, status: int | None) -> None:
        if self.tried:
            self.happens(inputs.Answered(self.tried.pop(), status))

    @rule()
    def somebody_is_there(self) -> None:
        self.happens(inputs.UserActive())

    @rule(owner=OWNERS)
    def is_paired(self, owner: str) -> None:
        was = self.remembered.owner
        self.is_doomed = False
        self.setup = replace(self.setup, owner=owner)
        self.reboots()
        assert self.remembered.owner == owner
        if was not in {"", owner}:
            assert not self.disk
            assert not self.letters
            assert self.bell is None

    @rule()
    def is_not_understood(self) -> None:
        self.happens(inputs.NotUnderstood("x", "why"))

    @rule()
    def the_network_goes_for_long(self) -> None:
        """By the policy, and with a grace, nothing of the account is left but what rings."""
        self.is_doomed = False
        self.happens(inputs.Disconnected())
        grace = self.setup.offline_grace
        if self.profile.offline is Offline.DELETE and grace is not None:
            self.time_goes_by(grace + HOUR * 2)
            assert not self.disk
            assert self.bell is None

    @invariant()
    def what_is_remembered_is_what_is_known(self) -> None:
        assert self.remembered == self.state.system.kept

    @invariant()
    def it_wakes_for_all_of_it(self) -> None:
        assert all(self.wake_at <= time for time in self.state.system.times())

    def teardown(self) -> None:
        """Whatever is still there rings, once the network is there."""
        if hasattr(self, "state"):
            self.is_doomed = False
            self.happens(inputs.Connected())
            super().teardown()

    @property
    def goes_when_silent(self) -> bool:
        return self.profile.offline is Offline.DELETE and not self.stands

    def clock_is_moved(self, by: timedelta) -> None:
        super().clock_is_moved(by)
        self.active_at += by

    def reboots(self, latest: datetime | None = None, *, is_same_boot: bool = False) -> None:
        self.state, self.bell, self.is_heard, self.wake_at = State(), None, False, None
        self.heard_at = LOUDEST
        self.is_behind, self.stands = False, False
        self.tried.clear()
        self.is_over = {token: time for token, time in self.is_over.items() if token in self.disk}
        held = tuple(self.disk.values())
        self.happens(inputs.Started(held, self.volume, self.remembered, self.setup, latest, is_same_boot, self.quiet))

    def happens(self, happened: inputs.Input) -> None:
        if isinstance(happened, ACTIVITY) or isinstance(getattr(happened, "message", None), ResetUserInactivity):
            self.active_at = self.now
        elif isinstance(happened, inputs.ClockStepped):
            self.active_at += happened.by
        elif isinstance(happened, inputs.Connected):
            self.stands = True
        elif isinstance(happened, inputs.Disconnected):
            self.stands = False
        super().happens(happened)

    def keep(self, done: tuple[outputs.Output, ...]) -> None:
        super().keep(done)
        self.remembered = self.state.system.kept
        for output in done:
            match output:
                case outputs.DropEvents():
                    self.is_over.clear()
                    assert set(self.disk) <= ({self.bell} if self.bell else set())
                case outputs.Send(message, certified):
                    self.is_in_order(message, certified)

    def is_in_order(self, message: Message, certified: Any) -> None:
        if isinstance(message, UserInactivityReport):
            seconds = message.inactive_time_in_seconds
            assert self.stands
            assert seconds > 0
            assert seconds % 3600 == 0
            assert timedelta() <= self.now - self.active_at - timedelta(seconds=seconds) < HOUR
        if isinstance(message, SoftwareInfo):
            assert self.stands
            self.tried.append(message)
        if isinstance(message, UserInactivityReport | SoftwareInfo | ExceptionEncountered):
            assert not certified
            assert self.profile.has(type(message))


TestSystemWorld = SystemWorld.TestCase
TestSystemWorld.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
