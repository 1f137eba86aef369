import asyncio
import os
import shutil
import socket
import ssl
import stat
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from bellwire.cloud import certificates
from bellwire.cloud.certificates import CertificateError, Certificates, ensure_certificates

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MACHINE = socket.gethostname().lower()
OWN = {"localhost", "127.0.0.1", "::1", MACHINE, f"{MACHINE.partition('.')[0]}.local"}


def certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def hosts_of(files: Certificates) -> set[str]:
    names = certificate(files.certificate).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in names}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def handshake(files: Certificates, host: str) -> str:
    """Serve with the files on loopback, connect as `host`, and return what was read."""

    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"good morning")
        writer.close()

    async def both() -> str:
        served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        served.load_cert_chain(files.certificate, files.key)
        trusted = ssl.create_default_context(cafile=files.ca)
        trusted.verify_flags |= ssl.VERIFY_X509_STRICT
        server = await asyncio.start_server(greet, "127.0.0.1", 0, ssl=served)
        async with server, asyncio.timeout(5):
            port = server.sockets[0].getsockname()[1]
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusted, server_hostname=host)
            try:
                return (await reader.read()).decode()
            finally:
                writer.close()

    return asyncio.run(both())


# A new folder


def test_the_files_are_made_and_only_keys_are_private(tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path / "data" / "tls", [], NOW)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data" / "tls").iterdir()}
    assert modes == {"ca.pem": 0o644, "ca.key": 0o600, "server.pem": 0o644, "server.key": 0o600}
    assert {files.ca.name, files.certificate.name, files.key.name} == {"ca.pem", "server.pem", "server.key"}
    assert files.key.read_text().startswith("-----BEGIN PRIVATE KEY-----")


def test_the_mode_of_the_files_does_not_depend_on_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        files = ensure_certificates(tmp_path, [], NOW)
    finally:
        os.umask(before)
    assert stat.S_IMODE(files.ca.stat().st_mode) == 0o644


def test_the_server_sends_its_certificate_and_the_authority(tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path, [], NOW)
    sent = x509.load_pem_x509_certificates(files.certificate.read_bytes())
    assert sent == [certificate(files.certificate), certificate(files.ca)]


def test_the_certificate_is_for_this_machine_and_the_given_hosts(tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path, ["Bedroom.local", "192.168.1.7", "bücher.example", "fe80::1%eth0"], NOW)
    given = {"bedroom.local", "192.168.1.7", "xn--bcher-kva.example", "fe80::1"}
    assert hosts_of(files) == OWN | given


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_who_listens_on_all_addresses_has_a_certificate_for_each(
    host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificates, "own_addresses", lambda: {"192.0.2.7", "fe80::7%eth0"})
    assert hosts_of(ensure_certificates(tmp_path, [host], NOW)) == OWN | {"192.0.2.7", "fe80::7"}

    monkeypatch.setattr(certificates, "own_addresses", lambda: {"192.0.2.8"})
    assert hosts_of(ensure_certificates(tmp_path, [host], NOW)) == OWN | {"192.0.2.8"}


def test_the_own_addresses_are_those_that_can_be_listened_on() -> None:
    for address in certificates.own_addresses():
        family, _, _, _, place = socket.getaddrinfo(address, 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as listener:
            listener.bind(place)


@pytest.mark.parametrize("name", ["Kitchen", "kitchen.example", "kitchen.local"])
def test_the_certificate_is_for_the_name_on_the_home_network(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: name)
    files = ensure_certificates(tmp_path, [], NOW)
    assert hosts_of(files) == {"localhost", "127.0.0.1", "::1", name.lower(), "kitchen.local"}


@pytest.mark.parametrize("host", ["", "https://bedroom.local", "bedroom.local:8443", "a b", "x" * 64, "a..b"])
def test_what_is_not_a_host_is_refused_before_anything_is_made(host: str, tmp_path: Path) -> None:
    with pytest.raises(CertificateError, match="neither a host name nor an address"):
        ensure_certificates(tmp_path, [host], NOW)
    assert contents(tmp_path) == {}


def test_neither_key_can_be_used_for_more_than_it_is_for(tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path, [], NOW)
    server, authority = certificate(files.certificate).extensions, certificate(files.ca).extensions
    constraints = x509.BasicConstraints
    assert authority.get_extension_for_class(constraints).value == constraints(ca=True, path_length=0)
    assert server.get_extension_for_class(constraints).value == constraints(ca=False, path_length=None)
    assert not authority.get_extension_for_class(x509.KeyUsage).value.digital_signature
    assert not server.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    assert list(server.get_extension_for_class(x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_lifetimes(tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path, [], NOW)
    server, authority = certificate(files.certificate), certificate(files.ca)
    assert server.not_valid_before_utc == authority.not_valid_before_utc == NOW - DAY
    assert server.not_valid_after_utc - server.not_valid_before_utc <= 397 * DAY
    assert authority.not_valid_after_utc.year == NOW.year + 10


# What others make of it; the server certificate has its own clock, so these use today's


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "bedroom.local"])
def test_a_strict_client_accepts_it(host: str, tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path, ["bedroom.local"], datetime.now(UTC))
    assert handshake(files, host) == "good morning"


def test_a_client_refuses_it_for_another_host(tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path, [], datetime.now(UTC))
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(files, "bedroom.local")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl command")
def test_openssl_accepts_it_strictly(tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path, [], NOW)
    at = str(int(NOW.timestamp()))
    options = ["-x509_strict", "-purpose", "sslserver", "-verify_hostname", "localhost", "-attime", at]
    verify = ["openssl", "verify", *options, "-CAfile", str(files.ca), str(files.certificate)]
    done = subprocess.run(verify, capture_output=True, text=True, check=False, timeout=10)
    assert (done.returncode, done.stdout) == (0, f"{files.certificate}: OK\n")


# Later starts


def test_the_next_start_changes_nothing(tmp_path: Path) -> None:
    ensure_certificates(tmp_path, ["bedroom.local"], NOW)
    before = contents(tmp_path)
    ensure_certificates(tmp_path, ["bedroom.local", "localhost"], NOW + 300 * DAY)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("later", "renewed"), [(364 * DAY, False), (366 * DAY, True), (400 * DAY, True), (-2 * DAY, True)]
)
def test_it_is_renewed_when_less_than_30_days_are_left(later: timedelta, renewed: bool, tmp_path: Path) -> None:
    made = NOW + 30 * DAY  # the authority is older, so that a clock that is set back stays within its time
    ensure_certificates(tmp_path, [], NOW)
    files = ensure_certificates(tmp_path, ["later.example"], made)
    before = contents(tmp_path)
    ensure_certificates(tmp_path, ["later.example"], made + later)
    changed = {name for name, content in contents(tmp_path).items() if content != before[name]}
    assert changed == ({"server.pem"} if renewed else set())
    assert certificate(files.certificate).not_valid_before_utc == made - DAY + (later if renewed else 0 * DAY)


