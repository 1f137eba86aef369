"""Knows the sounds that the cloud itself makes and serves: what each is called, where it lies, when it goes.

It must not know who asks for one, over which protocol, or how speech is made.

A sound's name is the right to hear it: it comes from the account, the voice and the text under the cloud's secret, so
nobody can guess it and no two accounts share one. The folder is a cache. When it is full, the sounds that were not used
for longest go; one that goes although an alert still uses it is made again when somebody asks for it.
"""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import os
import re
import secrets
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import structlog

from bellwire.cloud.languages import LANGUAGES, language_of
from bellwire.cloud.speech import Silent, SpeechFailed, Synthesizer

log = structlog.get_logger()

CONTENT_TYPE = "audio/wav"
NAME = re.compile(r"[A-Za-z0-9_-]{43}\.wav")
SECRET_LENGTH = 32  # bytes
PATIENCE = 2.0  # seconds; ten times what a voice takes, and an alert that is due in five must not wait for one
MOST_AT_ONCE = 1000  # sounds in the making


class Stored(NamedTuple):
    """A file in the folder."""

    path: Path
    size: int  # bytes
    used: float  # when it was last made, asked for or read; seconds since 1970


class Label(NamedTuple):
    """What a sound says, and for whom."""

    account_id: str
    text: str


async def _nobody(_name: str) -> Label | None:
    return None


