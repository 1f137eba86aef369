"""Knows how a label becomes speech: which voice reads it, and the process that reads it aloud.

It must not know accounts, alerts, files or addresses.

The voices are espeak-ng's. One short-lived process reads one label (`python -m bellwire.cloud.speech LANGUAGE`,
text in, WAV out), because the library keeps global state and a crash in it would otherwise take the whole cloud
down. That costs about a tenth of a second for each new label, once, when the alert is made.

What is not done: Japanese is read only when it is written in kana. espeak-ng has no reading for kanji and would say
"Chinese letter" for each, so such a label fails, and the alert rings with its bell. A label of kanji alone can't be
told from Chinese and is read as Chinese. Latin letters among kana are named one by one.
"""

import asyncio
import contextlib
import ctypes
import io
import os
import signal
import sys
import unicodedata
import wave
from typing import NamedTuple, Protocol

LONGEST_TEXT = 1024  # characters: about a minute of speech
LONGEST_SPEECH = 60  # seconds; what is longer is cut
PROCESSES = 2  # at the same time; more only take the processor away from the wire


class SpeechFailed(Exception):
    """The label can't be spoken; the text says why. The alert rings with its bell all the same."""


class Synthesizer(Protocol):
    """Whatever can say a text."""

    async def synthesize(self, text: str, language: str, /) -> bytes:
        """Return `text` spoken, as a WAV file: mono, 16 bits, 60 s at most.

        `language` is one of those that `language_of` returns. Raises SpeechFailed.
        """
        ...


class Voice(NamedTuple):
    """A voice of espeak-ng, and how the Unicode names of the letters that only it can read begin."""

    name: str
    letters: tuple[str, ...]


# In the order in which they claim a text: kana decides for Japanese before Han does for Chinese.
VOICES = {
    "ko": Voice("ko", ("HANGUL ",)),
    "ja": Voice("ja", ("HIRAGANA ", "KATAKANA ", "KATAKANA-HIRAGANA ")),
    "zh": Voice("cmn", ("CJK ",)),
    "en": Voice("en", ()),
}
COMMON_LETTERS = ("LATIN ", "GREEK ", "MICRO ")  # every voice can at least name them: "5 µg", "TV"


def language_of(text: str) -> str:
    """Return "ko" if there is Hangul in the text, else "ja" for kana, "zh" for Han, and "en" for everything else."""
    names = _names(_usual_width(text))
    return next(
        (language for language, voice in VOICES.items() if any(name.startswith(voice.letters) for name in names)),
        "en",
    )


def spoken_form(text: str) -> str:
    """Return what is to be said of a label: characters that have no sound are dropped, nothing is read as markup.

    Raises SpeechFailed when the label is too long, or when nothing is left.
    """
    if len(text) > LONGEST_TEXT:
        raise SpeechFailed(f"the text has {len(text)} characters; at most {LONGEST_TEXT} are spoken")
    spaced = (" " if unicodedata.category(c) == "Cc" else c for c in _usual_width(text))
    heard = "".join(c for c in spaced if not unicodedata.category(c).startswith("C"))
    said = unicodedata.normalize("NFC", " ".join(heard.split()))
    if not said:
        raise SpeechFailed("there is nothing in the text that could be said")
    return said


def _usual_width(text: str) -> str:
    """Give wide and narrow forms their usual shape, since espeak-ng drops "７" and spells "Ａ".

    Only those: the full compatibility mapping (NFKC) would make "1⁄2" of "½", which is read "one two".
    """
    return "".join(unicodedata.normalize("NFKC", c) if "\uff00" <= c <= "\uffef" else c for c in text)


def _names(text: str) -> list[str]:
    """Return the Unicode names of the letters; they begin with the script."""
    return [unicodedata.name(c, "unnamed") for c in text if c.isalpha()]


class Silent:
    """Says nothing: for a cloud whose alerts ring with their bell only."""

    async def synthesize(self, _text: str, _language: str, /) -> bytes:
        """Raise SpeechFailed, always."""
        raise SpeechFailed("speech is turned off")


class ExternalCommand:
    """Speech by a program: the language is its last argument, the text (UTF-8) its input, a WAV file its output."""

    def __init__(self, *command: str, time_limit: float = 10.0) -> None:
        """Take the program and its arguments, and the seconds that it may take for one text."""
        self._command = command
        self._time_limit = time_limit
        self._turn = asyncio.Semaphore(PROCESSES)

    async def synthesize(self, text: str, language: str, /) -> bytes:
        """Return `text` spoken; see Synthesizer. The sizes in the program's WAV header may be wrong."""
        said = spoken_form(text)
        async with self._turn:
            return _checked(await self._output(said.encode(), language))

    async def _output(self, said: bytes, language: str) -> bytes:
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command, language, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
            )
        except OSError as error:
            raise SpeechFailed(f"{self._command[0]} can't be started: {error.strerror}") from error
        try:
            async with asyncio.timeout(self._time_limit):
                output, complaint = await process.communicate(said)
        except TimeoutError as error:
            raise SpeechFailed(f"{self._command[0]} took longer than {self._time_limit:g} s") from error
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):  # it may end at this very moment
                    os.killpg(process.pid, signal.SIGKILL)  # with what it has started, or wait() waits for that too
                await process.wait()
        if process.returncode:
            raise SpeechFailed(_reason(process.returncode, complaint))
        return output


