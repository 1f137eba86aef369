"""Knows how a label becomes speech: which voice reads it, and the process that reads it aloud.

It must not know accounts, alerts, files or addresses.

The voices are espeak-ng's. One short-lived process reads one label (`python -m bellwire.cloud.speech LANGUAGE`,
text in, WAV out), because the library keeps global state and a crash in it would otherwise take the whole cloud
down. That costs about a tenth of a second for each new label, once, when the alert is made; what Japanese needs is
loaded in that process alone.

A label is parted into pieces of one language each, a piece is brought into words that its voice can read (`reading`),
and the sounds are put together. espeak-ng spells what it cannot read ("Chinese letter"); its phonemes tell that, and
such characters are left to another voice or left out.
"""

import array
import asyncio
import contextlib
import ctypes
import io
import os
import shlex
import shutil
import signal
import sys
import unicodedata
import wave
from collections.abc import Iterable, Iterator
from typing import Protocol

from bellwire.cloud.languages import LANGUAGES, Piece, pieces_of, script_of

LONGEST_TEXT = 1024  # characters: about a minute of speech
LONGEST_SPEECH = 60  # seconds; what is longer is cut
PROCESSES = 2  # at the same time; more only take the processor away from the wire


class SpeechFailed(Exception):
    """The label can't be spoken; the text says why. The alert rings with its bell all the same."""


class Synthesizer(Protocol):
    """Whatever can say a text."""

    async def synthesize(self, text: str, language: str, /) -> bytes:
        """Return `text` spoken, as a WAV file: mono, 16 bits, 60 s at most.

        `language` is one of LANGUAGES; pieces of other languages may be in the text. Raises SpeechFailed.
        """
        ...


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
    """Give wide, narrow, ringed and squared forms their usual shape: espeak-ng drops "７" and "①", and spells "㎏".

    Only those: the full compatibility mapping (NFKC) would make "1⁄2" of "½", which is read "one two".
    """
    return "".join(_usual(c) for c in text)


def _usual(character: str) -> str:
    if "Ⅰ" <= character <= "ⅿ":
        return str(int(unicodedata.numeric(character)))
    forms = (("①", "⓿"), ("㈀", "㏿"), ("\uff00", "\uffef"))
    in_forms = any(first <= character <= last for first, last in forms)
    return unicodedata.normalize("NFKC", character) if in_forms else character


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
        """Return `text` spoken; see Synthesizer. Fails on letters that every voice would spell instead of read."""
        if language not in LANGUAGES:
            raise SpeechFailed(f"there is no voice for the language {language!r}; there are {', '.join(LANGUAGES)}")
        strange = next((c for c in spoken_form(text) if script_of(c) == ""), None)
        if strange is not None:
            script = unicodedata.name(strange, "unnamed").partition(" ")[0]
            raise SpeechFailed(f"no voice can read {script} letters")
        return await super().synthesize(text, language)


def synthesizer_of(wish: str) -> Synthesizer:
    """What `espeak`, `none` or a command line stands for. Raises ValueError when there is no such program."""
    if wish in _BY_NAME:
        return _BY_NAME[wish]()
    try:
        command = shlex.split(wish)
    except ValueError:  # a quotation that does not end
        command = []
    if not command or shutil.which(command[0]) is None:
        raise ValueError(f"{wish!r} is not a program that can be run; give espeak, none, or a command that speaks")
    return ExternalCommand(*command)


_BY_NAME: dict[str, type[Espeak] | type[Silent]] = {"espeak": Espeak, "none": Silent}


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
VOICES = {"en": "en", "ja": "ja", "ko": "ko", "zh": "cmn"}
BETWEEN = 0.12  # seconds of silence between two pieces
FAINT = 100  # what is below is silence, where full scale is 32768
SPELLED = {
    "en": ("l'Et3_|", "i:zl,Et3"),
    "ja": ("l'et@",),
    "ko": ("l'et@",),
    "zh": ("@:11",),
}
"""What is in espeak-ng's phonemes where a voice spells: "letter" before a number, or after the name of a script.

In English the word itself, as in newsletter, has other phonemes around it; in the other voices it is no word."""
NOISE = str.maketrans(dict.fromkeys('\\*^`_|<>{}[]()"“”‘’', " "))
"""Signs that the voices of other languages than English name in English."""
SampleCallback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


def worded(text: str, language: str) -> list[Piece]:
    """Return what the voices are given of a label of this language."""
    from bellwire.cloud.reading.chinese import read_chinese  # noqa: PLC0415 - only the process that speaks needs them
    from bellwire.cloud.reading.english import read_english  # noqa: PLC0415
    from bellwire.cloud.reading.japanese import read_japanese  # noqa: PLC0415
    from bellwire.cloud.reading.korean import read_korean  # noqa: PLC0415

    words = {"ko": read_korean, "zh": read_chinese}
    said: list[Piece] = []
    for piece in pieces_of(text.replace("°C", "℃"), language):
        if piece.language == "en":
            said.append(Piece("en", read_english(piece.text)))
        else:
            plain = piece.text.translate(NOISE)
            read = words.get(piece.language)
            said += read_japanese(plain) if read is None else [Piece(piece.language, read(plain))]
    return [piece for piece in said if piece.text.strip()]


