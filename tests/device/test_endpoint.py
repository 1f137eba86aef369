import ssl
from pathlib import Path

import pytest

from bellwire.device.endpoint import Endpoint, tls_context


def endpoint(url: str, *, allow_cleartext: bool = False) -> Endpoint:
    headers = {"Authorization": "Bearer secret", "User-Agent": "bell"}
    return Endpoint(url, "/down", "/events", headers, tls_context(), allow_cleartext=allow_cleartext)


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("https://cloud.example", "cloud.example", 443),
        ("https://cloud.example/", "cloud.example", 443),
        ("https://cloud.example:8443", "cloud.example", 8443),
        ("https://[::1]:8443", "::1", 8443),
    ],
)
def test_where_an_address_leads(url: str, host: str, port: int) -> None:
    assert (endpoint(url).host, endpoint(url).port) == (host, port)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "cloud.example",
        "http://cloud.example",
        "ftp://cloud.example",
        "https://",
        "https://cloud.example/v1",
        "https://cloud.example?x=1",
        "https://cloud.example#x",
        "https://user@cloud.example",
        "https://cloud.example:0",
        "https://cloud.example:70000",
        "https://cloud.example:bell",
        "https://[::1",
    ],
)
def test_any_other_address_is_refused_by_its_name(url: str) -> None:
    with pytest.raises(ValueError, match="expected https://HOST"):
        endpoint(url)


def test_cleartext_only_when_asked_for() -> None:
    plain = endpoint("http://127.0.0.1", allow_cleartext=True)
    assert (plain.is_secure, plain.port) == (False, 80)


def test_a_request_carries_what_every_request_carries() -> None:
    assert endpoint("https://cloud.example:8443").request("POST", "/events", {"content-length": "2"}) == [
        (":method", "POST"),
        (":scheme", "https"),
        (":authority", "cloud.example:8443"),
        (":path", "/events"),
        ("authorization", "Bearer secret"),
        ("user-agent", "bell"),
        ("content-length", "2"),
    ]


def test_the_token_is_not_shown() -> None:
    assert "secret" not in repr(endpoint("https://cloud.example"))


def test_tls_must_verify() -> None:
    with pytest.raises(ValueError, match="needs a TLS context"):
        Endpoint("https://cloud.example", "/down", "/events")
    trusting = tls_context()
    trusting.check_hostname = False
    with pytest.raises(ValueError, match="must verify"):
        Endpoint("https://cloud.example", "/down", "/events", tls=trusting)


def test_tls_is_1_2_or_newer() -> None:
    assert tls_context().minimum_version == ssl.TLSVersion.TLSv1_2


def test_authorities_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"missing\.pem: no certificate authority"):
        tls_context(tmp_path / "missing.pem")
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(ValueError, match=r"empty\.pem: no certificate authority"):
        tls_context(tmp_path / "empty.pem")
