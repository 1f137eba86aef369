"""What a run looks like to people and to machines that build."""

import re
from datetime import UTC, datetime
from xml.etree import ElementTree as Xml

import pytest

from bellwire.conformance.case import Case, Level, Side
from bellwire.conformance.record import Entry
from bellwire.conformance.report.junit import junit
from bellwire.conformance.report.page import page
from bellwire.conformance.report.summary import Summary
from bellwire.conformance.runner import Outcome, Result

AT = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)


async def _nothing(_: object) -> None:
    """Never run here."""


def case(number: int, level: Level = Level.MUST) -> Case:
    clauses = ("AlertStopped/once",)
    return Case(f"alerts/AlertStopped/{number}", "answers <with> & so on", Side.CLOUD, _nothing, clauses, level)


EXCHANGE = (Entry(AT, True, "POST /v1/events", b'{"a":"<b>"}'), Entry(AT, False, "204", b"\x00\xff"))
RESULTS = (
    Result(case(1), Outcome.PASSED, 0.5),
    Result(case(2), Outcome.FAILED, 1.0, "Alerts.DeleteAlert", "nothing came\x00", EXCHANGE),
    Result(case(3, Level.SHOULD), Outcome.FAILED, 1.0, "a label", "none"),
    Result(case(4), Outcome.SKIPPED, 0.0, "", "nobody can set alerts"),
)


def summary(*, strict: bool = False) -> Summary:
    return Summary(Side.CLOUD, "cic-ko-2022", "https://cloud.example", AT, strict, RESULTS)


def test_the_line_counts_what_passed_failed_and_was_skipped() -> None:
    assert summary().line == (
        "4 cases of a cloud that speaks cic-ko-2022: 1 passed, 2 failed (1 of them SHOULD), 1 skipped"
    )
    assert summary().faults == 1
    assert summary(strict=True).faults == 2


def test_junit_tells_a_fault_with_its_clause_and_what_was_said() -> None:
    suite = Xml.fromstring(junit(summary())).find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("4", "1", "2")
    [failure] = suite.iter("failure")
    assert failure.get("message") == "expected Alerts.DeleteAlert; came: nothing came\N{REPLACEMENT CHARACTER}"
    assert "clova-alerts-ko-2022, AlertStopped: 일반 알람이 중지되었을 때" in (failure.text or "")
    assert '>> POST /v1/events {"a":"<b>"}' in (failure.text or "")


@pytest.mark.parametrize(
    "said",
    [
        "일반 알람이 중지되었을 때",
        "expected</dt><dd>Alerts.DeleteAlert",
        "answers &lt;with&gt; &amp; so on",
        "{&#34;a&#34;:&#34;&lt;b&gt;&#34;}",
        "000000  00 ff",
        "nobody can set alerts",
    ],
)
def test_the_page_shows_the_clause_what_was_expected_what_came_and_the_bytes(said: str) -> None:
    assert said in page(summary())


def test_the_page_needs_nothing_from_elsewhere() -> None:
    html = page(summary())
    assert "src=" not in html
    assert set(re.findall(r'href="([^"]*)', html)) == {"#alerts/AlertStopped/2", "#alerts/AlertStopped/3"}
    assert "<script" not in html
