"""What a speaker's process carries only when it uses it, so that it fits on a small board for months.

It knows which libraries import what they do not use here; it must not know the speaker. It is called before these are
imported, and takes nothing away: what is asked for all the same is imported then.
"""

import codecs
import importlib
import sys
from types import ModuleType
from typing import Any

_COROUTINE = 0x80
"""A function's flag (Include/cpython/code.h)."""


def _flags_of(function: object) -> int:
    return int(getattr(getattr(function, "__code__", None), "co_flags", 0))


_LATER: dict[str, dict[str, Any]] = {
    # asyncio and dataclasses take it, mostly to read source texts, and it takes what reads byte code.
    "inspect": {"iscoroutinefunction": lambda function: bool(_flags_of(function) & _COROUTINE)},
    # What prints tracebacks takes it to read source texts.
    "tokenize": {},
    # pathlib: paths of Windows.
    "ntpath": {},
    # For a recording of what is heard, and for hours in which nothing is.
    "wave": {},
    "zoneinfo": {},
    # For waits of which the next can't be told, when there is no cloud.
    "random": {},
    # asyncio takes it to run programs.
    "subprocess": {"PIPE": -1, "STDOUT": -2, "DEVNULL": -3},
    # structlog: loggers can be pickled, and can be those of logging, or of a thread.
    "pickle": {"PicklingError": Exception},
    "structlog.stdlib": {},
    "structlog.threadlocal": {},
    # msgspec: other formats than JSON.
    "msgspec.msgpack": {},
    "msgspec.toml": {},
    "msgspec.yaml": {},
    # miniaudio: internet radio.
    "html": {},
    "urllib.request": {},
}
"""Modules, with what is taken of them when others are imported."""

_NEVER = ("rich", "typing_extensions")
"""structlog makes tracebacks in colour with the one, where it is installed: 4 MB that no speaker shows. msgspec prefers
the other to typing, which has the same."""


def unburden() -> None:
    """Has these modules wait until they are used: 8 MB in all."""
    sys.modules |= dict.fromkeys(_NEVER)  # type: ignore[arg-type]
    sys.modules |= {name: _Later(name, taken) for name, taken in _LATER.items()}
    # No message has a decimal number, but msgspec wants to know the class.
    sys.modules["decimal"] = _Later("decimal", {"Decimal": type("Decimal", (), {})})
    sys.modules["encodings.idna"] = _Later("encodings.idna", {"getregentry": _plain_names, "getaliases": tuple})


def _plain_names() -> codecs.CodecInfo:
    """Host names in ASCII, which others than these take all that is known of Unicode (RFC 3490)."""

    def encode(text: str, errors: str = "strict") -> tuple[bytes, int]:
        is_plain = text.isascii() and all(0 < len(label) < 64 for label in text.removesuffix(".").split("."))
        return (text.encode("ascii"), len(text)) if is_plain else _all_names().encode(text, errors)

    def decode(data: bytes, errors: str = "strict") -> tuple[str, int]:
        text: tuple[str, int] = _all_names().decode(data, errors)
        return text

    return codecs.CodecInfo(encode, decode, name="idna")  # type: ignore[arg-type]


def _all_names() -> Any:
    return sys.modules["encodings.idna"].Codec()


class _Later(ModuleType):
    def __init__(self, name: str, taken: dict[str, Any]) -> None:
        super().__init__(name)
        self.__dict__.update(taken)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)
