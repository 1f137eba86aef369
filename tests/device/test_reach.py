import asyncio

import pytest

from bellwire.device.reach import is_elsewhere, is_here, leads_here, parse_url


@pytest.mark.parametrize(
    ("url", "origin", "path"),
    [
        ("http://example.com", ("http", "example.com", 80), "/"),
        ("https://Example.com/a/b.mp3?x=1&y=%20", ("https", "example.com", 443), "/a/b.mp3?x=1&y=%20"),
        ("HTTPS://example.com:8443/#part", ("https", "example.com", 8443), "/"),
        ("http://[2001:db8::1]:81/x", ("http", "2001:db8::1", 81), "/x"),
        ("http://example.com/약 먹기.wav", ("http", "example.com", 80), "/%EC%95%BD%20%EB%A8%B9%EA%B8%B0.wav"),
    ],
)
def test_a_url_is_taken_apart(url: str, origin: tuple[str, str, int], path: str) -> None:
    target = parse_url(url)
    assert target.origin == origin
    assert target.path == path


@pytest.mark.parametrize(
    "url",
    [
        "",
        "file:///etc/passwd",
        "ftp://example.com/a.wav",
        "clova://alert/bell/reminder",
        "//example.com/a.wav",
        "http:///a.wav",
        "http://example.com:70000/",
        "http://[::1/",
        "http://example.com/\ud800",
    ],
)
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="url"):
        parse_url(url)


def test_a_message_names_the_place_and_nothing_secret() -> None:
    assert parse_url("https://user:pass@example.com/a?token=secret").place == "example.com:443"
    assert parse_url("http://[::1]/").place == "[::1]:80"


@pytest.mark.parametrize("address", ["93.184.216.34", "192.168.1.20", "10.0.0.1", "2606:2800:220:1::1", "fd00::1"])
def test_other_machines_may_be_reached(address: str) -> None:
    assert is_elsewhere(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "169.254.169.254",
        "224.0.0.1",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
    ],
)
def test_this_machine_and_its_link_may_not(address: str) -> None:
    assert not is_elsewhere(address)


@pytest.mark.parametrize(
    ("host", "by_name", "by_address"),
    [
        ("localhost", True, True),
        ("kitchen.localhost", True, True),
        ("127.0.0.1", True, True),
        ("127.1", False, True),
        ("::1", True, True),
        ("192.0.2.1", False, False),
        ("a..example", False, False),
    ],
)
def test_what_is_here(host: str, by_name: bool, by_address: bool) -> None:
    assert is_here(host) is by_name
    assert asyncio.run(leads_here(host)) is by_address
