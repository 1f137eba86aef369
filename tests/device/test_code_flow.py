import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwire.device.code_flow import BETWEEN_CODES, Ended, Flow, after
from bellwire.device.grant import DeviceCode, Failed, Grant, Refused

CODE = DeviceCode("secret", "BCDF-GHJK", "https://cloud/pair", expires_in=900, interval=5)
PENDING, SLOW_DOWN = Refused("authorization_pending", "wait"), Refused("slow_down", "too fast")


def shown(now: float = 0.0) -> Flow:
    flow = after(Flow(now), CODE, now, 0.5)
    assert isinstance(flow, Flow)
    return flow


def going_on(flow: Flow, answer: Refused | Failed, now: float) -> Flow:
    outcome = after(flow, answer, now, 0.5)
    assert isinstance(outcome, Flow)
    return outcome


def test_a_code_is_asked_about_at_its_interval_until_it_is_granted() -> None:
    assert Flow(0).asks_about(0) is None
    flow = shown(10)
    assert (flow.next_at, flow.asks_about(15)) == (15, CODE)
    flow = going_on(flow, PENDING, 15)
    assert (flow.next_at, flow.asks_about(20)) == (20, CODE)
    grant = Grant("a", 60, "r")
    assert after(flow, grant, 20, 0.5) is grant


def test_slow_down_is_for_good() -> None:
    flow = going_on(shown(), SLOW_DOWN, 5)
    assert flow.next_at == 15
    flow = going_on(flow, PENDING, 15)
    assert flow.next_at == 25
    assert going_on(flow, SLOW_DOWN, 25).next_at == 40


@pytest.mark.parametrize("error", ["expired_token", "invalid_grant"])
def test_a_code_that_is_over_is_followed_by_another(error: str) -> None:
    flow = going_on(shown(), Refused(error, "over"), 5)
    assert (flow.next_at, flow.asks_about(flow.next_at)) == (5 + BETWEEN_CODES, None)


def test_a_code_expires_by_itself() -> None:
    flow = shown(100)
    assert flow.asks_about(999) is CODE
    assert flow.asks_about(1000) is None


def test_a_cloud_that_is_away_is_asked_later_and_later_and_never_sooner_than_the_interval() -> None:
    flow = Flow(0)
    waits: list[float] = []
    for _ in range(9):
        flow = going_on(flow, Failed("away"), flow.next_at)
        waits.append(flow.next_at - sum(waits))
    assert waits == sorted(waits)
    assert waits[0] < 1
    assert waits[-1] > 60
    assert going_on(shown(), Failed("away"), 5).next_at == 10
    assert going_on(shown(), Failed("too many", retry_after=60), 5).next_at == 65
    flow = going_on(shown(), Failed("away"), 5)
    assert going_on(flow, PENDING, 10).failures == 0


def test_what_ends_it() -> None:
    denied = after(shown(), Refused("access_denied", "no"), 5, 0.5)
    assert denied == Ended("somebody refused this speaker; start it again for a new code")
    unknown = after(Flow(0), Refused("", "the cloud answered 404"), 0, 0.5)
    assert isinstance(unknown, Ended)
    assert "--token" in unknown.why
    client = after(shown(), Refused("invalid_client", "who?"), 5, 0.5)
    assert isinstance(client, Ended)
    assert "who?" in client.why
    assert isinstance(after(shown(), Grant("a", 60), 5, 0.5), Ended)


ANSWERS = st.one_of(
    st.builds(Failed, st.just("away"), st.floats(0, 3600)),
    st.sampled_from([PENDING, SLOW_DOWN, Refused("expired_token", "over")]),
    st.builds(
        DeviceCode, st.just("c"), st.just("u"), st.just("https://c"), st.floats(10, 900), interval=st.floats(1, 60)
    ),
)


@given(st.lists(ANSWERS, max_size=60), st.floats(0, 1))
def test_the_cloud_is_never_asked_in_haste(answers: list[Failed | Refused | DeviceCode], chance: float) -> None:
    """From one question to the next a second goes by at least, but for the first after a cloud that was away."""
    flow, now = Flow(0.0), 0.0
    for answer in answers:
        if flow.asks_about(now) is None and isinstance(answer, Refused):
            continue
        before, first_failure = now, isinstance(answer, Failed) and flow.failures < 2
        outcome = after(flow, answer, now, chance)
        assert isinstance(outcome, Flow)
        flow, now = outcome, outcome.next_at
        assert now - before >= (0.1 if first_failure else 0.99)
