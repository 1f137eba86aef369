"""`bellwire simulate` on the command line; what it finds is tests/simulation's affair."""

import json

import pytest

from tests.cli.running import Bellwire


def test_the_last_line_sums_up(bellwire: Bellwire) -> None:
    text = bellwire("simulate", "--seeds", "2", "--faults", "none").text
    assert text.startswith("simulate: 2 seeds, ")
    assert text.endswith(": every invariant held\n")


def test_a_bug_is_shown_with_its_seed_its_faults_and_what_led_to_it(bellwire: Bellwire) -> None:
    ran = bellwire("simulate", "--seed", "1", "--break", "last-armed", "--faults", "cut")
    assert ran.status == 1
    first, faults, *story, last = ran.out.splitlines()
    assert first.startswith("seed 1: an alert that was acknowledged rings on time: ")
    assert faults == "  faults: cut; again: bellwire simulate --seed 1 --faults cut --break last-armed"
    assert any(" << SetAlert " in line for line in story)
    assert last.endswith(": 1 broke an invariant")


def test_for_programs_it_is_json(bellwire: Bellwire) -> None:
    ran = bellwire("simulate", "--seed", "1", "--break", "last-armed", "--json")
    broken, summary = map(json.loads, ran.out.splitlines())
    assert broken["seed"] == 1
    assert broken["conversation"]
    assert summary["broken"] == summary["seeds"] == 1


def test_faults_bugs_and_invariants_are_listed(bellwire: Bellwire) -> None:
    text = bellwire("simulate", "--list").text
    assert "  power_cut " in text
    assert "  edit-keeps-old-timer " in text
    assert "  a series never stalls, and leaves nothing out\n" in text


def test_what_there_is_not_is_an_error(bellwire: Bellwire) -> None:
    assert "there is no fault floods; there are: lost, " in bellwire("simulate", "--faults", "floods").usage
    assert "there is no bug 'gremlin'; there are: " in bellwire("simulate", "--break", "gremlin").usage


@pytest.mark.parametrize("more", [("--seeds", "3"), ("--start", "3"), ("--forever",)])
def test_one_seed_is_one_run_alone(bellwire: Bellwire, more: tuple[str, ...]) -> None:
    assert "--seed is one run alone" in bellwire("simulate", "--seed", "1", *more).usage


def test_what_has_no_end_has_no_number(bellwire: Bellwire) -> None:
    assert "give one of them" in bellwire("simulate", "--forever", "--seeds", "3").usage
