"""The hardware of a machine with a sound card, or none."""

import pytest

from bellwire import __version__
from bellwire.device.hardware import Button, Hardware, Lights
from bellwire.device.laptop import Laptop, default_firmware_version, this_product
from bellwire.protocol.profiles import PROFILES


def test_it_is_all_that_a_speaker_asks_of_its_hardware() -> None:
    laptop: Hardware = Laptop(output="null")
    laptop.show(Lights(connected=True))
    pressed: list[Button] = []
    laptop.listen(pressed.append)
    assert not laptop.set_volume(30)
    audio = laptop.open_audio(lambda frames: bytes(2 * frames))
    audio.start()
    audio.close()
    audio.close()
    laptop.close()
    assert pressed == []


@pytest.mark.parametrize(
    ("version", "number"),
    [("0.1.0", "100"), ("1.12.3", "11203"), ("2.0", "20000"), ("0.2.0.dev1", "200"), ("0.0.0", "1"), ("v", "1")],
)
def test_this_programs_version_is_a_number(version: str, number: str) -> None:
    assert default_firmware_version(version) == number
    assert Laptop(firmware_version=number).firmware_version == number


@pytest.mark.parametrize("number", ["", "0", "000", "-1", "50.3", "tvs-123.4x", "4294967296", "9" * 5000, "\u0661"])
def test_a_version_of_the_software_that_is_none(number: str) -> None:
    with pytest.raises(ValueError, match="is not a number from 1 to 4294967295"):
        Laptop(firmware_version=number)


@pytest.mark.parametrize("profile", PROFILES)
def test_what_this_program_is_can_be_said_in_every_version(profile: str) -> None:
    product = Laptop().product
    described = PROFILES[profile].describe(PROFILES[profile].introduce(product))
    assert {"Bellwire", "Speaker", __version__} <= set(described.details.values())
    assert described.warnings == ()


def test_tags_are_its_owners() -> None:
    assert this_product().tags == ()
    assert this_product(("lab", "floor 2")).tags == ("lab", "floor 2")
    with pytest.raises(ValueError, match="the tag 'a,b' is not of"):
        this_product(("a,b",))
