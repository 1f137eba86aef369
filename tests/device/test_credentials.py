"""The rules of renewal as conversations, and their laws against a cloud that rotates and revokes (RFC 9700)."""

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bellwire.device.backoff import JITTER, STEPS
from bellwire.device.credentials import (
    MARGIN,
    PROVEN_AGE,
    Ask,
    Credentials,
    Fresh,
    Input,
    LogOut,
    NotWritten,
    Output,
    Pair,
    Unauthorized,
    Use,
    Woke,
    Write,
    Written,
    begin,
    step,
)
from bellwire.device.grant import Failed, Grant, Refused

OLD, NEW = Pair("a0", "r0"), Pair("a1", "r1")
GRANT = Grant("a1", 1000, "r1")
DAY = 86_400.0


class Rules:
    """``<<`` is what happens, ``>>`` what is done about it, all of it."""

    def __init__(self, state: Credentials, now: float = 0.0) -> None:
        self.state, self.now = state, now
        self.done: tuple[Output, ...] = ()

    def __lshift__(self, happened: Input) -> "Rules":
        self.state, self.done = step(self.state, happened, self.now, 0.5)
        return self

    def __rshift__(self, expected: tuple[Output, ...]) -> "Rules":
        assert self.done == expected
        return self

    def after(self, seconds: float) -> "Rules":
        self.now += seconds
        return self

    @property
    def wait(self) -> float:
        assert self.state.wake_at is not None
        return self.state.wake_at - self.now


def rules(left: float = 1000) -> Rules:
    return Rules(begin(OLD, 1000, left, 0.0, 0.5))


def renewed() -> Rules:
    talk = rules(0) << Woke()
    return talk << GRANT << Written()


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_it_renews_when_a_fifth_of_the_life_is_left(chance: float) -> None:
    wake_at = begin(OLD, DAY, DAY, 0.0, chance).wake_at
    assert wake_at is not None
    assert (1 - MARGIN[1]) * DAY <= wake_at <= (1 - MARGIN[0]) * DAY
    assert begin(OLD, DAY, DAY / 2, 0.0, chance).wake_at == wake_at - DAY / 2
    assert begin(OLD, DAY, 0, 5.0, chance).wake_at == 5.0


def test_a_new_pair_is_written_and_only_then_used() -> None:
    talk = rules().after(800)
    talk << Woke() >> (Ask("r0"),)
    talk << GRANT >> (Write(Fresh(NEW, 1000, 800)),)
    assert talk.state.pair == OLD
    talk << Written() >> (Use(),)
    assert talk.state.pair == NEW
    assert talk.wait == 800


def test_nothing_is_asked_before_its_time_or_twice() -> None:
    talk = rules().after(799)
    talk << Woke() >> ()
    talk.after(1) << Woke() >> (Ask("r0"),)
    talk << Woke() >> ()
    talk << Unauthorized("a0") >> ()


def test_a_refused_token_is_renewed_at_once_and_once() -> None:
    talk = rules()
    talk << Unauthorized("a0") >> (Ask("r0"),)
    talk << Unauthorized("a0") >> ()
    talk << GRANT << Unauthorized("a0") >> ()
    talk << Written() >> (Use(),)
    talk << Unauthorized("a0") >> ()


def test_a_cloud_that_is_away_is_asked_later_and_later() -> None:
    talk = rules(0)
    waits = []
    for _ in range(len(STEPS) + 2):
        talk.after(talk.wait) << Woke() >> (Ask("r0"),)
        talk << Failed("away") >> ()
        waits.append(talk.wait)
    assert waits[: len(STEPS)] == pytest.approx([seconds * sum(JITTER) / 2 for seconds in STEPS])
    assert waits[-1] == pytest.approx(waits[len(STEPS) - 1])
    talk << Unauthorized("a0") >> ()


def test_a_first_try_in_vain_is_repeated_within_the_ten_seconds_that_the_cloud_forgives() -> None:
    talk = rules(0) << Woke()
    talk.after(4) << Failed("the answer was lost")
    assert 4 + 1 + talk.wait < 10


