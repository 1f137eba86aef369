import os
import pty
import subprocess
import sys
from dataclasses import fields, replace

import msgspec
import pytest

from bellwire.cli.profile_rows import FACTS, HEADER, Difference, differences, rows_of
from bellwire.protocol.messages import key_of
from bellwire.protocol.messages.envelope import Header
from bellwire.protocol.profiles import PROFILES
from bellwire.protocol.profiles.clova import CIC_JA_2019, CIC_KO_2022
from bellwire.protocol.profiles.profile import Profile
from bellwire.protocol.profiles.tvs import TVS_2020
from tests.cli.running import Bellwire

each_version = pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
SHOWN_BY_THEMSELVES = {"name", "title", "events", "directives", "context"}


def test_list_names_every_version(bellwire: Bellwire) -> None:
    listed = bellwire("profile", "list")
    assert all(name in listed.text and profile.title.split(",")[0] in listed.text for name, profile in PROFILES.items())
    named = bellwire("profile", "list", "--json").answer
    assert [each["name"] for each in named] == list(PROFILES)
    assert [each["name"] for each in named if each["default"]] == ["cic-ko-2022"]


@each_version
def test_show_has_every_message_with_every_field(bellwire: Bellwire, profile: Profile) -> None:
    blocks = bellwire("profile", "show", profile.name).text.split("\n\n")
    for forms in (profile.events, profile.directives, profile.context):
        for key, form in forms.items():
            [block] = [block for block in blocks if block.startswith(f"{'.'.join(key)}\n")]
            shown = [line.split()[0] for line in block.splitlines()]
            assert all(field.path in shown for field in form.fields)
            assert "source:" in shown
            assert ("context:" in shown) == (forms is profile.events)
            assert ("payload:" in shown) == (not form.fields)


@each_version
def test_show_says_the_same_in_json(bellwire: Bellwire, profile: Profile) -> None:
    shown = bellwire("profile", "show", profile.name, "--json").answer
    assert (shown["name"], shown["title"]) == (profile.name, profile.title)
    assert shown["facts"].keys() == {about for about, _ in FACTS.values()}
    for direction in ("events", "directives", "context"):
        forms = getattr(profile, direction)
        assert [message["name"] for message in shown[direction]] == [".".join(key) for key in sorted(forms)]
        for message, key in zip(shown[direction], sorted(forms), strict=True):
            assert [row["path"] for row in message["fields"]] == [row.path for row in forms[key].fields]
            assert [row["there"] for row in message["fields"]] == [row.presence for row in forms[key].fields]


@each_version
def test_what_is_piped_fits_80_columns(bellwire: Bellwire, profile: Profile) -> None:
    others = [other for other in PROFILES if other != profile.name]
    told = [bellwire("profile", "list"), bellwire("profile", "show", profile.name)]
    told += [bellwire("profile", "diff", profile.name, other) for other in others]
    for answer in told:
        assert max(map(len, answer.text.splitlines())) <= 80
        assert "\x1b" not in answer.text
        assert not any(line != line.rstrip() for line in answer.text.splitlines())


@pytest.mark.parametrize(("columns", "widest"), [("60", 60), ("300", 120)])
def test_on_a_screen_it_fits_the_screen(columns: str, widest: int) -> None:
    master, terminal = pty.openpty()
    command = [sys.executable, "-m", "bellwire", "profile", "show", "tvs-2020"]
    environment = {**os.environ, "COLUMNS": columns, "TERM": "xterm", "NO_COLOR": "1"}
    with subprocess.Popen(command, stdout=terminal, stdin=terminal, env=environment) as process:
        os.close(terminal)
        shown = b""
        try:
            while data := os.read(master, 65536):
                shown += data
        except OSError:  # the other side has ended
            pass
        assert process.wait(timeout=30) == 0
    os.close(master)
    plain = shown.decode().replace("\x1b[1m", "").replace("\x1b[0m", "")
    assert "loopPauseInMilliSeconds" in plain
    assert plain.splitlines()[-1].strip()
    assert max(map(len, plain.splitlines())) <= widest


def test_a_wrong_name_is_answered_with_those_there_are(bellwire: Bellwire) -> None:
    for args in (("show", "cic"), ("diff", "tvs-2020", "cic"), ("diff", "cic", "tvs-2020")):
        complaint = bellwire("profile", *args).complaint
        assert "no profile 'cic'" in complaint
        assert all(name in complaint for name in PROFILES)


# In words


def test_no_field_of_a_profile_is_forgotten() -> None:
    """Whoever adds one says it in words in profile_rows.FACTS."""
    assert {field.name for field in fields(Profile)} == FACTS.keys() | SHOWN_BY_THEMSELVES


