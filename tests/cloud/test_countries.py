import pytest

from bellwire.cloud.countries import countries, country_of
from bellwire.cloud.wishes import WishError


def test_the_countries_are_those_of_iso_3166() -> None:
    assert countries()["KR"] == "Korea (South)"
    assert len(countries()) >= 249
    assert all(len(code) == 2 and code.isupper() for code in countries())


@pytest.mark.parametrize("text", ["KR", "kr", " Kr "])
def test_a_country_is_kept_in_capitals(text: str) -> None:
    assert country_of(text) == "KR"


@pytest.mark.parametrize("text", ["", "K", "KOR", "XX", "82", "\uff2b\uff32", "K\0", "x" * 10_000])
def test_what_is_no_country_is_refused(text: str) -> None:
    with pytest.raises(WishError, match=r"is not a country; give its two letters") as refused:
        country_of(text)
    assert len(str(refused.value)) < 200


def test_what_is_often_meant_is_named() -> None:
    with pytest.raises(WishError, match="GB is what you mean"):
        country_of("UK")