class Voices:
    """The library, ready to speak."""

    def __init__(self) -> None:
        """Load it. Raises SpeechFailed."""
        self._library, data = _library()
        self.rate: int = self._library.espeak_Initialize(SYNCHRONOUS, 0, data.encode(), DONT_EXIT)
        """Samples of a second."""
        if self.rate <= 0:
            raise SpeechFailed(f"espeak-ng can't use its data in {data}: install espeakng-loader again")
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._language = ""
        self._samples = bytearray()
        self._callback = SampleCallback(self._gather)  # kept by name: the library holds no reference to it
        self._library.espeak_SetSynthCallback(self._callback)

    def _gather(self, chunk: int | None, count: int, _events: int | None) -> int:
        if chunk and count > 0:
            self._samples.extend(ctypes.string_at(chunk, 2 * count))
        return int(len(self._samples) >= 2 * LONGEST_SPEECH * self.rate)  # 1 ends the synthesis

    def _choose(self, language: str) -> None:
        if language == self._language:
            return
        if self._library.espeak_SetVoiceByName(VOICES[language].encode()):
            raise SpeechFailed(f"espeak-ng has no voice {VOICES[language]}: install espeakng-loader again")
        self._language = language

    def phonemes(self, piece: Piece) -> str:
        """Return what the voice would say, in espeak-ng's own phonemes; (en) in it: with another voice from there."""
        self._choose(piece.language)
        text = ctypes.c_char_p(piece.text.encode())
        clauses = []
        while text.value:
            clauses.append(self._library.espeak_TextToPhonemes(ctypes.byref(text), UTF8, 0).decode())
        return " ".join(clauses)

    def spells(self, piece: Piece) -> bool:
        """Whether the voice would name a character of the piece instead of reading it."""
        phonemes = self.phonemes(piece)
        return any(mark in phonemes for mark in SPELLED[piece.language])

    def legible(self, piece: Piece) -> Iterator[Piece]:
        """The piece; where the voice would spell it, without the characters that it would spell."""
        if not self.spells(piece):
            yield piece
            return
        kept = "".join(c for c in piece.text if not self.spells(Piece(piece.language, c)))
        left = Piece(piece.language, kept)
        if kept.strip() and not self.spells(left):
            yield left

    def label(self, text: str, language: str) -> bytes:
        """Return `text` (from `spoken_form`) as a WAV file. Raises SpeechFailed."""
        pieces = [legible for piece in worded(text, language) for legible in self.legible(piece)]
        return _wav(self.rate, _in_a_row((self.say(piece) for piece in pieces), self.rate))

    def say(self, piece: Piece) -> bytes:
        """The samples of a piece, without the silence around them."""
        self._choose(piece.language)
        self._samples = bytearray()
        said = piece.text.encode()
        if self._library.espeak_Synth(said, ctypes.c_size_t(len(said) + 1), 0, 0, 0, UTF8, None, None):
            raise SpeechFailed("espeak-ng could not speak the text")
        return bytes(self._samples)


def _in_a_row(sounds: Iterable[bytes], rate: int) -> bytes:
    """Sounds one after the other, each without the silence around it, with a little between them."""
    row = b""
    for sound in sounds:
        trimmed = _trimmed(sound)
        row += (bytes(2 * round(BETWEEN * rate)) if row and trimmed else b"") + trimmed
        if len(row) >= 2 * LONGEST_SPEECH * rate:
            break
    return row


def _trimmed(sound: bytes) -> bytes:
    samples = array.array("h", sound)
    loud = [place for place, sample in enumerate(samples) if abs(sample) > FAINT]
    return samples[loud[0] : loud[-1] + 1].tobytes() if loud else b""


def _library() -> tuple[ctypes.CDLL, str]:
    try:
        import espeakng_loader  # noqa: PLC0415 - the cloud itself must start without it

        return ctypes.CDLL(espeakng_loader.get_library_path()), espeakng_loader.get_data_path()
    except (ImportError, OSError, RuntimeError) as error:
        raise SpeechFailed(f"espeak-ng is missing ({error}): pip install 'bellwire[cloud]'") from error


if __name__ == "__main__":
    try:
        sys.stdout.buffer.write(Voices().label(sys.stdin.buffer.read().decode(), sys.argv[1]))
    except SpeechFailed as failure:
        sys.exit(str(failure))