@each_version
def test_every_field_has_words(profile: Profile) -> None:
    facts = rows_of(profile).facts
    assert len({fact.about for fact in facts}) == len(facts)
    for fact in facts:
        assert fact.words.strip(), fact.about
        assert "\n" not in fact.words
        assert "<" not in fact.words, f"{fact} shows how it is made"
        assert "None" not in fact.words


@pytest.mark.parametrize("name", [name for name in FACTS if name != "namespaces"])
def test_a_version_that_differs_in_one_field_differs_in_its_words(name: str) -> None:
    for one, other in ((CIC_KO_2022, TVS_2020), (CIC_KO_2022, CIC_JA_2019)):
        if getattr(one, name) != getattr(other, name):
            changed = replace(one, **{name: getattr(other, name)})
            about = FACTS[name][0]
            assert about in [found.where for found in differences(rows_of(one), rows_of(changed))]


def test_the_header_is_the_one_that_is_read() -> None:
    kind = msgspec.inspect.type_info(Header)
    assert isinstance(kind, msgspec.inspect.StructType)
    read = [(field.encode_name, "string", "always" if field.required else "optional") for field in kind.fields]
    assert [row[:3] for row in HEADER] == read


def test_a_message_says_what_it_may_be() -> None:
    [set_alert] = [message for message in rows_of(TVS_2020).directives if message.name == "Alerts.SetAlert"]
    said = {row.path: row.values for row in set_alert.fields}
    assert said["type"] == "ALARM, REMINDER or TIMER; another counts as ALARM"
    assert said["scheduledTime"] == "a time with its offset from UTC"
    assert said["loopCount"] == "0 to 2147483647"
    assert said["assetPlayOrder[]"] == "at most 1024; each of 1 to 1024 characters"
    [set_alert] = [message for message in rows_of(CIC_JA_2019).directives if message.name == "Alerts.SetAlert"]
    assert {row.path: row.values for row in set_alert.fields}["label"] == "with REMINDER or ACTIONTIMER only"


# Differences


@each_version
def test_a_version_does_not_differ_from_itself(bellwire: Bellwire, profile: Profile) -> None:
    same = bellwire("profile", "diff", profile.name, profile.name)
    assert same.text == f"{profile.name} and {profile.name} do not differ\n"
    assert bellwire("profile", "diff", profile.name, profile.name, "--json").answer == []


def test_the_versions_of_2022_and_2019_differ_by_a_button_and_by_timers_that_speak(bellwire: Bellwire) -> None:
    found = bellwire("profile", "diff", "cic-ko-2022", "cic-ja-2019", "--json").answer
    assert [each["where"] for each in found] == [
        "a delete button",
        "event Alerts.RequestDeleteAlert",
        "directive Alerts.SetAlert, assets[]",
        "directive Alerts.SetAlert, assetPlayOrder[]",
        "directive Alerts.SynchronizeAlert, allAlerts[].assets[]",
        "directive Alerts.SynchronizeAlert, allAlerts[].assetPlayOrder[]",
        "directive System.SynchronizeState, allAlerts[].assets[]",
        "directive System.SynchronizeState, allAlerts[].assetPlayOrder[]",
    ]
    assert (found[1]["one"], found[1]["other"]) == ("has it", "")
    told = bellwire("profile", "diff", "cic-ko-2022", "cic-ja-2019").text
    assert all(each["where"] in told for each in found)


@each_version
def test_a_difference_is_seen_from_both_sides(profile: Profile) -> None:
    for other in PROFILES.values():
        there = set(differences(rows_of(profile), rows_of(other)))
        back = differences(rows_of(other), rows_of(profile))
        assert there == {Difference(found.where, found.other, found.one) for found in back}


def test_every_message_that_only_one_has_is_a_difference() -> None:
    found = {each.where: each for each in differences(rows_of(CIC_KO_2022), rows_of(TVS_2020))}
    for kind, one, other in (
        ("event", CIC_KO_2022.events, TVS_2020.events),
        ("directive", CIC_KO_2022.directives, TVS_2020.directives),
    ):
        for key in one.keys() ^ other.keys():
            difference = found[f"{kind} {'.'.join(key)}"]
            assert bool(difference.one) == (key in one)
            assert bool(difference.other) == (key in other)


def test_other_context_is_a_difference() -> None:
    [form] = [form for form in CIC_KO_2022.events.values() if key_of(form.message)[1] == "RequestSynchronizeState"]
    whole = CIC_KO_2022.events["Alerts", "AlertStarted"].context
    changed = replace(CIC_KO_2022, events={**CIC_KO_2022.events, key_of(form.message): replace(form, context=whole)})
    assert list(differences(rows_of(CIC_KO_2022), rows_of(changed))) == [
        Difference("event System.RequestSynchronizeState, context", "an empty list", "the whole state")
    ]