class Espeak(ExternalCommand):
    """Speech by the espeak-ng library of the `espeakng-loader` package, in a process of its own for each text."""

    def __init__(self) -> None:
        # -P: nothing that lies in the current folder may take the place of a module.
        super().__init__(sys.executable, "-P", "-m", "bellwire.cloud.speech")

    async def synthesize(self, text: str, language: str, /) -> bytes:
        """Return `text` spoken; see Synthesizer. Fails on letters that the voice would spell instead of read."""
        voice = VOICES.get(language)
        if voice is None:
            raise SpeechFailed(f"there is no voice for the language {language!r}; there are {', '.join(VOICES)}")
        readable = voice.letters + COMMON_LETTERS
        strange = next((name for name in _names(spoken_form(text)) if not name.startswith(readable)), None)
        if strange is not None:
            raise SpeechFailed(f"the voice for {language!r} can't read {strange.partition(' ')[0]} letters")
        return await super().synthesize(text, language)


def _reason(status: int, complaint: bytes) -> str:
    if status < 0:
        return f"the speech process was ended by {signal.Signals(-status).name}"
    last_line = complaint.decode(errors="replace").strip().rpartition("\n")[2]
    return last_line[:300] or f"the speech process ended with status {status}"


def _checked(output: bytes) -> bytes:
    """Return the WAV file with the right sizes: programs that write into a pipe can't know them beforehand."""
    try:
        with wave.open(io.BytesIO(output)) as source:
            if (source.getnchannels(), source.getsampwidth()) != (1, 2):
                raise SpeechFailed("the speech is not mono with 16 bits")
            rate = source.getframerate()
            samples = source.readframes(LONGEST_SPEECH * rate)
            samples = samples[: len(samples) // 2 * 2]  # a file that was cut may end within a sample
    except (wave.Error, EOFError) as error:
        raise SpeechFailed("the speech is not a WAV file") from error
    if not samples.strip(b"\0"):
        raise SpeechFailed("there is nothing in the text that could be heard")
    return _wav(rate, samples)


def _wav(rate: int, samples: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as target:
        target.setparams((1, 2, rate, 0, "NONE", "not compressed"))
        target.writeframes(samples)
    return file.getvalue()


# From here on: what runs in the process that speaks. Numbers are those of espeak-ng's speak_lib.h.
SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS: samples go to the callback, before espeak_Synth returns
DONT_EXIT = 0x8000  # espeakINITIALIZE_DONT_EXIT: an error is returned, the process goes on
UTF8 = 1  # espeakCHARS_UTF8; without espeakSSML and espeakPHONEMES nothing in the text is markup
SampleCallback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


def _speak(text: bytes, language: str) -> bytes:
    """Return `text` (UTF-8, from `spoken_form`) as a WAV file. Raises SpeechFailed."""
    library, data = _library()
    rate: int = library.espeak_Initialize(SYNCHRONOUS, 0, data.encode(), DONT_EXIT)
    if rate <= 0:
        raise SpeechFailed(f"espeak-ng can't use its data in {data}: install espeakng-loader again")
    if library.espeak_SetVoiceByName(VOICES[language].name.encode()):
        raise SpeechFailed(f"espeak-ng has no voice {VOICES[language].name}: install espeakng-loader again")
    samples = bytearray()

    def gather(chunk: int | None, count: int, _events: int | None) -> int:
        if chunk and count > 0:
            samples.extend(ctypes.string_at(chunk, 2 * count))
        return int(len(samples) >= 2 * LONGEST_SPEECH * rate)  # 1 ends the synthesis

    callback = SampleCallback(gather)  # kept by name: the library holds no reference to it
    library.espeak_SetSynthCallback(callback)
    if library.espeak_Synth(text, ctypes.c_size_t(len(text) + 1), 0, 0, 0, UTF8, None, None):
        raise SpeechFailed("espeak-ng could not speak the text")
    return _wav(rate, bytes(samples))


def _library() -> tuple[ctypes.CDLL, str]:
    try:
        import espeakng_loader  # noqa: PLC0415 - the cloud itself must start without it

        return ctypes.CDLL(espeakng_loader.get_library_path()), espeakng_loader.get_data_path()
    except (ImportError, OSError, RuntimeError) as error:
        raise SpeechFailed(f"espeak-ng is missing ({error}): pip install 'bellwire[cloud]'") from error


if __name__ == "__main__":
    try:
        sys.stdout.buffer.write(_speak(sys.stdin.buffer.read(), sys.argv[1]))
    except SpeechFailed as failure:
        sys.exit(str(failure))
