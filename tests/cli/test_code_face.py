import json
import re
from dataclasses import replace
from io import StringIO

import pytest
import segno

from bellwire.cli.code_face import CodeFace, screen
from bellwire.cli.large_letters import large
from bellwire.device.grant import DeviceCode

CODE = DeviceCode(
    device_code="secret",
    user_code="BCDF-GHJK",
    verification_uri="https://cloud.home:8443/pair",
    expires_in=900,
    verification_uri_complete="https://cloud.home:8443/pair?user_code=BCDF-GHJK",
)
COMMAND = "bellwire device approve BCDF-GHJK"


def plain(lines: list[str]) -> list[str]:
    return [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines]


def test_all_of_it_fits_a_terminal_of_80_by_24() -> None:
    lines = plain(screen(CODE, "12:34:56", 80, 24))
    assert len(lines) < 24
    assert max(map(len, lines)) <= 80
    shown = "\n".join(lines)
    for part in ("BCDF-GHJK", COMMAND, "https://cloud.home:8443/pair", "12:34:56", *large("BCDF"), *large("GHJK")):
        assert part in shown
    drawn = StringIO()
    segno.make(CODE.verification_uri_complete or "", error="l").terminal(out=drawn, border=4, compact=True)
    assert [line[:37] for line in lines] == drawn.getvalue().splitlines()


@pytest.mark.parametrize("columns", [20, 40, 60, 79, 200])
@pytest.mark.parametrize("rows", [5, 12, 18, 23, 50])
@pytest.mark.parametrize(
    "address", ["https://c/pair", "https://a.rather.long.name.of.a.cloud.example.com:18443/some/path/pair"]
)
def test_what_one_must_read_is_there_on_any_terminal(columns: int, rows: int, address: str) -> None:
    code = replace(CODE, verification_uri=address, verification_uri_complete=f"{address}?user_code=BCDF-GHJK")
    lines = plain(screen(code, "12:34:56", columns, rows))
    assert max(map(len, lines)) <= columns
    text = "".join(re.sub(r"[█▀▄ ]", "", line) for line in lines)
    for part in ("BCDF-GHJK", COMMAND, address):
        assert part.replace(" ", "") in text


def test_a_code_that_has_no_large_letters_is_shown_as_it_is() -> None:
    assert large("bcd") == []
    assert large("") == []
    assert "w3-ird_code" in "\n".join(plain(screen(replace(CODE, user_code="w3-ird_code"), "12:34:56", 80, 24)))


def test_no_two_large_letters_are_alike() -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    assert len({tuple(large(letter)) for letter in letters}) == len(letters)


def test_where_there_is_no_terminal_it_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    CodeFace("https://cloud.home:8443", as_json=False).code(CODE)
    shown = capsys.readouterr().out
    assert shown.startswith("code to pair this speaker: BCDF-GHJK\nopen https://cloud.home:8443/pair\n")
    assert COMMAND in shown
    assert not set(shown) & set("█▀▄\x1b")


def test_for_programs_it_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    face = CodeFace("https://cloud.home:8443", as_json=True)
    face.code(CODE)
    face.waits("it is away")
    face.waits("it is away")
    face.paired("d")
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each.pop("event") for each in said] == ["code", "waiting", "paired"]
    assert said[0].pop("at")
    assert said[0] == {
        "user_code": "BCDF-GHJK",
        "verification_uri": "https://cloud.home:8443/pair",
        "verification_uri_complete": "https://cloud.home:8443/pair?user_code=BCDF-GHJK",
        "expires_in": 900,
    }
    assert (said[1]["reason"], said[2]["device_id"]) == ("it is away", "d")


def test_why_there_is_no_code_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    face = CodeFace("https://cloud.home:8443", as_json=False)
    for reason in ("it is away", "it is away", "it is \x1b[2J busy"):
        face.waits(reason)
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(" ")[2] for line in lines] == [
        "waits for https://cloud.home:8443: it is away",
        "waits for https://cloud.home:8443: it is \N{REPLACEMENT CHARACTER}[2J busy",
    ]