def test_it_waits_as_long_as_it_is_told() -> None:
    talk = rules(0) << Woke()
    talk << Failed("too many", retry_after=77)
    assert talk.wait == 77


def test_without_a_new_refresh_token_the_old_one_goes_on() -> None:
    talk = rules(0) << Woke()
    talk << Grant("a1", 1000) << Written()
    assert talk.state.pair == Pair("a1", "r0")


def test_a_disk_that_fails_keeps_the_old_pair_in_use_and_is_tried_again() -> None:
    talk = rules(0) << Woke()
    talk << GRANT << NotWritten() >> ()
    assert talk.state.pair == OLD
    talk.after(talk.wait) << Woke() >> (Write(Fresh(NEW, 1000, 0)),)
    talk << Written() >> (Use(),)
    assert talk.state.failures == 0


def test_an_ended_pairing_logs_out_once_and_asks_nothing_more() -> None:
    talk = rules(0) << Woke()
    talk << Refused("invalid_grant", "revoked") >> (LogOut(),)
    for happened in (Unauthorized("a0"), Woke(), GRANT, Refused("invalid_grant", "revoked")):
        talk.after(DAY) << happened >> ()


@pytest.mark.parametrize("error", ["", "invalid_client", "invalid_request", "unauthorized_client", "server_error"])
def test_any_other_refusal_forgets_nothing_and_waits_long(error: str) -> None:
    talk = rules(0) << Woke()
    talk << Refused(error, "no") >> ()
    assert talk.wait >= STEPS[-1] * JITTER[0]


def test_a_cloud_that_refuses_each_new_token_is_not_met_with_haste() -> None:
    talk = renewed()
    waits = []
    for _ in range(6):
        talk << Unauthorized(talk.state.pair.access_token) >> ()
        waits.append(talk.wait)
        talk.after(talk.wait) << Woke() << GRANT << Written() >> (Use(),)
    assert waits == sorted(waits)
    assert waits[0] >= 5
    assert waits[-1] >= 40
    talk.after(PROVEN_AGE) << Unauthorized("a1") >> (Ask("r1"),)


def test_a_life_of_a_second_is_not_renewed_each_second() -> None:
    talk = rules(0) << Woke()
    talk << Grant("a1", 1, "r1") << Written()
    assert talk.wait >= 5


def test_nothing_secret_is_shown() -> None:
    values = (rules().state, Ask("r0"), Unauthorized("a0"), Fresh(NEW, 1, 1), replace(rules().state, pair=NEW))
    assert not any(secret in str(value) for value in values for secret in ("a0", "r0", "a1", "r1"))


FORGIVEN = 10.0


