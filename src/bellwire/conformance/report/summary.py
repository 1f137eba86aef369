"""What all reports say of a run: what was checked, with which result.

It knows numbers and words; it must not know how they are laid out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bellwire.conformance.case import Side
from bellwire.conformance.cases.clauses import clauses_for
from bellwire.conformance.clause import Clause
from bellwire.conformance.runner import Outcome, Result


@dataclass(frozen=True)
class Summary:
    """One run."""

    side: Side
    profile: str
    target: str
    """Where the cloud is, or what the device called itself."""
    began: datetime
    strict: bool
    results: Sequence[Result]

    def count(self, outcome: Outcome) -> int:
        """How many ended so."""
        return sum(result.outcome is outcome for result in self.results)

    @property
    def faults(self) -> int:
        """How many are faults: of those that failed, those that MUST be, and with `strict` all."""
        return sum(result.is_fault(strict=self.strict) for result in self.results)

    @property
    def seconds(self) -> float:
        """How long it took."""
        return sum(result.seconds for result in self.results)

    @property
    def line(self) -> str:
        """All of it in a line."""
        failed, skipped = self.count(Outcome.FAILED), self.count(Outcome.SKIPPED)
        lenient = f" ({failed - self.faults} of them SHOULD)" if failed > self.faults else ""
        return (
            f"{len(self.results)} cases of a {self.side} that speaks {self.profile}: "
            f"{self.count(Outcome.PASSED)} passed, {failed} failed{lenient}, {skipped} skipped"
        )

    def clauses_of(self, result: Result) -> tuple[Clause, ...]:
        """The clauses that a case stands for, in the documents of this version."""
        return clauses_for(self.profile, result.case.clauses)
