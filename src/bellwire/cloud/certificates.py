"""Knows how the cloud gets a certificate without asking anybody: its own authority, and a server certificate from it.

It must not know who connects, nor how the server or a speaker uses the files.

Keys outlive certificates: a renewed server certificate keeps its key, so a power cut between two files never leaves a
pair that does not fit together.
"""

import ipaddress
import os
import re
import socket
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey as Key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CLOCK_ERROR = timedelta(days=1)  # a speaker's clock may be that late and still accept a new certificate
AUTHORITY_LIFETIME = timedelta(days=3652)
SERVER_LIFETIME = timedelta(days=396)  # clients refuse more than 397 or 398 days
RENEWED_BEFORE = timedelta(days=30)
KEY_USAGES = (  # RFC 5280, 4.2.1.3
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)
HOST_NAME = re.compile(r"[a-z0-9*_-]{1,63}(\.[a-z0-9_-]{1,63})*", re.IGNORECASE)
OWN_HOSTS = ("localhost", "127.0.0.1", "::1")
ALL_ADDRESSES = frozenset({"0.0.0.0", "::"})  # noqa: S104 - not listened on here
ELSEWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))  # RFC 5737 and 3849: nobody's


class CertificateError(Exception):
    """A file can't be used; the text says which, why, and what to do."""


@dataclass(frozen=True)
class Certificates:
    """Where the files are."""

    ca: Path  # for speakers: what they trust
    certificate: Path  # for the server: its certificate and the authority's
    key: Path  # for the server: PKCS#8, not encrypted


def ensure_certificates(folder: Path, hosts: Sequence[str], now: datetime) -> Certificates:
    """Return the certificates in `folder`; what is missing is made, what ends within 30 days is renewed.

    The server certificate is for `hosts` (names or addresses, without port), this machine's name, also under .local,
    and localhost; in the place of 0.0.0.0 and :: for the machine's own addresses. When these change it is renewed too.
    The authority lasts ten years and is never replaced, since every speaker trusts it.
    `now` has a time zone. Raises CertificateError, and OSError when a file can't be read or written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = Certificates(ca=folder / "ca.pem", certificate=folder / "server.pem", key=folder / "server.key")
    listening = own_addresses() if ALL_ADDRESSES.intersection(hosts) else set[str]()
    given = set(hosts) - ALL_ADDRESSES
    names = {_subject_name(host) for host in (*OWN_HOSTS, *_machine_names(), *listening, *given)}
    authority, authority_key = _authority(files.ca, folder / "ca.key", now)
    if not files.certificate.exists():
        key = _key(files.key)
    else:
        served, key = _pair(files.certificate, files.key)
        if not _issued_by(authority, served):
            raise _unusable(files.certificate, f"was not issued by {files.ca}", _remake(files.certificate))
        if _good(served, names, now):
            return files
    first = now - CLOCK_ERROR
    lifetime = (first, min(first + SERVER_LIFETIME, authority.not_valid_after_utc))
    served = _new_server(key, names, (authority, authority_key), lifetime)
    _write(files.certificate, _pem(served) + _pem(authority), 0o644)
    return files


def another_certificate(of: Certificates, folder: Path, host: str, lifetime: tuple[datetime, datetime]) -> Certificates:
    """Make a certificate of the same authority for this host alone, valid so long: one that nobody should take, for
    tests. Raises CertificateError, and OSError when a file can't be read or written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = Certificates(ca=of.ca, certificate=folder / "server.pem", key=folder / "server.key")
    authority, authority_key = _pair(of.ca, of.ca.with_name("ca.key"))
    served = _new_server(_key(files.key), {_subject_name(host)}, (authority, authority_key), lifetime)
    _write(files.certificate, _pem(served) + _pem(authority), 0o644)
    return files


def _machine_names() -> Sequence[str]:
    machine = HOST_NAME.fullmatch(socket.gethostname())  # a board without a name calls itself "(none)"
    return (machine[0], f"{machine[0].partition('.')[0]}.local") if machine else ()


def own_addresses() -> set[str]:
    """Those under which other machines reach this one, as far as it knows them; nothing is sent to find them."""
    found = set()
    with suppress(OSError):  # a name that nobody resolves
        found = {str(place[0]) for *_, place in socket.getaddrinfo(socket.gethostname(), None)}
    for family, elsewhere in ELSEWHERE:
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as way_out:  # no network of this family
            way_out.connect((elsewhere, 9))
            found.add(str(way_out.getsockname()[0]))
    return found