class AssetStore:
    """The folder of sounds. Several processes may share it, if they share the secret."""

    def __init__(
        self,
        folder: Path,
        secret: bytes,
        synthesizer: Synthesizer,
        *,
        limit: int = 256 * 1024 * 1024,
        patience: float = PATIENCE,
        label_of: Callable[[str], Awaitable[Label | None]] = _nobody,
    ) -> None:
        """Keep at most `limit` bytes of sounds in `folder`.

        `patience`: the seconds that `speech` waits for a sound to be made.
        `label_of` gives what the sound of a name says that an alert still uses; None: no alert uses it.
        """
        self._folder = folder
        self._secret = secret
        self._synthesizer = synthesizer
        self._limit = limit
        self._patience = patience
        self._label_of = label_of
        self._making: dict[str, asyncio.Task[bool]] = {}
        self._keeping = asyncio.Lock()  # room is made for one sound at a time

    def name_of(self, account_id: str, text: str, voice: str) -> str:
        """Return the name, safe in a URL, of a text spoken for an account; always the same for the same three."""
        content = json.dumps([account_id, voice, text]).encode()  # a form in which no two triples look alike
        digest = hmac.digest(self._secret, content, hashlib.sha256)
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() + ".wav"

    def name_of_label(self, account_id: str, text: str, preferred: str) -> str:
        """Return the name of a label spoken for an account that speaks `preferred`."""
        return self.name_of(account_id, text, language_of(text, preferred))

    def later(self, account_id: str, text: str, preferred: str) -> str | None:
        """Return the name of the spoken text, which is made when somebody opens it; None where nothing is spoken.

        For many labels at once. What turns out to be unspeakable then is not there, and its alert rings with the bell.
        """
        return None if isinstance(self._synthesizer, Silent) else self.name_of_label(account_id, text, preferred)

    async def speech(self, account_id: str, text: str, preferred: str) -> str | None:
        """Return the name of the spoken text, which is made unless it is there; None when it can't be spoken.

        `preferred`: what the account speaks. What takes long is gone on with, and who opens it waits for it.
        """
        language = language_of(text, preferred)
        name = self.name_of(account_id, text, language)
        making = self._begun(name, account_id, text, language)
        if making is None:
            return None
        made, _ = await asyncio.wait({making}, timeout=self._patience)
        return None if made and not making.result() else name

    def promised(self, account_id: str, text: str, preferred: str) -> str | None:
        """Return the name of the spoken text, which is made when a speaker asks for it; None when nobody speaks.

        For many labels at once, of which the last one would wait for all others.
        """
        return None if isinstance(self._synthesizer, Silent) else self.name_of_label(account_id, text, preferred)

    def _begun(self, name: str, account_id: str, text: str, language: str) -> asyncio.Task[bool] | None:
        making = self._making.get(name)
        if making is None:
            if len(self._making) >= MOST_AT_ONCE:
                log.info("label not spoken", account_id=account_id, reason="too many labels wait to be spoken")
                return None
            making = self._making[name] = asyncio.create_task(self._make(name, account_id, text, language))
            making.add_done_callback(lambda _: self._making.pop(name))
        return making

    async def _make(self, name: str, account_id: str, text: str, language: str) -> bool:
        try:
            if await asyncio.to_thread(_use, self._folder / name):
                return True
            wav = await self._synthesizer.synthesize(text, language)
            async with self._keeping:
                await asyncio.to_thread(self._keep, name, wav)
        except (SpeechFailed, OSError) as error:
            # Of an OSError only its kind: the path holds the name, which must not stand in a log.
            reason = error.strerror if isinstance(error, OSError) else str(error)
            log.info("label not spoken", account_id=account_id, reason=reason)
            return False
        return True

    def _keep(self, name: str, wav: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        superfluous = to_remove(_stored(self._folder), room_for=len(wav), limit=self._limit)
        if superfluous is None:
            raise SpeechFailed(f"the sound has {len(wav)} bytes; all of them together may have {self._limit}")
        for stored in superfluous:
            stored.path.unlink(missing_ok=True)
        _write(self._folder / name, wav)

    async def open(self, name: str) -> bytes | None:
        """Return the WAV file of that name, or None: for every name that `speech` did not give.

        One that is gone although an alert uses it is made again.
        """
        if not NAME.fullmatch(name):
            return None
        content = await asyncio.to_thread(_read, self._folder / name)
        if content is None and await self._made_again(name):
            content = await asyncio.to_thread(_read, self._folder / name)
        return content

    async def _made_again(self, name: str) -> bool:
        label = await self._label_of(name)
        if label is None:
            return False
        # The account may speak another language by now; the name says which one it was.
        was = (each for each in LANGUAGES if self.name_of(label.account_id, label.text, each) == name)
        language = next(was, None)
        making = language and self._begun(name, label.account_id, label.text, language)
        return bool(making and await asyncio.shield(making))  # who stops waiting does not stop it for the others


def to_remove(files: Iterable[Stored], *, room_for: int, limit: int) -> list[Stored] | None:
    """Return what must go so that `room_for` bytes more are within the limit; None when that is not possible."""
    by_use = sorted(files, key=lambda stored: stored.used)
    excess = sum(stored.size for stored in by_use) + room_for - limit
    gone: list[Stored] = []
    for stored in by_use:
        if excess <= 0:
            break
        gone.append(stored)
        excess -= stored.size
    return gone if excess <= 0 else None


class SecretError(ValueError):
    """The secret of the sounds' addresses is damaged; the text says how to mend it."""


def secret_of(folder: Path) -> bytes:
    """Return the 32 random bytes in `folder`/asset.secret, which is made when it is not there.

    Raises SecretError when the file holds something else, and OSError when it can't be read or written.
    """
    path = folder / "asset.secret"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _write(path, secrets.token_bytes(SECRET_LENGTH))
    secret = path.read_bytes()
    if len(secret) != SECRET_LENGTH:
        raise SecretError(
            f"{path} is not {SECRET_LENGTH} bytes long: delete it; another is made, and sounds get new addresses"
        )
    return secret


def _stored(folder: Path) -> Iterator[Stored]:
    for path in folder.iterdir():
        if NAME.search(path.name):  # also what a power cut left half written
            with contextlib.suppress(FileNotFoundError):  # another process removed it just now
                state = path.stat()
                yield Stored(path, state.st_size, state.st_mtime)


def _use(path: Path) -> bool:
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def _read(path: Path) -> bytes | None:
    try:
        os.utime(path)
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _write(path: Path, content: bytes) -> None:
    """Write the whole file or nothing, readable by its owner only; it is on the disk when this returns."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
