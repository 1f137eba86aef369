import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellwire.cloud.reading.japanese import read_japanese
from bellwire.cloud.reading.japanese_numbers import counted, number_said


def said(text: str) -> str:
    """Without the blanks between words; what is left to the Chinese voice is in brackets."""
    pieces = read_japanese(text)
    return "".join(f"[{p.text}]" if p.language == "zh" else p.text.replace(" ", "") for p in pieces)


@pytest.mark.parametrize(
    ("text", "kana"),
    [
        ("薬の時間", "くすりのじかん"),
        ("母の誕生日", "ははのたんじょーび"),
        ("佐々木さん", "ささきさん"),
        ("髙橋さん", "たかはしさん"),
        ("コーヒー", "こーひー"),
        ("洗濯物を取り込む", "せんたくものおとりこむ"),
        ("令和", "れいわ"),
        # particles
        ("今日は学校へ行く", "きょうわがっこーえいく"),
        ("これを飲む", "これおのむ"),
        ("7時は起きる", "しちじわおきる"),
        ("こんにちは", "こんにちわ"),
        ("春", "はる"),
        # signs
        ("「会議」・昼", "かいぎひる"),
        ("9時〜10時", "くじからじゅうじ"),
        ("¥1,500", "せんごひゃくえん"),
        # kanji that the dictionary has in no word, and in none at all
        ("鱻を食べる", "[鱻]おたべる"),
        # kana that stand alone
        ("ねぇ", "ねー"),
        ("ゎ", "わ"),
        ("ァ", "あ"),
        ("いすゞ", "いすず"),
        ("ー", ""),
        ("", ""),
    ],
)
def test_a_text_is_read(text: str, kana: str) -> None:
    assert said(text) == kana


@pytest.mark.parametrize(
    ("text", "kana"),
    [
        ("7時30分", "しちじさんじゅっぷん"),
        ("7:30", "しちじさんじゅっぷん"),
        ("4:05", "よじごふん"),
        ("9:00", "くじ"),
        ("0:00", "ぜろじ"),
        ("12月25日", "じゅうにがつにじゅうごにち"),
        ("4/20", "しがつはつか"),
        ("1月1日", "いちがつついたち"),
        ("1日3回", "いちにちさんかい"),
        ("一日三回", "いちにちさんかい"),
        ("三時", "さんじ"),
        ("二十歳", "はたち"),
        ("一人と二人と4人", "ひとりとふたりとよにん"),
        ("2026年", "にせんにじゅうろくねん"),
        ("1.5", "いってんご"),
        ("0.5", "れいてんご"),
        ("03-1234-5678", "ぜろさん、いちにさんよん、ごろくななはち"),
        ("10,000円", "いちまんえん"),
        ("3つ", "みっつ"),
        ("50%", "ごじゅっぱーせんと"),
        ("007", "ぜろぜろなな"),
        ("12345678901234", "いちにさんよんごろくななはちきゅうぜろいちにさんよん"),
    ],
)
def test_numbers_are_read(text: str, kana: str) -> None:
    assert said(text) == kana


@pytest.mark.parametrize(
    ("counter", "numbers"),
    [
        ("本", "いっぽん にほん さんぼん よんほん ごほん ろっぽん ななほん はっぽん きゅうほん じゅっぽん"),
        ("分", "いっぷん にふん さんぷん よんぷん ごふん ろっぷん ななふん はっぷん きゅうふん じゅっぷん"),
        ("時", "いちじ にじ さんじ よじ ごじ ろくじ しちじ はちじ くじ じゅうじ"),
        ("回", "いっかい にかい さんかい よんかい ごかい ろっかい ななかい はっかい きゅうかい じゅっかい"),
        ("歳", "いっさい にさい さんさい よんさい ごさい ろくさい ななさい はっさい きゅうさい じゅっさい"),
        ("月", "いちがつ にがつ さんがつ しがつ ごがつ ろくがつ しちがつ はちがつ くがつ じゅうがつ"),
        ("日", "ついたち ふつか みっか よっか いつか むいか なのか ようか ここのか とおか"),
    ],
)
def test_counters(counter: str, numbers: str) -> None:
    assert [counted(number, counter) for number in range(1, 11)] == numbers.split()


@pytest.mark.parametrize(
    ("number", "kana"),
    [
        (0, "ぜろ"),
        (10, "じゅう"),
        (100, "ひゃく"),
        (365, "さんびゃくろくじゅうご"),
        (8600, "はっせんろっぴゃく"),
        (10_000, "いちまん"),
        (100_000_000, "いちおく"),
        (1_000_000_000_000, "いっちょう"),
    ],
)
def test_large_numbers(number: int, kana: str) -> None:
    assert number_said(number).replace(" ", "") == kana


@given(st.integers(1, 10**16 - 1), st.integers(1, 10**16 - 1))
def test_no_two_numbers_are_said_alike(one: int, other: int) -> None:
    assert (number_said(one) == number_said(other)) == (one == other)


@settings(deadline=None)
@given(
    st.text(st.characters(min_codepoint=0x3000, max_codepoint=0x9FFF) | st.sampled_from("0123456789:/.-,%日月時分は"))
)
def test_any_text_is_read_in_kana_with_kanji_for_another_voice_only(text: str) -> None:
    for piece in read_japanese(text):
        assert piece.language in {"ja", "zh"}
        if piece.language == "ja":
            assert not any("一" <= c <= "鿿" for c in piece.text)


def test_the_dictionary_is_loaded_at_the_first_text_that_needs_it() -> None:
    code = (
        "import sys, bellwire.cloud.app; assert 'bellwire.cloud.reading.japanese' not in sys.modules;"
        "import bellwire.cloud.reading.japanese as j; assert 'fugashi' not in sys.modules;"
        "j.read_japanese('7:30'); assert 'fugashi' not in sys.modules;"
        "j.read_japanese('薬'); assert 'fugashi' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
