"""What devices say of themselves: those that write as documented, those that do not, and hostile ones."""

from datetime import timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bellwire.protocol.profiles import PROFILES
from bellwire.protocol.profiles.clova import CIC_KO_2022
from bellwire.protocol.profiles.describing import LONGEST, MOST, is_semantic_version
from bellwire.protocol.profiles.profile import Described, Profile
from bellwire.protocol.profiles.tvs import TVS_2020

NAMES = ("user-agent", "x-clova-device-tags", "q-ua", "q-ua2", "tvssettings")
profiles = st.sampled_from(sorted(PROFILES.values(), key=lambda profile: profile.name))


def agent(text: str, **more: str) -> Described:
    return CIC_KO_2022.describe({"user-agent": text, **more})


# User-Agent and X-Clova-Device-Tags


def test_an_agent_is_read_part_by_part() -> None:
    described = agent("Acme/Clock/2.1.2-rc.1+b5 (Android 7.1;qcom;clientId=k1;channel=beta)")

    assert described.agent == "Acme/Clock/2.1.2-rc.1+b5 (Android 7.1;qcom;clientId=k1;channel=beta)"
    assert described.details == {
        "maker": "Acme",
        "product": "Clock",
        "version": "2.1.2-rc.1+b5",
        "os": "Android 7.1",
        "hardware": "qcom",
        "clientId": "k1",
        "channel": "beta",
    }
    assert described.warnings == ()


@pytest.mark.parametrize("text", ["A/B/1.0.0(O;H)", "A / B / 1.0.0  ( O ; H ; )", "A/B/1.0.0 (O;H)  "])
def test_blanks_and_a_last_semicolon_are_no_mistake(text: str) -> None:
    described = agent(text)

    assert (described.details["version"], described.details["hardware"]) == ("1.0.0", "H")
    assert described.warnings == ()


def test_a_device_without_agent_is_warned_about() -> None:
    assert CIC_KO_2022.describe({}) == Described(
        warnings=("User-Agent was not sent: it cannot be told what the device is",)
    )


@pytest.mark.parametrize(
    "text",
    ["curl/8.5.0", "A/B/1.0.0", "A/B/1.0.0 (O)", "A/B (O;H)", "A//1.0.0 (O;H)", "A/B/1.0.0 (;H)", "A/B/C/1.0.0 (O;H)",
     "A/B/1.0.0 (O;H) more", "(O;H)", "/"],
)  # fmt: skip
def test_an_agent_of_another_form_is_kept_and_warned_about(text: str) -> None:
    described = agent(text)

    assert (described.agent, described.details) == (text, {})
    assert described.warnings == (f"User-Agent {text!r} is not of the form Maker/Product/1.2.3 (OS;HW;key=value)",)


@pytest.mark.parametrize("version", ["1.2", "v1.2.3", "01.2.3", "1.2.3-", "1.2.3-01", "1.2.3+", "1.2.3-a..b", "1.2.٣"])
def test_a_version_that_is_none_is_warned_about_and_the_rest_is_read(version: str) -> None:
    described = agent(f"A/B/{version} (O;H;k=v)")

    assert (described.details["version"], described.details["k"]) == (version, "v")
    assert described.warnings == (f"User-Agent: the version {version!r} is not of the form 1.2.3 (semver.org)",)


def test_each_pair_that_is_none_is_warned_about() -> None:
    described = agent("A/B/1.0.0 (O;H;alone;=v;k=1;k=2;e=;s=a=b)")

    assert {key: described.details[key] for key in ("k", "e", "s")} == {"k": "1", "e": "", "s": "a=b"}
    assert described.warnings == (
        "User-Agent: 'alone' is not of the form key=value",
        "User-Agent: '=v' is not of the form key=value",
        "User-Agent: 'k' comes twice",
    )


def test_no_pair_takes_the_place_of_what_stands_before_the_pairs() -> None:
    assert agent("A/B/1.0.0 (O;H;maker=C;os=X)").details["maker"] == "A"


def test_tags_are_words_each_once() -> None:
    described = agent("A/B/1.0.0 (O;H)", **{"x-clova-device-tags": " lab, 한국,,lab ,x"})

    assert described.tags == ("lab", "한국", "x")


def test_what_could_move_a_cursor_is_replaced() -> None:
    assert agent("A\x1b[2J\u202e\u009b").agent == "A\ufffd[2J\ufffd\ufffd"


# Q-UA, Q-UA2 and TvsSettings


