"""Results as JUnit XML, which build machines read.

It knows that format; it must not know what a case looked for.
"""

from xml.etree import ElementTree as Xml

from bellwire.conformance.report.summary import Summary
from bellwire.conformance.runner import Outcome, Result


def junit(summary: Summary) -> bytes:
    """The whole file."""
    name = f"bellwire check {summary.side} {summary.profile}"
    suite = Xml.Element(
        "testsuite",
        name=name,
        tests=str(len(summary.results)),
        failures=str(summary.faults),
        skipped=str(_passed_over(summary)),
        time=f"{summary.seconds:.3f}",
        timestamp=summary.began.isoformat(timespec="seconds"),
    )
    for result in summary.results:
        _add(suite, summary, result)
    suites = Xml.Element("testsuites", name=name)
    suites.append(suite)
    Xml.indent(suites)
    return bytes(Xml.tostring(suites, encoding="utf-8", xml_declaration=True))


def _passed_over(summary: Summary) -> int:
    """Those that were skipped, and those that failed and only SHOULD be."""
    lenient = summary.count(Outcome.FAILED) - summary.faults
    return summary.count(Outcome.SKIPPED) + lenient


def _add(suite: Xml.Element, summary: Summary, result: Result) -> None:
    section = result.case.section.replace("/", ".")
    case = Xml.SubElement(
        suite, "testcase", classname=section, name=f"{result.case.id} {result.case.title}", time=f"{result.seconds:.3f}"
    )
    if result.outcome is Outcome.SKIPPED:
        Xml.SubElement(case, "skipped", message=_text(result.came))
    elif result.outcome is Outcome.FAILED:
        kind = "failure" if result.is_fault(strict=summary.strict) else "skipped"
        told = Xml.SubElement(case, kind, message=_text(f"expected {result.expected}; came: {result.came}"))
        told.text = _text(_story(summary, result))


def _story(summary: Summary, result: Result) -> str:
    clauses = [f"{clause.document}, {clause.section}: {clause.quote}" for clause in summary.clauses_of(result)]
    said = [
        f"{entry.at:%H:%M:%S.%f} {'>>' if entry.by_kit else '<<'} {entry.headline} "
        f"{entry.content.decode('utf-8', 'backslashreplace')}"
        for entry in result.exchange
    ]
    return "\n".join((f"{result.case.level}", *clauses, "", *said))


def _text(text: str) -> str:
    """Without what XML has no place for (XML 1.0, 2.2)."""
    return "".join(
        character if character >= " " or character in "\t\n\r" else "\N{REPLACEMENT CHARACTER}" for character in text
    )
