from itertools import pairwise
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwire.cloud.languages import _OF_ZONE as OF_ZONE
from bellwire.cloud.languages import LANGUAGES, default_language, language_named, language_of, pieces_of
from bellwire.cloud.wishes import WishError


@pytest.mark.parametrize(
    ("text", "preferred", "language"),
    [
        ("", "ko", "ko"),
        ("7:30", "ja", "ja"),
        ("😀", "zh", "zh"),
        ("Dentist at 7:30", "ko", "en"),
        ("약", "en", "ko"),
        ("meeting 회의", "ja", "ko"),
        ("\u1100\u1161", "en", "ko"),  # 가, decomposed
        ("くすり", "ko", "ja"),
        ("薬の時間", "zh", "ja"),
        ("ｶﾀｶﾅ", "en", "ja"),
        ("회의 カタカナ 會議", "en", "ko"),
        ("회의 カタカナ 會議", "ja", "ja"),
        # Han alone: as the account speaks
        ("会議", "ja", "ja"),
        ("会議", "zh", "ja"),  # 議 is not written with 会 in Chinese
        ("會議", "ja", "ja"),
        ("會議", "zh", "zh"),
        ("生日", "ja", "ja"),
        ("生日", "en", "zh"),
        # … unless it can only be the other
        ("吃药", "ja", "zh"),
        ("薬", "zh", "ja"),
        ("薬", "ko", "ja"),
        ("吃药 at 7:30", "ja", "zh"),
        ("髙橋", "ja", "ja"),
    ],
)
def test_the_language_of_a_label(text: str, preferred: str, language: str) -> None:
    assert language_of(text, preferred) == language


@pytest.mark.parametrize(
    ("text", "language", "pieces"),
    [
        ("회의", "ko", [("ko", "회의")]),
        ("Zoom 회의 3시", "ko", [("en", "Zoom "), ("ko", "회의 3시")]),
        ("회의, Zoom 7:30!", "ko", [("ko", "회의, "), ("en", "Zoom "), ("ko", "7:30!")]),
        ("Take 2 at 7:30", "en", [("en", "Take 2 at 7:30")]),
        ("薬のTV", "ja", [("ja", "薬の"), ("en", "TV")]),
        ("회의 會議", "ko", [("ko", "회의 "), ("zh", "會議")]),
        ("회의 薬", "ko", [("ko", "회의 "), ("ja", "薬")]),
        ("佐々木", "ja", [("ja", "佐々木")]),
        ("50%", "zh", [("zh", "50%")]),
        ("«약»", "ko", [("ko", "«약»")]),
        ("Kim's", "en", [("en", "Kim's")]),
        ("", "en", []),
    ],
)
def test_the_pieces_of_a_label(text: str, language: str, pieces: list[tuple[str, str]]) -> None:
    assert pieces_of(text, language) == pieces


@given(st.text(), st.sampled_from(sorted(LANGUAGES)))
def test_pieces_are_the_whole_text_and_no_two_neighbours_are_of_one_language(text: str, preferred: str) -> None:
    language = language_of(text, preferred)
    pieces = pieces_of(text, language)
    assert "".join(piece.text for piece in pieces) == text
    assert {language, *(piece.language for piece in pieces)} <= set(LANGUAGES)
    assert all(one.language != other.language for one, other in pairwise(pieces))


@pytest.mark.parametrize(
    ("country", "zone", "language"),
    [
        ("KR", "UTC", "ko"),
        ("JP", "Asia/Seoul", "ja"),
        ("TW", "UTC", "zh"),
        ("DE", "Asia/Tokyo", "en"),
        (None, "Asia/Tokyo", "ja"),
        (None, "Asia/Seoul", "ko"),
        (None, "Asia/Shanghai", "zh"),
        (None, "Asia/Taipei", "zh"),
        (None, "Europe/Berlin", "en"),
    ],
)
def test_what_is_spoken_somewhere(country: str | None, zone: str, language: str) -> None:
    assert default_language(country, zone) == language


def test_the_zones_are_real() -> None:
    assert set(OF_ZONE) <= available_timezones()


def test_a_language_is_named_by_code_or_name() -> None:
    assert [language_named(text) for text in ("ja", " KO ", "Chinese", "english")] == ["ja", "ko", "zh", "en"]
    with pytest.raises(WishError, match=r"not spoken in 'tlh'; there are: en \(English\), ja"):
        language_named("tlh")
