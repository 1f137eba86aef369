"""Knows the languages in which labels are spoken, and which of them a label, and each piece of it, is in.

It must not know voices, nor how anything is pronounced.
"""

import unicodedata
from typing import NamedTuple

from bellwire.cloud.wishes import WishError

LANGUAGES = {"en": "English", "ja": "Japanese", "ko": "Korean", "zh": "Chinese"}
"""By their codes of ISO 639."""

_OF_COUNTRY = {"JP": "ja", "KP": "ko", "KR": "ko", "CN": "zh", "HK": "zh", "MO": "zh", "TW": "zh"}
_OF_ZONE = {
    **dict.fromkeys(("Asia/Tokyo", "Japan"), "ja"),
    **dict.fromkeys(("Asia/Seoul", "Asia/Pyongyang", "ROK"), "ko"),
    **dict.fromkeys(("Asia/Shanghai", "Asia/Chongqing", "Asia/Harbin", "Asia/Urumqi", "PRC"), "zh"),
    **dict.fromkeys(("Asia/Taipei", "ROC", "Asia/Hong_Kong", "Hongkong", "Asia/Macau", "Asia/Macao"), "zh"),
}

HAN = "han"
"""Characters that Chinese and Japanese share."""
_SCRIPTS = (
    ("HANGUL ", "ko"),
    (("HIRAGANA ", "KATAKANA ", "KATAKANA-HIRAGANA "), "ja"),
    (("CJK ", "IDEOGRAPHIC NUMBER", "IDEOGRAPHIC ITERATION", "IDEOGRAPHIC CLOSING"), HAN),
    (("LATIN ", "GREEK ", "MICRO ", "MASCULINE ", "FEMININE "), "en"),
)
_CHARSETS = {"ja": ("cp932",), "zh": ("gb2312", "big5")}
"""What writes the one language and not the other: cp932 has 薬 and not 药, gb2312 the other way round."""
_COUNTED = "%&@#/"
"""Punctuation that is read as a word."""


class Piece(NamedTuple):
    """A part of a label that is in one language."""

    language: str
    text: str


def language_named(text: str) -> str:
    """The code of a language, given by its code or its English name. Raises WishError."""
    wanted = text.strip().lower()
    for code, name in LANGUAGES.items():
        if wanted in {code, name.lower()}:
            return code
    there = ", ".join(f"{code} ({name})" for code, name in LANGUAGES.items())
    raise WishError(f"labels are not spoken in {text[:20]!r}; there are: {there}")


def default_language(country: str | None, zone: str) -> str:
    """What is spoken in a country (ISO 3166-1) or, where it is not known, in a time zone; English where others are."""
    return _OF_ZONE.get(zone, "en") if country is None else _OF_COUNTRY.get(country, "en")


def script_of(character: str) -> str | None:
    """The language that a letter is of, HAN, "" for a letter that none of the voices reads; None: it is no letter."""
    name = unicodedata.name(character, "").removeprefix("HALFWIDTH ").removeprefix("FULLWIDTH ")
    for beginning, script in _SCRIPTS:
        if name.startswith(beginning):
            return script
    return "" if character.isalpha() else None


def language_of(text: str, preferred: str) -> str:
    """Return the language of a label in an account that speaks `preferred`.

    Hangul is Korean and kana Japanese; where there are both, the account decides or else the Hangul. Han alone is
    Japanese or Chinese as the account speaks, unless it can only be the other; letters of no other script are English,
    and what has no letters is in the account's language.
    """
    scripts = {script_of(c) for c in text} - {None, ""}
    if preferred in scripts & {"ko", "ja"}:
        return preferred
    for language in ("ko", "ja"):
        if language in scripts:
            return language
    if HAN in scripts:
        return _of_han(text, preferred)
    return "en" if scripts else preferred


def _of_han(text: str, preferred: str) -> str:
    first = "ja" if preferred == "ja" else "zh"
    other = "zh" if first == "ja" else "ja"
    return other if not _can_be(text, first) and _can_be(text, other) else first


def _can_be(text: str, language: str) -> bool:
    han = "".join(c for c in text if script_of(c) == HAN)
    return any(_has(charset, han) for charset in _CHARSETS[language])


def _has(charset: str, text: str) -> bool:
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def pieces_of(text: str, language: str) -> list[Piece]:
    """Part a label of this language into pieces that one voice each can read; together they are the text.

    Han is Japanese in a label with kana. Numbers and signs are of the label's language, blanks and punctuation of the
    piece that they follow.
    """
    kana = any(script_of(c) == "ja" for c in text)
    of_script = {HAN: "ja" if kana or language == "ja" else _of_han(text, language), "": language}
    pieces: list[Piece] = []
    for character in text:
        script = script_of(character)
        if script is not None:
            spoken = of_script.get(script, script)
        elif unicodedata.category(character)[0] in "NS" or character in _COUNTED or not pieces:
            spoken = language
        else:
            spoken = pieces[-1].language
        if pieces and pieces[-1].language == spoken:
            pieces[-1] = Piece(spoken, pieces[-1].text + character)
        else:
            pieces.append(Piece(spoken, character))
    return pieces