def test_the_second_q_ua_wins() -> None:
    described = TVS_2020.describe({"q-ua": "PR=OLD", "q-ua2": "QV=3&PR=CLOCK&VE=P", "tvssettings": "a=b&c"})

    assert described.agent == "QV=3&PR=CLOCK&VE=P"
    assert described.details == {"QV": "3", "PR": "CLOCK", "VE": "P", "TvsSettings": "a=b&c"}
    assert described.warnings == ()


@pytest.mark.parametrize(
    "headers", [{"q-ua": "PR=OLD"}, {"q-ua": "PR=OLD", "q-ua2": ""}, {"q-ua": "PR=OLD", "q-ua2": " "}]
)
def test_the_first_q_ua_counts_when_it_is_alone(headers: dict[str, str]) -> None:
    assert TVS_2020.describe(headers).details == {"PR": "OLD"}


def test_without_any_the_user_agent_is_kept_and_it_is_warned_about() -> None:
    described = TVS_2020.describe({"user-agent": "okhttp/3.1"})

    assert (described.agent, described.details) == ("okhttp/3.1", {})
    assert described.warnings == ("neither Q-UA2 nor Q-UA was sent: it cannot be told what the device is",)


def test_a_q_ua_pair_that_is_none_is_warned_about() -> None:
    assert TVS_2020.describe({"q-ua2": "QV=3&alone&QV=4"}).warnings == (
        "Q-UA2: 'alone' is not of the form key=value",
        "Q-UA2: 'QV' comes twice",
    )


# Laws

word = st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=12)
number = st.integers(0, 10**6).map(str)
identifier = st.from_regex(r"[0-9A-Za-z-]{1,6}", fullmatch=True)
versions = st.tuples(number, number, number, st.lists(identifier, max_size=2), st.lists(identifier, max_size=2)).map(
    lambda v: (
        ".".join(v[:3])
        + ("-" + ".".join("a" + i for i in v[3]) if v[3] else "")
        + ("+" + ".".join(v[4]) if v[4] else "")
    )
)
"""Versions as semver.org has them."""


@given(st.tuples(word, word, versions, word, word), st.dictionaries(word, word, max_size=8))
def test_what_is_as_documented_is_read_without_a_warning(
    names: tuple[str, str, str, str, str], pairs: dict[str, str]
) -> None:
    maker, product, version, os, hardware = names
    named = {"maker": maker, "product": product, "version": version, "os": os, "hardware": hardware}
    inside = ";".join((os, hardware, *(f"{key}={value}" for key, value in pairs.items())))

    described = agent(f"{maker}/{product}/{version} ({inside})")

    assert described.details == {**pairs, **named}
    assert described.warnings == ()


@given(versions)
def test_every_semantic_version_is_one(version: str) -> None:
    assert is_semantic_version(version)


hostile = st.one_of(
    st.text(max_size=600),
    st.text("/(); =,&-.+01a", max_size=600),
    st.sampled_from(["(", ";", "=", "&", ",", "/", "1.", "0.0.0-", "a=", "k=v;", "-.", "((", " "]).map(
        lambda s: s * 8_000
    ),
    st.sampled_from([";", "=", "&", "-0."]).map(lambda s: "A/B/1.0.0-" + s * 8_000 + " (O;H"),
)
"""Up to as long as the server takes, with what makes bad expressions go back and forth."""


@settings(deadline=timedelta(milliseconds=500))
@given(profiles, st.dictionaries(st.sampled_from(NAMES), hostile))
@example(CIC_KO_2022, {"user-agent": "A/B/1.0.0 (O;H" + ";k=v" * 4_000 + ")"})
@example(CIC_KO_2022, {"user-agent": "A/B/" + "0" * 16_000, "x-clova-device-tags": "," * 16_000})
@example(TVS_2020, {"q-ua2": "&".join(f"{n}={n}" for n in range(4_000))})
def test_whatever_comes_is_described_quickly_within_bounds_and_can_be_shown(
    profile: Profile, headers: dict[str, str]
) -> None:
    described = profile.describe(headers)

    texts = [described.agent, *described.tags, *described.details, *described.details.values()]
    assert all(len(text) <= LONGEST and (text.isprintable()) for text in texts)
    assert len(described.tags) <= MOST
    assert len(described.details) <= MOST + 5
    assert len(described.warnings) <= MOST + 4
    assert all(len(warning) < 8 * LONGEST and warning.isprintable() for warning in described.warnings)
