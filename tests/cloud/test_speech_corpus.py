"""Labels of four languages as they are written: no character of them is spelled, and each is heard.

espeak-ng says what it can't read as "Chinese letter", or "letter" and a number; or it changes to another voice in the
middle of a text, which its phonemes show as a language in parentheses. The first test shows that they do.
"""

import array
import io
import math
import wave
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellwire.cloud.languages import Piece, language_of
from bellwire.cloud.speech import SpeechFailed, Voices, spoken_form, worded
from tests.cloud.labels import labels

LANGUAGES = ("ko", "ja", "zh", "en")
EACH = [pytest.param(language, label, id=label) for language in LANGUAGES for label in labels(language)]


@cache
def _voices() -> Voices:
    return Voices()


@pytest.fixture
def voices() -> Voices:
    return _voices()


@pytest.mark.parametrize(
    "piece",
    [
        Piece("ja", "薬の時間"),
        Piece("ja", "コーヒーを飲む"),
        Piece("ja", "ゎ"),
        Piece("ko", "會議"),
        Piece("ko", "Ⅲ"),
        Piece("zh", "くすり"),
        Piece("zh", "𠀋"),
        Piece("en", "薬"),
        Piece("en", "くすり"),
    ],
)
def test_what_a_voice_alone_would_spell_is_noticed(voices: Voices, piece: Piece) -> None:
    assert voices.spells(piece)


@pytest.mark.parametrize("piece", [Piece("en", "Write a letter, newsletter"), Piece("ko", "레터"), Piece("zh", "饿了")])
def test_words_that_only_sound_like_it_are_no_spelling(voices: Voices, piece: Piece) -> None:
    assert not voices.spells(piece)


@pytest.mark.parametrize(("language", "label"), EACH)
def test_no_character_of_a_label_is_spelled(voices: Voices, language: str, label: str) -> None:
    said = spoken_form(label)
    pieces = worded(said, language_of(said, language))
    assert pieces
    for piece in pieces:
        phonemes = voices.phonemes(piece)
        assert phonemes.strip(), piece
        assert not voices.spells(piece), (piece, phonemes)
        assert "(" not in phonemes, (piece, phonemes)
        assert [*voices.legible(piece)] == [piece]


@pytest.mark.parametrize(("language", "label"), EACH)
def test_every_label_is_heard(voices: Voices, language: str, label: str) -> None:
    said = spoken_form(label)
    with wave.open(io.BytesIO(voices.label(said, language_of(said, language)))) as file:
        rate, samples = file.getframerate(), array.array("h", file.readframes(file.getnframes()))
    seconds = len(samples) / rate
    level = 10 * math.log10(sum(s * s for s in samples) / len(samples) / 32768**2)
    assert 0.12 + 0.02 * len(label) < seconds < 0.6 + 0.35 * len(label)
    assert -36 < level < -10


@pytest.mark.parametrize("word", ["Zoom", "Newsletter", "Vitamin", "Birthday", "laundry", "iPhone", "milligrams"])
def test_words_in_latin_letters_are_read_and_not_spelled(voices: Voices, word: str) -> None:
    def sounds(text: str) -> str:
        return "".join(c for c in voices.phonemes(Piece("en", text)) if c not in "',_:| ")

    assert sounds(word) != sounds(" ".join(word))
    assert sounds("TV") == sounds("T V")  # what is spelled would be noticed


def test_a_character_that_no_voice_reads_is_left_out_and_the_rest_is_said(voices: Voices) -> None:
    assert [piece.text for piece in voices.legible(Piece("zh", "吃\U0002000b药"))] == ["吃药"]
    assert [*voices.legible(Piece("zh", "\U0002000b"))] == []


@settings(deadline=None)
@given(st.text(max_size=40), st.sampled_from(LANGUAGES))
def test_whatever_is_written_nothing_is_spelled(text: str, account: str) -> None:
    try:
        said = spoken_form(text)
    except SpeechFailed:
        return
    voices = _voices()
    for piece in worded(said, language_of(said, account)):
        assert not any(voices.spells(legible) for legible in voices.legible(piece))


def test_pieces_are_said_one_after_the_other_with_a_little_silence(voices: Voices) -> None:
    with wave.open(io.BytesIO(voices.label("회의 Zoom", "ko"))) as file:
        samples = array.array("h", file.readframes(file.getnframes()))
    pause = [0] * round(0.12 * voices.rate)
    assert str(pause)[1:-1] in str(samples.tolist())
    assert abs(samples[0]) > 100 < abs(samples[-1])
