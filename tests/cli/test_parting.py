"""The end of a speaker's time in an account, where its cloud can't be told."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bellwire.cli.parting import give_back
from bellwire.device.token_file import TokenFile, Tokens
from tests.cli.running import Bellwire

TOKENS = Tokens(
    url="https://127.0.0.1:9",
    profile="cic-ko-2022",
    access_token="a",
    refresh_token="r",
    issued_at=datetime(2026, 11, 21, tzinfo=UTC),
    lifetime=86_400,
    device_id="device-1",
)


def test_a_cloud_whose_authority_is_gone_is_no_reason_to_keep_the_tokens(bellwire: Bellwire, tmp_path: Path) -> None:
    TokenFile(tmp_path).write(replace(TOKENS, ca=str(tmp_path / "gone.pem")))
    told = bellwire("speaker", "--log-out", "--data", tmp_path)
    assert "logged out" in told.text
    assert "gone.pem: no certificate authority can be read from it" in told.err
    assert "bellwire device remove device-1" in told.err
    assert TokenFile(tmp_path).read() is None


@pytest.mark.parametrize(
    ("tokens", "why"),
    [
        (replace(TOKENS, ca="/nowhere/gone.pem"), "no certificate authority"),
        (replace(TOKENS, profile="yodel"), "there is no profile 'yodel'"),
        (replace(TOKENS, url="cloud"), "expected https://HOST"),
        (TOKENS, "can't connect to 127.0.0.1:9"),
    ],
)
def test_tokens_that_can_not_be_given_back_say_why(tmp_path: Path, tokens: Tokens, why: str) -> None:
    assert why in (asyncio.run(give_back(tmp_path, tokens)) or "")


def test_what_the_cloud_is_called_commands_no_terminal(bellwire: Bellwire, tmp_path: Path) -> None:
    TokenFile(tmp_path).write(replace(TOKENS, device_id="\x1b]0;owned\x07"))
    told = bellwire("speaker", "--log-out", "--data", tmp_path)
    assert told.err.removesuffix("\n").isprintable()
