from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bellwire.device.config import Config


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


@pytest.mark.parametrize("grace", [timedelta(seconds=-1), timedelta(days=5000)])
def test_a_grace_that_is_none(grace: timedelta) -> None:
    with pytest.raises(ValueError, match="to keep all for ever, leave it out"):
        config(offline_grace=grace)
