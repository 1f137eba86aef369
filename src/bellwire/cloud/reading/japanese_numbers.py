"""Knows how numbers, times and dates are said in Japanese, with what they count.

It must not know dictionaries, nor what stands around a number.
"""

import re

_DIGITS = ("ぜろ", "いち", "に", "さん", "よん", "ご", "ろく", "なな", "はち", "きゅう")
_THOUSANDS = {1: "せん", 3: "さんぜん", 8: "はっせん"}
_HUNDREDS = {1: "ひゃく", 3: "さんびゃく", 6: "ろっぴゃく", 8: "はっぴゃく"}
_MYRIADS = ("", "まん", "おく", "ちょう")
_DAYS = {
    1: "ついたち", 2: "ふつか", 3: "みっか", 4: "よっか", 5: "いつか", 6: "むいか", 7: "なのか", 8: "ようか",
    9: "ここのか", 10: "とおか", 14: "じゅうよっか", 20: "はつか", 24: "にじゅうよっか",
}  # fmt: skip
_THINGS = {
    1: "ひとつ", 2: "ふたつ", 3: "みっつ", 4: "よっつ", 5: "いつつ", 6: "むっつ", 7: "ななつ", 8: "やっつ",
    9: "ここのつ",
}  # fmt: skip
_WHOLE = {
    "人": {1: "ひとり", 2: "ふたり"},
    "歳": {20: "はたち"},
    "才": {20: "はたち"},
    "日": _DAYS,
    "日間": {n: f"{day}かん" for n, day in _DAYS.items() if n != 1},
    "つ": _THINGS,
    "月": {},
}
"""Numbers that have a word of their own with what they count."""

_ENDS = {
    "時": {"よん": "よ", "なな": "しち", "きゅう": "く"},
    "時間": {"よん": "よ", "なな": "しち", "きゅう": "く"},
    "月": {"よん": "し", "なな": "しち", "きゅう": "く"},
    "日": {"なな": "しち", "きゅう": "く"},
    "人": {"よん": "よ", "なな": "しち"},
    "年": {"よん": "よ"},
    "年間": {"よん": "よ"},
    "円": {"よん": "よ"},
}
"""How a number ends otherwise before some counters."""

_READ = {
    "時": "じ", "時間": "じかん", "分": "ふん", "分間": "ふんかん", "秒": "びょう", "秒間": "びょうかん",
    "月": "がつ", "日": "にち", "日間": "にちかん", "年": "ねん", "年間": "ねんかん", "週間": "しゅうかん",
    "か月": "かげつ", "ヶ月": "かげつ", "ヵ月": "かげつ", "ケ月": "かげつ", "カ月": "かげつ", "箇月": "かげつ",
    "人": "にん", "名": "めい", "歳": "さい", "才": "さい", "回": "かい", "回目": "かいめ", "階": "かい",
    "本": "ほん", "杯": "はい", "匹": "ひき", "個": "こ", "枚": "まい", "錠": "じょう", "粒": "つぶ", "滴": "てき",
    "冊": "さつ", "台": "だい", "度": "ど", "円": "えん", "番": "ばん", "番線": "ばんせん", "号": "ごう",
    "号車": "ごうしゃ", "丁目": "ちょうめ", "件": "けん", "着": "ちゃく", "足": "そく", "袋": "ふくろ", "包": "ほう",
    "点": "てん", "倍": "ばい", "割": "わり", "周年": "しゅうねん", "泊": "はく", "つ": "つ",
    "%": "ぱーせんと", "℃": "ど", "°": "ど",
}  # fmt: skip
"""What is counted; the longest that fits is taken."""

_DOUBLED = {
    "か": "いち ろく はち じゅう ひゃく", "さ": "いち はち じゅう", "た": "いち はち じゅう",
    "は": "いち ろく はち じゅう ひゃく", "ぱ": "いち はち じゅう",
}  # fmt: skip
"""After which ends of a number, by its row, the first sound of a counter is doubled."""
_ROWS = {"か": "かきくけこ", "さ": "さしすせそ", "た": "たちつてと", "は": "はひふへほ", "ぱ": "ぱぴぷぺぽ"}
_HARD = str.maketrans("はひふへほ", "ぱぴぷぺぽ")
_SOFT = str.maketrans("はひふへほ", "ばびぶべぼ")
_SHORT = {"いち": "いっ", "ろく": "ろっ", "はち": "はっ", "じゅう": "じゅっ", "ひゃく": "ひゃっ"}

_KANJI_DIGITS = {digit: n for n, digit in enumerate("〇一二三四五六七八九")}
_KANJI_UNITS = {"十": 10, "百": 100, "千": 1000}

