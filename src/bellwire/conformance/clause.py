"""What a document says, sentence by sentence and row by row, so that a case can name what it stands for.

It knows documents and sentences; it must not know how a sentence is checked.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Clause:
    """One sentence, or one row of a field table."""

    document: str
    section: str
    """As the document's headings name it."""
    name: str
    """Of this clause within its section: a field's path, or a word for what the sentence says."""
    quote: str
    """The document's own words."""
    unobserved: str = ""
    """Why nobody can see over the wire whether it is kept; empty: it can be seen."""

    @property
    def key(self) -> str:
        """``AlertStopped/once``: the same in all documents that have the clause."""
        return f"{self.section}/{self.name}"


def clauses_of(document: str, sections: Mapping[str, Mapping[str, str | tuple[str, str]]]) -> tuple[Clause, ...]:
    """The clauses of a document: by section and name the quote, or the quote and why it can't be observed."""
    return tuple(
        Clause(document, section, name, *((said,) if isinstance(said, str) else said))
        for section, named in sections.items()
        for name, said in named.items()
    )
