"""Results as one page of HTML that needs nothing else.

It knows layout, which is in page.html; it must not know what a case looked for.
"""

from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined

from bellwire.conformance.report.summary import Summary
from bellwire.conformance.runner import Outcome

_WIDTH = 16


def page(summary: Summary) -> str:
    """The whole page. What came from outside is escaped."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["bytes"] = _dump
    environment.filters["text"] = lambda content: content.decode("utf-8", "backslashreplace")
    template = environment.from_string(files(__package__).joinpath("page.html").read_text(encoding="utf-8"))
    return template.render(summary=summary, sections=_sections(summary), outcomes=Outcome)


def _sections(summary: Summary) -> dict[str, list[Any]]:
    """Results by section, in their order."""
    sections: dict[str, list[Any]] = {}
    for result in summary.results:
        sections.setdefault(result.case.section, []).append(result)
    return sections


def _dump(content: bytes) -> str:
    """Bytes as people read them: place, sixteen of them, and what of them is text."""
    lines = []
    for start in range(0, len(content), _WIDTH):
        row = content[start : start + _WIDTH]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"{start:06x}  {row.hex(' '):<{3 * _WIDTH - 1}}  {text}")
    return "\n".join(lines)
