"""Which cloud a device connects to next."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwire.device.clouds import MOST, TRIES, Clouds, address_of, configured, failed, proven, sent_to, stands
from bellwire.device.reach import is_here

HOME, SEOUL, LONDON = "https://home.example", "https://seoul.example", "https://london.example"
PLACES = [HOME, SEOUL, LONDON, "https://paris.example", "https://lima.example", "https://oslo.example"]


def times(count: int, state: Clouds) -> Clouds:
    for _ in range(count):
        state = failed(state)
    return state


def test_it_goes_where_it_is_sent_and_stays_there() -> None:
    there = stands(sent_to(configured(HOME, Clouds()), SEOUL, "the directive"))
    assert (there.current, there.places) == (SEOUL, (SEOUL, HOME))
    assert times(TRIES - 1, there).current == SEOUL


def test_a_dead_one_is_left_for_the_last_good_one_then_for_the_one_that_was_set() -> None:
    good = stands(sent_to(configured(HOME, Clouds()), SEOUL, ""))
    sent = sent_to(good, LONDON, "the directive")
    assert times(TRIES - 1, sent).current == LONDON
    back = times(TRIES, sent)
    assert (back.current, back.gave_up, back.directive) == (SEOUL, True, "the directive")
    assert times(TRIES, back).current == HOME
    assert times(3 * TRIES, sent).current == LONDON


def test_a_cloud_that_ends_each_connection_at_once_does_not_keep_it() -> None:
    state = stands(sent_to(configured(HOME, Clouds()), SEOUL, ""))
    for _ in range(TRIES):
        state = failed(stands(state))
    assert state.current == HOME


def test_how_it_came_there_is_known_until_it_was_good() -> None:
    there = stands(sent_to(configured(HOME, Clouds()), SEOUL, "the directive"))
    assert (there.directive, proven(there).directive) == ("the directive", "")
    back = times(TRIES, there)
    assert (back.current, back.gave_up) == (HOME, True)
    assert stands(back).directive == ""


def test_failures_long_ago_do_not_count() -> None:
    state = proven(times(TRIES - 1, sent_to(configured(HOME, Clouds()), SEOUL, "")))
    assert failed(state).current == SEOUL


def test_the_same_one_again_changes_nothing() -> None:
    state = configured(HOME, Clouds())
    assert sent_to(state, HOME, "the directive") is state


def test_a_restart_begins_with_the_most_wanted() -> None:
    sent = sent_to(configured(HOME, Clouds()), SEOUL, "the directive")
    assert configured(HOME, times(TRIES, sent).kept) == sent


def test_another_one_that_a_person_has_set_meanwhile_counts() -> None:
    state = stands(sent_to(configured(HOME, Clouds()), SEOUL, ""))
    assert configured(LONDON, state) == Clouds(LONDON, (LONDON,))


@given(st.lists(st.one_of(st.sampled_from(["fails", "stands", "is proven"]), st.sampled_from(PLACES)), max_size=80))
def test_few_are_remembered_and_the_one_that_was_set_is_among_them(story: list[str]) -> None:
    told(story)


def told(story: list[str]) -> Clouds:
    state = configured(HOME, Clouds())
    for part in story:
        match part:
            case "fails":
                state = failed(state)
            case "stands":
                state = stands(state)
            case "is proven":
                state = proven(state)
            case url:
                state = sent_to(state, url, "the directive")
        assert HOME in state.places
        assert len(set(state.places)) == len(state.places) <= MOST
        assert state.current in state.places
    return state


@given(
    st.lists(st.one_of(st.sampled_from(["fails", "stands", "is proven"]), st.sampled_from(PLACES)), max_size=40),
    st.data(),
)
def test_it_is_never_away_for_good_from_a_cloud_that_works(story: list[str], data: st.DataObject) -> None:
    """Whatever was before: if one of those that it knows works from now on, it is connected before long."""
    state = told(story)
    works = data.draw(st.sampled_from(state.places))
    tries = 0
    while state.current != works:
        state = failed(state)
        tries += 1
        assert tries <= MOST * TRIES
    assert stands(state).places[0] == works


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("https://tvs.html5.qq.com", "https://tvs.html5.qq.com"),
        ("tvs.html5.qq.com", "https://tvs.html5.qq.com"),
        ("cloud.example:8443", "https://cloud.example:8443"),
        ("HTTPS://Cloud.Example:443/", "https://cloud.example"),
        (" https://cloud.example ", "https://cloud.example"),
        ("[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ("https://192.168.1.2", "https://192.168.1.2"),
    ],
)
def test_protocol_and_port_may_be_left_out(endpoint: str, url: str) -> None:
    assert address_of(endpoint, HOME) == url


@pytest.mark.parametrize(
    ("endpoint", "problem"),
    [
        ("", "is not an address"),
        ("https://", "is not an address"),
        ("https://cloud.example/v1", "nothing after it"),
        ("https://cloud.example?x=1", "nothing after it"),
        ("https://user@cloud.example", "nothing after it"),
        ("https://cloud.example:0", "is not an address"),
        ("https://cloud.example:70000", "is not an address"),
        ("https://[::1", "is not an address"),
        ("two words", "is not an address"),
        ("https://.", "is not an address"),
        ("https://a..example", "is not an address"),
        ("https://.example", "is not an address"),
        ("https://\N{IDEOGRAPHIC FULL STOP}", "is not an address"),
        (f"https://{'a' * 64}.example", "is not an address"),
        ("https://cloud.example\r\nx", "is not an address"),
        ("http://cloud.example", "only https"),
        ("ftp://cloud.example", "only https"),
        ("https://localhost:8443", "this machine or its link"),
        ("https://127.1.2.3", "this machine or its link"),
        ("https://[::1]", "this machine or its link"),
        ("https://[::ffff:127.0.0.1]", "this machine or its link"),
        ("https://169.254.169.254", "this machine or its link"),
        ("https://0.0.0.0", "this machine or its link"),
    ],
)
def test_any_other_address_is_refused_with_what_is_wrong(endpoint: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        address_of(endpoint, HOME)


def test_a_cloud_on_this_machine_may_send_its_devices_to_another_one_there() -> None:
    assert address_of("https://127.0.0.1:9443", "https://localhost:8443") == "https://127.0.0.1:9443"


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        url = address_of(text, HOME)
    except ValueError:
        return
    parts = urlsplit(url)
    assert (parts.scheme, parts.path) == ("https", "")
    assert not is_here(parts.hostname or "localhost")
    assert (parts.hostname or "").encode("idna"), "what a resolver takes"
    assert address_of(url, HOME) == url
