"""The documents, clause by clause, and which of them a version of the protocol answers for."""

from bellwire.conformance.cases.clauses import (
    alerts_avs,
    alerts_ja_2019,
    alerts_ko_2022,
    practice,
    system_en_2018,
    system_zh_2020,
)
from bellwire.conformance.clause import Clause

DOCUMENTS = (alerts_ko_2022.CLAUSES, alerts_ja_2019.CLAUSES, system_en_2018.CLAUSES, system_zh_2020.CLAUSES)
"""The four documents that the product fulfils."""

_OF_PROFILE = {
    "cic-ko-2022": (alerts_ko_2022.CLAUSES, system_en_2018.CLAUSES),
    "cic-ja-2019": (alerts_ja_2019.CLAUSES, system_en_2018.CLAUSES),
    "cic-en-2018": (system_en_2018.CLAUSES, alerts_ja_2019.CLAUSES),
    "tvs-2020": (system_zh_2020.CLAUSES, alerts_avs.CLAUSES, alerts_ko_2022.CLAUSES),
}


def clauses_for(profile: str, keys: tuple[str, ...]) -> tuple[Clause, ...]:
    """The clauses of these keys in the documents of a version, the first document that has one first."""
    found = []
    for key in keys:
        documents = (*_OF_PROFILE.get(profile, ()), practice.CLAUSES)
        found += [clause for document in documents for clause in document if clause.key == key][:1]
    return tuple(found)
