import pytest

from bellwire.cloud.reading.chinese import read_chinese
from bellwire.cloud.reading.english import read_english
from bellwire.cloud.reading.korean import read_korean


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("7시 30분", "일곱 시 30분"),
        ("7:30", "일곱 시 30분"),
        ("12:00", "열두 시"),
        ("0:05", "영시 5분"),
        ("14:00", "14 시"),
        ("14시", "14 시"),
        ("2알", "두 알"),
        ("20살", "스무 살"),
        ("21살", "스물한 살"),
        ("100명", "100명"),
        ("3시간", "세 시간"),
        ("12/25", "12월 25일"),
        ("6월 6일", "유월 6일"),
        ("10월 3일", "시월 3일"),
        ("16월", "16월"),
        ("1.5", "1 점 오"),
        ("50%", "50퍼센트"),
        ("010-1234", "영 일 영 일 이 삼 사"),
        ("약", "약"),
    ],
)
def test_korean(text: str, words: str) -> None:
    assert read_korean(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("7:30", "7点30分"),
        ("7:05", "7点零5分"),
        ("2:00", "两点"),
        ("12:00", "12点"),
        ("0:30", "零点30分"),
        ("2片", "两片"),
        ("12个", "12个"),
        ("12/25", "12月25日"),
        ("50%", "百分之50"),
        ("￥100", "100元"),
        ("010-123", "零 一 零 一 二 三"),
        ("36.5℃", "36.5度"),
        ("吃药", "吃药"),
    ],
)
def test_chinese(text: str, words: str) -> None:
    assert read_chinese(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("5mg", "5milligrams"),
        ("5 ML", "5 millilitres"),
        ("mgr", "mgr"),
        ("12/25", "12 25"),
        ("3 min", "3 minutes"),
        ("9~10", "9 to 10"),
        ("Tea & cake", "Tea & cake"),
    ],
)
def test_english(text: str, words: str) -> None:
    assert read_english(text) == words
