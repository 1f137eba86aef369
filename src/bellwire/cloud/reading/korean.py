"""Knows how numbers, times and signs are said in a Korean text, where the voice alone says them otherwise.

It must not know voices.
"""

import re

_TENS = ("", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔")
_ONES = ("", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉")
_DIGITS = "영일이삼사오육칠팔구"
_COUNTED = (
    "시간",
    "시",
    "개",
    "명",
    "번",
    "살",
    "잔",
    "마리",
    "병",
    "알",
    "장",
    "권",
    "가지",
    "달",
    "대",
    "분께",
    "그릇",
)
"""What is counted with Korean numbers and not with Chinese ones; the longer ones first."""
_CLOCK = re.compile(r"(?<![\d:])([01]?\d|2[0-4]):([0-5]\d)(?![\d:])")
_NATIVE = re.compile(rf"(?<![\d.,:/-])([1-9]\d?)\s?({'|'.join(_COUNTED)})(?!월)")
_FRACTION = re.compile(r"(\d)\.(\d+)")
_DATE = re.compile(r"(?<![\d/])(0?[1-9]|1[0-2])/(0?[1-9]|[12]\d|3[01])(?![\d/])")
_LONG = re.compile(r"(?<![\d,])(?:0\d[\d-]*|\d+(?:-\d+)+)")
_SIGNS = {
    "%": "퍼센트", "&": " 그리고 ", "+": " 더하기 ", "~": "에서 ", "〜": "에서 ", "℃": "도", "°": "도", "@": " 골뱅이 ",
    "#": " 번호 ", "/": " ", "=": " 는 ", "½": " 이분의 일 ", "₩": " 원 ", "$": " 달러 ", "€": " 유로 ", "¥": " 엔 ",
    "→": " ", "×": " 곱하기 ",
}  # fmt: skip


def read_korean(text: str) -> str:
    """The text with its numbers and signs as words."""
    text = _CLOCK.sub(lambda found: _time(int(found[1]), int(found[2])), text)
    text = _DATE.sub(r"\1월 \2일", text)
    text = re.sub(r"(?<!\d)6월", "유월", re.sub(r"(?<!\d)10월", "시월", text))
    text = _LONG.sub(lambda found: " ".join(_DIGITS[int(digit)] for digit in found[0] if digit != "-"), text)
    text = _FRACTION.sub(lambda found: f"{found[1]} 점 {' '.join(_DIGITS[int(digit)] for digit in found[2])}", text)
    text = _NATIVE.sub(_native, text)
    return "".join(_SIGNS.get(c, c) for c in text)


def _time(hour: int, minute: int) -> str:
    hours = f"{hour}시" if hour else "영시"
    return f"{hours} {minute}분" if minute else hours


def _native(found: "re.Match[str]") -> str:
    number, counter = int(found[1]), found[2]
    if counter == "시" and number > 12:
        return f"{number} 시"
    said = "스무" if number == 20 else _TENS[number // 10] + _ONES[number % 10]
    return f"{said} {counter}"
