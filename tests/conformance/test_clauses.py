"""The documents, clause by clause: each has a case, or says why it can't have one."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bellwire.conformance.case import Side
from bellwire.conformance.cases import CASES, chosen
from bellwire.conformance.cases.clauses import DOCUMENTS, alerts_avs, clauses_for, practice
from bellwire.conformance.clause import Clause
from bellwire.protocol.profiles import PROFILES
from bellwire.protocol.profiles.profile import Profile

HOUSE = Path(__file__).parents[2]
SPECIFICATION = Path(__file__).parents[3] / "shared" / "spec"
CLAUSES = [clause for document in DOCUMENTS for clause in document]
STOOD_FOR = {key for case in CASES for key in case.clauses}


def test_there_are_at_least_150_cases_and_no_two_of_one_id() -> None:
    assert len(CASES) >= 150
    assert len({case.id for case in CASES}) == len(CASES)


@pytest.mark.parametrize("page", ["README.md", "docs/check.md"])
def test_the_pages_have_the_number_of_cases(page: str) -> None:
    assert f" {len(CASES)} cases" in (HOUSE / page).read_text(encoding="utf-8").replace("\n", " ")


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


needs_the_documents = pytest.mark.skipif(
    not SPECIFICATION.is_dir(), reason="the four documents are not on this machine"
)
every_document = pytest.mark.parametrize("clauses", DOCUMENTS, ids=lambda clauses: clauses[0].document)
FIELD_TABLES = {"필드 이름", "フィールド名", "Field name", "参数"}
"""What stands over the names of fields."""
OBLIGES = re.compile(r"반드시|야 (?:합니다|하며)|必ず|必要があります|MUST|should|必须|应")
SENTENCE = re.compile(r".+?(?:다\. ?|。|[.] (?=[A-Z])|$)")
LEADS_TO_A_LIST = re.compile("다음과 같은|次の|以下场景")
"""Its points are the clauses."""


def text_of(document: str) -> str:
    """Without its examples in JSON."""
    text = (SPECIFICATION / f"{document}.md").read_text(encoding="utf-8")
    return re.sub("```.*?```", "", text, flags=re.DOTALL)


def sections_of(document: str) -> Iterator[tuple[str, str]]:
    """Each message's name and text, after the introduction."""
    introduction, *messages = re.split(r"^## (?:\d+ )?([A-Za-z]+).*$", text_of(document), flags=re.MULTILINE)
    yield "Introduction", introduction
    yield from zip(messages[::2], messages[1::2], strict=True)


def fields_of(section: str) -> Iterator[str]:
    is_table_of_fields = False
    for line in section.splitlines():
        first = line.strip("| ").split("|")[0].strip().strip("`")
        if not line.startswith("|"):
            is_table_of_fields = False
        elif first in FIELD_TABLES:
            is_table_of_fields = True
        elif is_table_of_fields and first.strip("-: "):
            yield first


@needs_the_documents
@every_document
def test_every_row_of_the_documents_tables_is_a_clause(clauses: tuple[Clause, ...]) -> None:
    rows = {f"{name}/{field}" for name, text in sections_of(clauses[0].document) for field in fields_of(text)}
    assert rows
    assert rows - {clause.key for clause in clauses} == set()


@needs_the_documents
@every_document
def test_every_sentence_of_the_documents_that_obliges_is_a_clause(clauses: tuple[Clause, ...]) -> None:
    quotes = [clause.quote for clause in clauses]
    without = []
    for _, text in sections_of(clauses[0].document):
        for sentence in (found for line in text.splitlines() for found in SENTENCE.findall(line)):
            is_quoted = any(quote in sentence or sentence.strip() in quote for quote in quotes)
            if OBLIGES.search(sentence) and not LEADS_TO_A_LIST.search(sentence) and not is_quoted:
                without.append(sentence)
    assert without == []
