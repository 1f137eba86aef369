"""Words that stand only where they belong."""

import re
from pathlib import Path

import bellwire

SOURCE = Path(bellwire.__file__).parent
PROTOCOLS = re.compile(r"\b(clova|cic|tvs|avs)\b", re.IGNORECASE)


def test_the_names_of_protocols_stand_in_profiles_and_cases_only() -> None:
    """A profile is a value: what names one elsewhere is about to ask for it."""
    elsewhere = [
        f"{path.relative_to(SOURCE)}:{number}"
        for path in sorted(SOURCE.rglob("*.py"))
        if not {"profiles", "cases"} & set(path.parts)  # cases quote the documents
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if PROTOCOLS.search(line)
    ]
    assert elsewhere == []
