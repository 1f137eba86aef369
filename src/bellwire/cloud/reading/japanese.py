"""Knows how a Japanese text is read: kanji become kana, particles as they sound, numbers as they are counted.

It must not know voices. The dictionary is IPADIC, searched by MeCab (`fugashi`); it is loaded at the first text that
has kanji or may have a particle, and is 50 MB of which only the pages that are touched come into memory.
"""

import re
from functools import cache
from typing import NamedTuple

from bellwire.cloud.languages import HAN, Piece, script_of
from bellwire.cloud.reading.japanese_numbers import ARABIC, KANJI, arabic_said, kanji_said


class Token(NamedTuple):
    """A word of the dictionary in a text."""

    surface: str
    said: str | None
    """As it sounds, in katakana; None: the dictionary does not have it."""
    begins: bool
    """Whether a word of its own begins with it, and not an ending or a particle."""


_USUAL = str.maketrans("髙﨑𠮷𠮟濵邉邊齋齊德黑栁嶋𣘺", "高崎吉叱浜辺辺斎斉徳黒柳島橋")
"""Forms of kanji in names that the dictionary has in their usual form."""
_SIGNS = {
    "%": " ぱーせんと ", "&": " あんど ", "+": " ぷらす ", "=": " いこーる ", "@": " あっと ", "#": " ばん ",
    "℃": " ど ", "°": " ど ", "×": " かける ", "→": " から ", "½": " にぶんのいち ", "¼": " よんぶんのいち ",
    "¾": " よんぶんのさん ", "$": " どる ", "€": " ゆーろ ", "¥": " えん ", "№": " なんばー ",
    "・": " ", "/": " ", "「": " ", "」": " ", "『": " ", "』": " ", "【": " ", "】": " ",
}  # fmt: skip
_OUR_OWN = {
    "令和": "れいわ", "洗濯物": "せんたくもの", "明日": "あした", "今日": "きょう", "一人暮らし": "ひとりぐらし",
    "淹れ": "いれ",
}  # fmt: skip
"""Common words that the dictionary does not have, or has otherwise."""
_OWN = re.compile("|".join(_OUR_OWN))
_RANGE = re.compile(r"(?<=[\d時分日月])\s?[~〜～]\s?(?=\d)")
_MONEY = re.compile(r"[¥￥]\s?(\d[\d,]*)")

_SMALL = dict(zip("ぁぃぅぇぉゃゅょゎゕゖ", "あいうえおやゆよわかけ", strict=True))
_BEFORE_SMALL = {
    **dict.fromkeys("ぁぃぇぉ", "ふゔつう"),
    "ぃ": "ふゔつうてで", "ぇ": "ふゔつうしじち", "ぅ": "とど", "ゅ": "きぎしじちぢにひびぴみりてでふゔ",
    **dict.fromkeys("ゃょ", "きぎしじちぢにひびぴみり"),
}  # fmt: skip
"""After which kana a small one makes one sound with it; elsewhere it stands for the large one."""


def read_japanese(text: str) -> list[Piece]:
    """The text in hiragana, which the Japanese voice reads; kanji that no dictionary has are left to the Chinese."""
    plain = _MONEY.sub(r"\1円", _RANGE.sub("から", text.translate(_USUAL)))
    said: list[Piece] = []
    place = 0
    for found in ARABIC.finditer(plain):
        said += _words(plain[place : found.start()])
        said.append(Piece("ja", f" {arabic_said(found)}"))
        place = found.end()
    return _together([*said, *_words(plain[place:])])


def _words(text: str) -> list[Piece]:
    """Text without Arabic digits."""
    said = []
    place = 0
    tokens = _tokens(text)
    for start, end, kana in _known(text, tokens):
        said += _spoken(tokens, place, start)
        said.append(Piece("ja", f" {kana}"))
        place = end
    return [*said, *_spoken(tokens, place, len(text))]


def _known(text: str, tokens: dict[int, Token]) -> list[tuple[int, int, str]]:
    """What is read without the dictionary: start, end and kana. It never parts a word of the dictionary."""
    ends = {start + len(token.surface) for start, token in tokens.items()}
    candidates = [(found.start(), found.end(), _OUR_OWN[found[0]]) for found in _OWN.finditer(text)]
    candidates += [(found.start(), found.end(), kanji_said(found)) for found in KANJI.finditer(text)]
    known: list[tuple[int, int, str]] = []
    for start, end, kana in sorted(candidates):
        if start in tokens and end in ends and (not known or start >= known[-1][1]):
            known.append((start, end, kana))
    return known


def _spoken(tokens: dict[int, Token], start: int, end: int) -> list[Piece]:
    said = []
    for place, token in tokens.items():
        if start <= place < end:
            blank = " " if token.begins else ""
            parts = [Piece("ja", hiragana(token.said))] if token.said else [_alone(c) for c in token.surface]
            said += [Piece("ja", blank), *parts]
    return said


def _alone(character: str) -> Piece:
    """A character of a word that the dictionary does not have."""
    if script_of(character) != HAN:
        return Piece("ja", _SIGNS.get(character, hiragana(character)))
    found = _tokens(character).get(0)
    return Piece("ja", hiragana(found.said)) if found and found.said else Piece("zh", character)


def _together(pieces: list[Piece]) -> list[Piece]:
    joined: list[Piece] = []
    for piece in pieces:
        if joined and joined[-1].language == piece.language:
            joined[-1] = Piece(piece.language, joined[-1].text + piece.text)
        elif piece.text:
            joined.append(piece)
    return [Piece(each.language, _pronounceable(each.text) if each.language == "ja" else each.text) for each in joined]


def hiragana(text: str) -> str:
    """Katakana as hiragana, for the voice names a long katakana instead of reading it."""
    return "".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in text)


def _pronounceable(kana: str) -> str:
    """Put large kana where a small one, a long mark or a mark of repetition stands alone: the voice would name it."""
    said = ""
    for c in kana:
        before = said[-1:]
        if (c in _SMALL and before not in _BEFORE_SMALL.get(c, "")) or (c in _SMALL and not before):
            said += _SMALL[c]
        elif c == "ー" and not ("ぁ" <= before <= "ゖ" or before == "ー"):
            continue
        elif c in "ゝゞ":
            said += before
        else:
            said += c
    return " ".join(said.split())


def _tokens(text: str) -> dict[int, Token]:
    """The words of a text by where they begin. What the dictionary has no word for is one of its own."""
    tokens: dict[int, Token] = {}
    place = 0
    after_prefix = False
    for word in _tagger()(text) if text.strip() else ():
        place = text.index(word.surface, place)
        kind, detail, sound = word.feature[0], word.feature[1], (*word.feature, *[None] * 9)[8]
        joins = kind in {"助詞", "助動詞", "記号"} or detail in {"接尾", "非自立"} or after_prefix
        said = "オ" if kind == "助詞" and word.surface == "を" else sound
        joins = joins or word.surface[0] in "ーぁぃぅぇぉゃゅょっァィゥェォャュョッ"
        tokens[place] = Token(word.surface, None if said in {None, "*"} or kind == "記号" else said, not joins)
        after_prefix = kind == "接頭詞"
        place += len(word.surface)
    return tokens


@cache
def _tagger():  # type: ignore[no-untyped-def]
    import fugashi  # noqa: PLC0415 - 4 ms and 4 to 23 MB that only Japanese labels need
    import ipadic  # noqa: PLC0415

    return fugashi.GenericTagger(ipadic.MECAB_ARGS)