def test_it_is_renewed_when_the_hosts_change(tmp_path: Path) -> None:
    ensure_certificates(tmp_path, ["old.example"], NOW)
    before = contents(tmp_path)
    files = ensure_certificates(tmp_path, ["10.0.0.1"], NOW)
    assert "old.example" not in hosts_of(files)
    assert str(ip_address("10.0.0.1")) in hosts_of(files)
    assert {name: c for name, c in contents(tmp_path).items() if name != "server.pem"} == {
        name: c for name, c in before.items() if name != "server.pem"
    }


def test_it_does_not_outlive_the_authority(tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path, [], NOW)
    ensure_certificates(tmp_path, [], NOW + 3600 * DAY)
    assert certificate(files.certificate).not_valid_after_utc == certificate(files.ca).not_valid_after_utc


@pytest.mark.parametrize("lost", ["ca.pem", "server.pem"])
def test_a_certificate_that_was_never_written_is_made_from_its_key(lost: str, tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path, [], NOW)
    before = contents(tmp_path)
    (tmp_path / lost).unlink()
    ensure_certificates(tmp_path, [], NOW)
    assert {name for name, content in contents(tmp_path).items() if content != before[name]} == {lost}
    certificate(files.certificate).verify_directly_issued_by(certificate(files.ca))


# Broken files


def with_password(path: Path) -> None:
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    locked = serialization.BestAvailableEncryption(b"secret")
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked),
    )


def other_kind(path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def of_another_cloud(path: Path) -> None:
    ensure_certificates(path.parent / "other", [], NOW)
    (path.parent / "other" / path.name).replace(path)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


@pytest.mark.parametrize(
    ("name", "broken", "why"),
    [
        ("ca.pem", cut, "ca.pem is not a certificate"),
        ("ca.pem", of_another_cloud, "ca.key is not the key of .*ca.pem"),
        ("ca.key", Path.unlink, "ca.key is missing: put it back, or delete ca"),
        ("ca.key", cut, "ca.key is not an unencrypted PEM key"),
        ("ca.key", of_another_cloud, "ca.key is not the key of .*ca.pem"),
        ("server.pem", cut, "server.pem is not a certificate"),
        ("server.pem", of_another_cloud, "server.key is not the key of .*server.pem"),
        ("server.key", Path.unlink, "server.key is missing"),
        ("server.key", cut, "server.key is not an unencrypted PEM key"),
        ("server.key", with_password, "server.key is not an unencrypted PEM key"),
        ("server.key", other_kind, "server.key is not an elliptic-curve key"),
    ],
)
def test_a_broken_file_is_named_and_left_alone(
    name: str, broken: Callable[[Path], None], why: str, tmp_path: Path
) -> None:
    ensure_certificates(tmp_path, [], NOW)
    broken(tmp_path / name)
    shutil.rmtree(tmp_path / "other", ignore_errors=True)
    before = contents(tmp_path)
    with pytest.raises(CertificateError, match=why) as refusal:
        ensure_certificates(tmp_path, ["new.example"], NOW)
    assert f"delete {'ca.* and ' if name.startswith('ca') else ''}server.* in {tmp_path}" in str(refusal.value)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("name", ["ca", "server"])
def test_the_advice_helps(name: str, tmp_path: Path) -> None:
    ensure_certificates(tmp_path, [], NOW)
    cut(tmp_path / f"{name}.pem")
    for file in [*tmp_path.glob("server.*"), *(tmp_path.glob("ca.*") if name == "ca" else [])]:
        file.unlink()
    files = ensure_certificates(tmp_path, [], NOW)
    certificate(files.certificate).verify_directly_issued_by(certificate(files.ca))


def test_a_server_certificate_of_another_authority_is_left_alone(tmp_path: Path) -> None:
    ensure_certificates(tmp_path, [], NOW)
    of_another_cloud(tmp_path / "server.pem")
    (tmp_path / "other" / "server.key").replace(tmp_path / "server.key")
    with pytest.raises(CertificateError, match=r"server\.pem was not issued by .*ca\.pem: delete server"):
        ensure_certificates(tmp_path, [], NOW)


@pytest.mark.parametrize("wrong", [timedelta(days=-365), timedelta(days=3653)])
def test_an_authority_outside_its_time_asks_for_the_clock(wrong: timedelta, tmp_path: Path) -> None:
    ensure_certificates(tmp_path, [], NOW)
    with pytest.raises(CertificateError, match=r"ca\.pem is valid from .* and it is .*: set the clock, or delete"):
        ensure_certificates(tmp_path, [], NOW + wrong)