_COUNTER = "|".join(map(re.escape, sorted(_READ, key=len, reverse=True)))
_CLOCK = r"(?P<hour>[01]?\d|2[0-4])[::](?P<minute>[0-5]\d)(?![\d::])"
_DATE = r"(?P<month>0?[1-9]|1[0-2])/(?P<day>0?[1-9]|[12]\d|3[01])(?![\d/])"
_PHONE = r"(?P<phone>0\d+(?:-\d+)+|\d+(?:-\d+){2,})"
_NUMBER = r"(?P<number>\d{1,3}(?:,\d{3})+|\d+)(?:\.(?P<fraction>\d+))?"
ARABIC = re.compile(rf"{_CLOCK}|{_DATE}|{_PHONE}|{_NUMBER}(?:\s?(?P<counter>{_COUNTER}))?", re.ASCII)
"""A number in Arabic digits with what it counts, a time of day, or a date."""
KANJI = re.compile(rf"(?P<number>[一二三四五六七八九十百千]+)(?P<counter>{_COUNTER})")
"""A number in kanji with what it counts."""


def arabic_said(found: "re.Match[str]") -> str:
    """What ARABIC has found, in hiragana."""
    if found["hour"]:
        minute = int(found["minute"])
        return counted(int(found["hour"]), "時") + (" " + counted(minute, "分") if minute else "")
    if found["month"]:
        return f"{counted(int(found['month']), '月')} {counted(int(found['day']), '日')}"
    if found["phone"]:
        return "、".join(map(_one_by_one, found["phone"].split("-")))
    digits = found["number"].replace(",", "")
    counter = found["counter"] or ""
    if found["fraction"]:
        whole = "れい" if int(digits) == 0 else number_said(int(digits))
        return _shortened(whole) + "てん" + _one_by_one(found["fraction"]) + _READ.get(counter, "")
    if len(digits) > 12 or (len(digits) > 1 and digits[0] == "0" and not counter):
        return _one_by_one(digits) + _READ.get(counter, "")
    return _counted_after(found, int(digits), counter) if counter else number_said(int(digits))


def kanji_said(found: "re.Match[str]") -> str:
    """What KANJI has found, in hiragana."""
    total = digit = 0
    for character in found["number"]:
        if character in _KANJI_UNITS:
            total += (digit or 1) * _KANJI_UNITS[character]
            digit = 0
        else:
            digit = digit * 10 + _KANJI_DIGITS[character]
    return _counted_after(found, total + digit, found["counter"])


def _counted_after(found: "re.Match[str]", number: int, counter: str) -> str:
    """As `counted`, but the first day of a month only after a month: elsewhere it is a whole day."""
    if counter == "日" and number == 1 and found.string[: found.start()][-1:] != "月":
        return "いちにち"
    return counted(number, counter)


def number_said(number: int) -> str:
    """A number below 10¹⁶ in hiragana."""
    if number == 0:
        return _DIGITS[0]
    parts = []
    for place, myriad in enumerate(_MYRIADS):
        group = number // 10 ** (4 * place) % 10_000
        if group:
            said = _group(group)
            parts.append((_shortened(said) if myriad == "ちょう" else said) + myriad)
    return " ".join(reversed(parts))


def counted(number: int, counter: str) -> str:
    """A number with what it counts, in hiragana: 6 and 本 are ろっぽん."""
    word = _WHOLE.get(counter, {}).get(number)
    if word is not None:
        return word
    said, unit = number_said(number), _READ[counter]
    for end, other in _ENDS.get(counter, {}).items():
        if said.endswith(end):
            return said.removesuffix(end) + other + unit
    return _joined(said, unit)


def _joined(said: str, unit: str) -> str:
    row = next((row for row, kana in _ROWS.items() if unit[0] in kana), None)
    if row is None or unit in {"つぶ", "ふくろ", "はり"}:
        return said + unit
    for end in _DOUBLED[row].split():
        if said.endswith(end):
            return said.removesuffix(end) + _SHORT[end] + unit[0].translate(_HARD) + unit[1:]
    if row == "は" and said.endswith(("さん", "せん", "まん")):
        return said + unit[0].translate(_HARD if unit.startswith(("ふん", "はく")) else _SOFT) + unit[1:]
    if row == "は" and said.endswith("よん") and unit.startswith("ふん"):
        return said + "ぷ" + unit[1:]
    return said + unit


def _group(number: int) -> str:
    thousands, hundreds, tens, ones = (number // 10**place % 10 for place in (3, 2, 1, 0))
    return "".join((
        _THOUSANDS.get(thousands, _DIGITS[thousands] + "せん") if thousands else "",
        _HUNDREDS.get(hundreds, _DIGITS[hundreds] + "ひゃく") if hundreds else "",
        (_DIGITS[tens] if tens > 1 else "") + "じゅう" if tens else "",
        _DIGITS[ones] if ones else "",
    ))  # fmt: skip


def _shortened(said: str) -> str:
    return next(
        (said.removesuffix(end) + _SHORT[end] for end in ("いち", "はち", "じゅう") if said.endswith(end)), said
    )


def _one_by_one(digits: str) -> str:
    return " ".join(_DIGITS[int(digit)] for digit in digits)
