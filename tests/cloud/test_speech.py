import array
import asyncio
import io
import math
import struct
import subprocess
import sys
import wave
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellwire.cloud.speech import (
    LONGEST_SPEECH,
    LONGEST_TEXT,
    Espeak,
    ExternalCommand,
    Silent,
    SpeechFailed,
    Synthesizer,
    spoken_form,
    synthesizer_of,
)

LABELS = {
    "en": "Take your medicine",
    "ko": "약 드실 시간입니다",
    "ja": "おくすりのじかんです",
    "zh": "吃药的时间到了",
}


def say(text: str, language: str, synthesizer: Synthesizer | None = None) -> bytes:
    return asyncio.run((synthesizer or Espeak()).synthesize(text, language))


def seconds(wav: bytes) -> float:
    with wave.open(io.BytesIO(wav)) as file:
        return float(file.getnframes() / file.getframerate())


def loudness(wav: bytes) -> float:
    """Root mean square in dB, 0 being full scale."""
    with wave.open(io.BytesIO(wav)) as file:
        samples = array.array("h", file.readframes(file.getnframes()))
    return 10 * math.log10(sum(s * s for s in samples) / len(samples) / 32768**2)


# What is said


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("  two\r\n\tlines ", "two lines"),
        ("a\x00b\x01c", "a b c"),  # \x01 would begin an espeak-ng command
        ("left\u200eto\u202eright\ufeff", "lefttoright"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("７시 ３０분 ＴＶ", "7시 30분 TV"),
        ("ｶﾞ", "ガ"),
        ("e\u200d\u0301", "é"),
        ("½ pill", "½ pill"),
        ("<b>bold</b> &amp; [[loud]]", "<b>bold</b> &amp; [[loud]]"),
        ("😀 party", "😀 party"),
    ],
)
def test_characters_without_sound_are_dropped_and_the_rest_is_kept(label: str, said: str) -> None:
    assert spoken_form(label) == said


@settings(deadline=None)
@given(st.text(st.characters(), max_size=LONGEST_TEXT))
def test_any_label_can_be_cleaned_and_cleaning_again_changes_nothing(label: str) -> None:
    try:
        said = spoken_form(label)
    except SpeechFailed:
        return
    assert said.isprintable()
    assert said.encode()
    assert len(said) > LONGEST_TEXT or spoken_form(said) == said


@pytest.mark.parametrize("label", ["", " \n", "\x00\u200b"])
def test_a_label_without_anything_to_say_fails(label: str) -> None:
    with pytest.raises(SpeechFailed, match="nothing in the text that could be said"):
        say(label, "en")


def test_a_label_that_is_too_long_fails() -> None:
    with pytest.raises(SpeechFailed, match="1025 characters"):
        say("x" * (LONGEST_TEXT + 1), "en")


# The voices


@pytest.mark.parametrize("language", LABELS)
def test_a_label_is_spoken(language: str) -> None:
    wav = say(LABELS[language], language)
    with wave.open(io.BytesIO(wav)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 22050)
    assert 0.7 < seconds(wav) < 3
    assert -30 < loudness(wav) < -6


def test_the_sizes_in_the_header_are_those_of_the_file() -> None:
    wav = say("Tea", "en")
    assert struct.unpack("<4sI", wav[:8]) == (b"RIFF", len(wav) - 8)
    assert struct.unpack("<4sI", wav[36:44]) == (b"data", len(wav) - 44)


def test_another_text_sounds_different_and_the_same_text_the_same() -> None:
    assert say("Tea", "en") == say("Tea", "en") != say("Bee", "en")


def test_markup_is_read_aloud() -> None:
    assert seconds(say("<b>tea</b>", "en")) > 2 * seconds(say("tea", "en"))


def test_a_wide_number_is_said() -> None:
    assert say("７시", "ko") == say("7시", "ko")


def test_speech_is_cut_after_a_minute() -> None:
    assert seconds(say("吃药" * 500, "zh")) == LONGEST_SPEECH


def test_the_process_that_speaks_stops_by_itself_after_a_minute() -> None:
    worker = [sys.executable, "-m", "bellwire.cloud.speech", "zh"]
    done = subprocess.run(worker, input=("吃药" * 500).encode(), capture_output=True, check=True, timeout=10)
    assert LONGEST_SPEECH <= seconds(done.stdout) < LONGEST_SPEECH + 1


