from pathlib import Path

import pytest

from bellwire.cloud.config import Config


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "0.0.0.0", "::"])
def test_a_cloud_that_listens_on_loopback_is_found_as_localhost(host: str) -> None:
    assert Config(data=Path(), host=host, port=8443).url == "https://localhost:8443"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("192.0.2.2", "https://192.0.2.2:8443"),
        ("127.0.0.2", "https://127.0.0.2:8443"),
        ("2001:db8::2", "https://[2001:db8::2]:8443"),
        ("kitchen.local", "https://kitchen.local:8443"),
    ],
)
def test_a_cloud_that_listens_on_one_other_address_is_found_there(host: str, url: str) -> None:
    assert Config(data=Path(), host=host, port=8443).url == url