def _good(certificate: x509.Certificate, names: set[x509.GeneralName], now: datetime) -> bool:
    held = set(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return held == names and first <= now <= last - RENEWED_BEFORE


def _subject_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host.partition("%")[0]))  # a zone (%eth0) means nothing elsewhere
    except ValueError:
        pass
    try:
        name = host.encode("idna").decode().lower()
    except UnicodeError:
        name = ""
    if not HOST_NAME.fullmatch(name):
        raise CertificateError(f"{host!r} is neither a host name nor an address: give it without scheme and port")
    return x509.DNSName(name)


# The authority


def _authority(path: Path, key_path: Path, now: datetime) -> tuple[x509.Certificate, Key]:
    if not path.exists():
        key = _key(key_path)
        _write(path, _pem(_new_authority(key, now)), 0o644)
    certificate, key = _pair(path, key_path)
    first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not first <= now < last:
        raise _unusable(path, f"is valid from {first} to {last} and it is {now}", f"set the clock, or {_remake(path)}")
    return certificate, key


def _new_authority(key: Key, now: datetime) -> x509.Certificate:
    # The key's identifier tells two authorities apart in a list of trusted ones.
    digest = x509.SubjectKeyIdentifier.from_public_key(key.public_key()).digest
    name = _name(f"Bellwire authority {digest.hex()[:8]}")
    extensions = (
        (x509.BasicConstraints(ca=True, path_length=0), True),
        (_key_usage("key_cert_sign", "crl_sign"), True),
    )
    return _issue(name, key, (name, key), (now - CLOCK_ERROR, now + AUTHORITY_LIFETIME), extensions)


def _issued_by(authority: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, TypeError, ValueError):  # another key, another kind of key, another name
        return False
    return True


# The server's certificate


def _new_server(
    key: Key,
    names: set[x509.GeneralName],
    authority: tuple[x509.Certificate, Key],
    lifetime: tuple[datetime, datetime],
) -> x509.Certificate:
    issuer, issuer_key = authority
    extensions = (
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_key_usage("digital_signature"), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (x509.SubjectAlternativeName(sorted(names, key=str)), False),
    )
    return _issue(_name("Bellwire cloud"), key, (issuer.subject, issuer_key), lifetime, extensions)


def _issue(
    subject: x509.Name,
    key: Key,
    issuer: tuple[x509.Name, Key],
    lifetime: tuple[datetime, datetime],
    extensions: Iterable[tuple[x509.ExtensionType, bool]],
) -> x509.Certificate:
    """Sign a certificate with these extensions (each with whether it is critical) and both keys' identifiers."""
    issuer_name, issuer_key = issuer
    builder = x509.CertificateBuilder(issuer_name, subject, key.public_key(), x509.random_serial_number(), *lifetime)
    identifiers = (
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False),
    )
    for extension, critical in (*extensions, *identifiers):
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _key_usage(*granted: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{usage: usage in granted for usage in KEY_USAGES})


# Files


def _pair(path: Path, key_path: Path) -> tuple[x509.Certificate, Key]:
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except ValueError as error:
        raise _unusable(path, "is not a certificate", _remake(path)) from error
    if not key_path.exists():
        raise _unusable(key_path, "is missing", f"put it back, or {_remake(path)}")
    key = _key(key_path)
    if key.public_key() != certificate.public_key():
        raise _unusable(key_path, f"is not the key of {path}", f"put the right one back, or {_remake(path)}")
    return certificate, key


def _key(path: Path) -> Key:
    if not path.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        _write(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
        return key
    try:
        held = load_pem_private_key(path.read_bytes(), password=None)
    except (TypeError, ValueError) as error:  # TypeError: it has a password
        raise _unusable(path, "is not an unencrypted PEM key", _remake(path)) from error
    if not isinstance(held, Key):
        raise _unusable(path, "is not an elliptic-curve key", _remake(path))
    return held


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def _write(path: Path, content: bytes, mode: int) -> None:
    """Write the whole file or nothing; until it is complete only its owner can read it."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def _unusable(path: Path, why: str, what_to_do: str) -> CertificateError:
    return CertificateError(f"{path} {why}: {what_to_do}")


def _remake(path: Path) -> str:
    folder = path.parent
    if path.stem == "ca":
        return (
            f"delete ca.* and server.* in {folder}; new ones are made, and every speaker must be given the new ca.pem"
        )
    return f"delete server.* in {folder}; new ones are made, and speakers need nothing"
