"""What a device says of itself in headers is what a cloud reads there."""

import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellwire.protocol.profiles import PROFILES
from bellwire.protocol.profiles.clova import CIC_KO_2022
from bellwire.protocol.profiles.profile import Product, Profile
from bellwire.protocol.profiles.tvs import TVS_2020

CLOCK = Product(maker="Acme", product="Clock 2", version="2.1.0-rc.1+b5", os="Linux 6.1", hardware="armv7l")

_FIT = string.ascii_letters + string.digits + "-._+'\"!#$%*:<>?@[]^`{|}~\\"
words = st.text(_FIT + " ", min_size=1, max_size=64).map(str.strip).filter(bool)
numbers = st.integers(0, 10**6)
versions = st.builds("{}.{}.{}{}".format, numbers, numbers, numbers, st.sampled_from(["", "-rc.1", "+b5", "-a.b+c"]))
products = st.builds(
    Product,
    maker=words,
    product=words,
    version=versions,
    os=words,
    hardware=words,
    tags=st.lists(st.text(_FIT, min_size=1, max_size=12), max_size=32).map(tuple),
)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
@settings(deadline=None, derandomize=True, max_examples=200)
@given(product=products)
def test_what_is_said_is_read_the_same_without_a_warning(profile: Profile, product: Product) -> None:
    headers = profile.introduce(product)
    described = profile.describe(headers)

    assert described.warnings == ()
    said = (product.maker, product.product, product.version, product.os, product.hardware)
    assert set(said) <= set(described.details.values())
    assert described.tags == (tuple(dict.fromkeys(product.tags)) if "x-clova-device-tags" in headers else ())
    for name, value in headers.items():
        assert name == name.lower()
        assert value.isascii()
        assert value.isprintable()


def test_the_first_family_says_it_in_its_grammar() -> None:
    assert CIC_KO_2022.introduce(CLOCK) == {"user-agent": "Acme/Clock 2/2.1.0-rc.1+b5 (Linux 6.1;armv7l)"}
    assert CIC_KO_2022.describe(CIC_KO_2022.introduce(CLOCK)).details == {
        "maker": "Acme",
        "product": "Clock 2",
        "version": "2.1.0-rc.1+b5",
        "os": "Linux 6.1",
        "hardware": "armv7l",
    }


def test_tags_are_said_where_there_are_any() -> None:
    tagged = Product(maker="A", product="B", version="1.0.0", os="O", hardware="H", tags=("lab", "two words", "lab"))
    assert CIC_KO_2022.introduce(tagged)["x-clova-device-tags"] == "lab,two words"


def test_the_other_family_says_it_in_pairs() -> None:
    assert TVS_2020.introduce(CLOCK) == {
        "user-agent": "Acme/Clock 2/2.1.0-rc.1+b5 (Linux 6.1;armv7l)",
        "q-ua2": "QV=3&PL=Linux 6.1&PR=Clock 2&PP=Acme&PPVN=2.1.0-rc.1+b5&MO=armv7l",
    }


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"maker": ""}, "maker"),
        ({"maker": "A/B"}, "maker"),
        ({"maker": " A"}, "maker"),
        ({"product": "한국"}, "product"),
        ({"product": "x" * 65}, "product"),
        ({"os": "a;b"}, "os"),
        ({"os": "a)"}, "os"),
        ({"hardware": "k=v"}, "hardware"),
        ({"hardware": "a&b"}, "hardware"),
        ({"hardware": "a\r\nX: y"}, "hardware"),
        ({"version": "1.0"}, "version '1.0' is not of the form 1.2.3"),
        ({"version": f"1.2.{'3' * 64}"}, "version"),
        ({"tags": ("",)}, "tag ''"),
        ({"tags": ("a,b",)}, "tag 'a,b'"),
        ({"tags": ("a\r\nX: y",)}, "tag"),
        ({"tags": (" a",)}, "tag ' a'"),
        ({"tags": tuple(map(str, range(33)))}, "there are 33 tags of"),
        (
            {"tags": tuple(f"{number}{'x' * 40}" for number in range(13))},
            "13 tags of 5.. characters with the commas: 32 are kept, and 512 characters",
        ),
    ],
)
def test_what_no_header_could_carry_is_refused(changes: dict[str, Any], complaint: str) -> None:
    whole: dict[str, Any] = {"maker": "A", "product": "B", "version": "1.0.0", "os": "O", "hardware": "H"}
    with pytest.raises(ValueError, match=complaint):
        Product(**(whole | changes))