@pytest.mark.parametrize("language", LABELS)
def test_letters_that_no_voice_reads_fail(language: str) -> None:
    with pytest.raises(SpeechFailed, match=r"^no voice can read CYRILLIC letters$"):
        say("лекарство", language)


def test_a_label_of_several_languages_is_one_sound() -> None:
    parts = [say("Zoom", "en"), say("회의", "ko"), say("薬", "ja")]
    whole = say("Zoom 회의", "ko")
    assert seconds(parts[0]) + seconds(parts[1]) < seconds(whole) < seconds(parts[0]) + seconds(parts[1]) + 0.2
    assert seconds(say("薬 Zoom", "ja")) > seconds(parts[2]) + seconds(parts[0])


def test_punctuation_alone_has_no_sound() -> None:
    with pytest.raises(SpeechFailed, match="nothing in the text that could be heard"):
        say("...", "en")


def test_an_unknown_language_fails() -> None:
    with pytest.raises(SpeechFailed, match="no voice for the language 'tlh'"):
        say("nuqneH", "tlh")


@pytest.mark.parametrize(
    ("package", "reason"),
    [
        ("raise ImportError('no such package')", "espeak-ng is missing (no such package)"),
        ("def get_library_path(): return '/nowhere/libespeak-ng.so'", "/nowhere/libespeak-ng.so: cannot open"),
    ],
)
def test_a_missing_library_is_named(package: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "espeakng_loader.py").write_text(package)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(SpeechFailed) as failure:
        say("Tea", "en")
    assert reason in str(failure.value)
    assert "pip install" in str(failure.value)


def test_silent_never_speaks() -> None:
    with pytest.raises(SpeechFailed, match="turned off"):
        say("Tea", "en", Silent())


def test_what_speaks_is_chosen_by_name_or_command() -> None:
    assert type(synthesizer_of("espeak")) is Espeak
    assert type(synthesizer_of("none")) is Silent
    program = f"{sys.executable} -c 'import sys; sys.exit(sys.argv[1])'"
    with pytest.raises(SpeechFailed, match=r"^ko$"):
        say("Tea", "ko", synthesizer_of(program))


@pytest.mark.parametrize("wish", ["", " ", "'", "no-such-program --fast", "/nowhere/speak"])
def test_what_is_no_program_is_refused(wish: str) -> None:
    with pytest.raises(ValueError, match="give espeak, none, or a command that speaks"):
        synthesizer_of(wish)


# Other programs


def program(source: str, time_limit: float = 10) -> ExternalCommand:
    return ExternalCommand(sys.executable, "-c", source, time_limit=time_limit)


STREAMED = """
import struct, sys
said = sys.stdin.buffer.read() + sys.argv[1].encode()
sys.stdout.buffer.write(b"RIFF" + struct.pack("<I", 0x7ffff024) + b"WAVEfmt "
    + struct.pack("<IHHIIHH", 16, 1, {channels}, 8000, 16000, 2, 16) + b"data" + struct.pack("<I", 0x7ffff000) + said)
"""


def test_a_program_gets_the_text_and_the_language_and_its_header_is_put_right() -> None:
    wav = say("\tTea \x07", "en", program(STREAMED.format(channels=1)))
    assert wav[44:] == b"Teae"
    assert struct.unpack("<I", wav[4:8]) == (len(wav) - 8,)
    assert struct.unpack("<I", wav[40:44]) == (4,)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import os; os.kill(os.getpid(), 11)", "ended by SIGSEGV"),
        ("import sys; sys.exit('first\\nno voice')", "^no voice$"),
        ("import os; os._exit(3)", "ended with status 3"),
        ("print('hello')", "not a WAV file"),
        ("", "not a WAV file"),
        (STREAMED.format(channels=2), "not mono"),
    ],
)
def test_a_program_that_fails_says_why(source: str, reason: str) -> None:
    with pytest.raises(SpeechFailed, match=reason):
        say("Tea", "en", program(source))


def test_a_program_that_takes_too_long_is_ended_with_what_it_started() -> None:
    slow = program("import subprocess; subprocess.run(['sleep', '60'])", time_limit=0.5)
    with pytest.raises(SpeechFailed, match=r"longer than 0\.5 s"):
        asyncio.run(asyncio.wait_for(slow.synthesize("Tea", "en"), 5))


def test_a_program_that_does_not_exist_fails() -> None:
    with pytest.raises(SpeechFailed, match="/nowhere/speak can't be started: No such file"):
        say("Tea", "en", ExternalCommand("/nowhere/speak"))
