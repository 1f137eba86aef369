from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bellwire import __version__
from bellwire.device.config import Config, default_firmware_version, this_product
from bellwire.protocol.profiles import PROFILES


def config(**more: Any) -> Config:
    return Config(**{"cloud": "https://cloud.example", "access_token": "secret", "folder": Path("data"), **more})


def test_a_token_is_never_shown() -> None:
    assert "secret" not in repr(config())
    with pytest.raises(ValueError, match="access token") as caught:
        config(access_token="sec ret")
    assert "sec ret" not in str(caught.value)


@pytest.mark.parametrize("token", ["", "a\r\nX-Header: b", "tökén", "x" * 4097])
def test_a_token_that_no_header_could_carry(token: str) -> None:
    with pytest.raises(ValueError, match="access token"):
        config(access_token=token)


def test_a_profile_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="there is no profile 'yodel'"):
        config(profile="yodel")


@pytest.mark.parametrize(
    ("version", "number"),
    [("0.1.0", "100"), ("1.12.3", "11203"), ("2.0", "20000"), ("0.2.0.dev1", "200"), ("0.0.0", "1"), ("v", "1")],
)
def test_this_programs_version_is_a_number(version: str, number: str) -> None:
    assert default_firmware_version(version) == number
    assert config(firmware_version=number).firmware_version == number


@pytest.mark.parametrize("number", ["", "0", "000", "-1", "50.3", "tvs-123.4x", "4294967296", "9" * 5000, "\u0661"])
def test_a_version_of_the_software_that_is_none(number: str) -> None:
    with pytest.raises(ValueError, match="is not a number from 1 to 4294967295"):
        config(firmware_version=number)


@pytest.mark.parametrize("grace", [timedelta(seconds=-1), timedelta(days=5000)])
def test_a_grace_that_is_none(grace: timedelta) -> None:
    with pytest.raises(ValueError, match="to keep all for ever, leave it out"):
        config(offline_grace=grace)


@pytest.mark.parametrize("profile", PROFILES)
def test_what_this_program_is_can_be_said_in_every_version(profile: str) -> None:
    product = config(profile=profile).product
    described = PROFILES[profile].describe(PROFILES[profile].introduce(product))
    assert {"Bellwire", "Speaker", __version__} <= set(described.details.values())
    assert described.warnings == ()


def test_tags_are_its_owners() -> None:
    assert this_product().tags == ()
    assert this_product(("lab", "floor 2")).tags == ("lab", "floor 2")
    with pytest.raises(ValueError, match="the tag 'a,b' is not of"):
        this_product(("a,b",))
