"""Knows how times, dates and signs are said in a Chinese text, where the voice alone says them otherwise.

It must not know voices.
"""

import re

_CLOCK = re.compile(r"(?<![\d:])([01]?\d|2[0-4]):([0-5]\d)(?![\d:])")
_DATE = re.compile(r"(?<![\d/])(0?[1-9]|1[0-2])/(0?[1-9]|[12]\d|3[01])(?![\d/])")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s?%")
_TWO = re.compile(r"(?<![\d.:])2(?=[点個个次片粒位杯颗顆天周週年張张本瓶包碗只隻條条件])")
_PHONE = re.compile(r"(?<![\d,.])(?:0\d[\d-]*|\d+(?:-\d+)+|\d{7,})")
_NUMBERS = "零一二三四五六七八九"
_SIGNS = {
    "%": "百分之", "&": "和", "+": "加", "~": "到", "〜": "到", "～": "到", "℃": "度", "°": "度", "@": "艾特",
    "#": "号",
    "/": " ", "=": "等于", "½": "二分之一", "¥": "元", "￥": "元", "$": "美元", "€": "欧元", "→": "到",
    "×": "乘", "々": "",
}  # fmt: skip


def read_chinese(text: str) -> str:
    """The text with its times, dates and signs as words."""
    text = _CLOCK.sub(lambda found: _time(int(found[1]), int(found[2])), text)
    text = _DATE.sub(r"\1月\2日", text)
    text = _PERCENT.sub(r"百分之\1", text)
    text = re.sub(r"[¥￥]\s?(\d+)", r"\1元", text)
    text = _PHONE.sub(lambda found: " ".join(_NUMBERS[int(digit)] for digit in found[0] if digit != "-"), text)
    text = _TWO.sub("两", text)
    return "".join(_SIGNS.get(c, c) for c in text)


def _time(hour: int, minute: int) -> str:
    said = f"{hour}点" if hour else "零点"
    return f"{said}{'零' if 0 < minute < 10 else ''}{f'{minute}分' if minute else ''}"
