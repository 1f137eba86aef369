"""The documents, clause by clause: each has a case, or says why it can't have one."""

import re
from pathlib import Path

import pytest

from bellwire.conformance.case import Side
from bellwire.conformance.cases import CASES, chosen
from bellwire.conformance.cases.clauses import DOCUMENTS, alerts_avs, clauses_for, practice
from bellwire.conformance.clause import Clause
from bellwire.protocol.profiles import PROFILES
from bellwire.protocol.profiles.profile import Profile

SPECIFICATION = Path(__file__).parents[3] / "shared" / "spec"
CLAUSES = [clause for document in DOCUMENTS for clause in document]
STOOD_FOR = {key for case in CASES for key in case.clauses}


def test_there_are_at_least_150_cases_and_no_two_of_one_id() -> None:
    assert len(CASES) >= 150
    assert len({case.id for case in CASES}) == len(CASES)


def test_every_id_is_of_a_folder_a_section_and_a_number() -> None:
    assert all(re.fullmatch(r"(alerts|system|transport)/[A-Za-z]+/[1-9]\d*", case.id) for case in CASES)


def test_no_clause_of_the_four_documents_is_without_a_case_or_a_reason() -> None:
    assert len(DOCUMENTS) == 4
    without = [
        (clause.document, clause.key) for clause in CLAUSES if clause.key not in STOOD_FOR and not clause.unobserved
    ]
    assert without == []


def test_what_can_not_be_observed_says_why_in_a_sentence() -> None:
    reasons = [clause.unobserved for clause in CLAUSES if clause.unobserved]
    assert reasons
    assert all(len(reason.split()) > 4 for reason in reasons)


def test_a_clause_that_has_a_case_has_no_excuse() -> None:
    both = [clause.key for clause in CLAUSES if clause.unobserved and clause.key in STOOD_FOR]
    assert both == []


def test_every_case_names_a_clause_that_there_is() -> None:
    there = {clause.key for clause in (*CLAUSES, *alerts_avs.CLAUSES, *practice.CLAUSES)}
    assert all(case.clauses for case in CASES)
    assert there >= STOOD_FOR


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_every_case_of_a_version_can_quote_a_clause_of_its_documents(profile: Profile) -> None:
    for side in Side:
        for case in chosen(side, profile):
            assert clauses_for(profile.name, case.clauses), case.id


@pytest.mark.skipif(not SPECIFICATION.is_dir(), reason="the four documents are not on this machine")
@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: f"{clause.document}-{clause.key}")
def test_a_quotation_is_the_documents_own(clause: Clause) -> None:
    assert clause.quote in (SPECIFICATION / f"{clause.document}.md").read_text(encoding="utf-8")
