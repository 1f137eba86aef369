"""Knows which signs and units of an English text the voice would spell, and what to say instead.

It must not know voices.
"""

import re

_UNITS = {"mg": "milligrams", "kg": "kilograms", "ml": "millilitres", "cm": "centimetres", "km": "kilometres",
          "µg": "micrograms", "μg": "micrograms", "hr": "hours", "hrs": "hours", "min": "minutes", "mins": "minutes",
          "w/": "with"}  # fmt: skip
_UNIT = re.compile(
    rf"(?<![A-Za-zµμ])({'|'.join(map(re.escape, sorted(_UNITS, key=len, reverse=True)))})(?![A-Za-z])", re.IGNORECASE
)
_DATE = re.compile(r"(?<=\d)/(?=\d)")
_SIGNS = {"~": " to ", "℃": " degrees ", "½": " a half ", "→": " to ", "×": " times ", "#": " number "}


def read_english(text: str) -> str:
    """The text with signs and units as words."""
    text = _UNIT.sub(lambda found: _UNITS[found[1].lower()], _DATE.sub(" ", text))
    return "".join(_SIGNS.get(c, c) for c in text)