class World(RuleBasedStateMachine):
    """A speaker, its disk, and a cloud where each refresh token is good once, and 10 s longer for a lost answer."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.disk = OLD
        self.number = 0
        """Of the newest pair of the cloud: a0, r0 …"""
        self.rotated_at = -DAY
        self.is_revoked = False
        self.asking: str | None = None
        self.answer: Grant | Refused | None = None
        self.writing: Fresh | None = None
        self.is_logged_out = False
        self.state = begin(self.disk, 1000, 1000, self.now, 0.5)

    @rule(seconds=st.sampled_from([0.1, 1.0, 5.0, 20.0, 700.0, 5000.0]), chance=st.floats(0, 1))
    def time_goes_by(self, seconds: float, chance: float) -> None:
        end = self.now + seconds
        while self.state.wake_at is not None and self.state.wake_at <= end:
            self.now = max(self.now, self.state.wake_at)
            self.happens(Woke(), chance)
        self.now = end

    @rule(number=st.integers(0, 3), chance=st.floats(0, 1))
    def a_request_is_refused(self, number: int, chance: float) -> None:
        self.happens(Unauthorized(f"a{max(0, self.number - number)}"), chance)

    @precondition(lambda self: self.asking is not None and self.answer is None)
    @rule()
    def the_question_arrives(self) -> None:
        assert self.asking is not None
        self.answer = self.cloud_answers(self.asking)

    @precondition(lambda self: self.answer is not None)
    @rule(chance=st.floats(0, 1))
    def the_answer_arrives(self, chance: float) -> None:
        assert self.answer is not None
        answer, self.answer, self.asking = self.answer, None, None
        self.happens(answer, chance)

    @precondition(lambda self: self.asking is not None)
    @rule(chance=st.floats(0, 1))
    def question_or_answer_is_lost(self, chance: float) -> None:
        self.answer = self.asking = None
        self.happens(Failed("lost"), chance)

    @precondition(lambda self: self.writing is not None)
    @rule(chance=st.floats(0, 1), is_full=st.booleans())
    def the_disk_has_done_its_work(self, chance: float, is_full: bool) -> None:
        assert self.writing is not None
        fresh, self.writing = self.writing, None
        if not is_full:
            self.disk = fresh.pair
        self.happens(NotWritten() if is_full else Written(), chance)

    @rule(written=st.booleans())
    def the_power_is_cut(self, written: bool) -> None:
        """At any point, also between the end of a write and its notice."""
        if self.writing is not None and written:
            self.disk = self.writing.pair
        self.asking = self.answer = self.writing = None
        if not self.is_logged_out:
            self.state = begin(self.disk, 1000, 1000, self.now, 0.5)

    @invariant()
    def only_what_is_on_the_disk_is_used(self) -> None:
        assert self.state.pair == self.disk or self.is_logged_out or self.writing is not None

    @invariant()
    def the_pair_on_the_disk_is_the_newest_or_the_one_before(self) -> None:
        if not self.is_revoked:
            assert int(self.disk.refresh_token[1:]) >= self.number - 1

    @invariant()
    def it_logs_out_only_when_the_cloud_has_ended_it(self) -> None:
        assert self.is_revoked or not self.is_logged_out

    @invariant()
    def something_always_goes_on(self) -> None:
        assert (
            self.is_logged_out or self.state.wake_at is not None or self.asking is not None or self.writing is not None
        )

    def teardown(self) -> None:
        """If only time goes by and everything works, it has a good pair, or has logged out."""
        for _ in range(10):
            if self.asking is not None and self.answer is None:
                self.the_question_arrives()
            if self.answer is not None:
                self.the_answer_arrives(0.5)
            if self.writing is not None:
                self.the_disk_has_done_its_work(0.5, is_full=False)
            self.time_goes_by(5000.0, 0.5)
        assert self.is_logged_out or not self.is_revoked

    # How it is done.

    def cloud_answers(self, refresh_token: str) -> Grant | Refused:
        number = int(refresh_token[1:])
        is_forgiven = number == self.number - 1 and self.now - self.rotated_at <= FORGIVEN
        if self.is_revoked or (number != self.number and not is_forgiven):
            if not self.is_revoked:
                assert number == self.number - 1, "the pair after it was used already"
                assert self.now - self.rotated_at > FORGIVEN, "what a cut or a lost answer left was usable"
            self.is_revoked = True
            return Refused("invalid_grant", "it was used")
        if not is_forgiven:
            self.rotated_at = self.now
        self.number = number + 1
        return Grant(f"a{self.number}", 1000, f"r{self.number}")

    def happens(self, happened: Input, chance: float) -> None:
        self.state, done = step(self.state, happened, self.now, chance)
        for output in done:
            match output:
                case Ask(refresh_token):
                    assert self.asking is None, "one question at a time"
                    assert refresh_token == self.disk.refresh_token
                    self.asking = refresh_token
                case Write(fresh):
                    assert self.writing is None
                    self.writing = fresh
                case Use():
                    assert self.state.pair == self.disk
                case LogOut():
                    assert not self.is_logged_out
                    self.is_logged_out = True


TestWorld = World.TestCase
TestWorld.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
