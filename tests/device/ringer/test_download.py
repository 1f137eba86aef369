import asyncio
import datetime
import gzip
import io
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bellwire.cli.processes import free_port
from bellwire.device.ringer.download import Downloader, Limits, Received
from bellwire.device.ringer.sounds import AssetError

# The fixtures' server (conftest.py); importlib mode gives it no name to import.
Server = Any
SMALL = Limits(max_bytes=1000, total_seconds=0.6, step_seconds=0.2, redirects=3)


def fetch(url: str, trusted: str | None, limits: Limits | None = None, context: ssl.SSLContext | None = None) -> bytes:
    return fetched(Downloader(trusted, lambda: context or ssl.create_default_context(), limits or Limits()), url)[1]


def fetched(downloader: Downloader, url: str) -> tuple[Received, bytes]:
    body = io.BytesIO()
    received = asyncio.run(downloader.fetch(url, body))
    assert received.length == len(body.getvalue())
    return received, body.getvalue()


def refusal(url: str, trusted: str | None, limits: Limits | None = None) -> str:
    with pytest.raises(AssetError) as refused:
        fetch(url, trusted, limits)
    reason = str(refused.value)
    assert "\n" not in reason
    assert "secret" not in reason
    return reason


def test_a_file_comes_as_it_is(server: Server) -> None:
    body = bytes(range(256)) * 300
    assert fetch(server.give("/a?x=1", body), server.origin) == body
    assert server.asked == ["/a?x=1"]


def test_a_chunked_answer_comes_whole(server: Server) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.protocol_version = "HTTP/1.1"
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        request.wfile.write(b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        request.close_connection = True

    assert fetch(server.on("/a", answer), server.origin) == b"abcde"


@pytest.mark.parametrize("url", ["ftp://example.com/a", "file:///etc/passwd", "clova://alert/bell/timer"])
def test_a_wrong_scheme_is_refused(url: str) -> None:
    assert "only http" in refusal(url, None)


def test_this_machine_is_refused_unless_it_is_the_cloud(server: Server) -> None:
    url = server.give("/a?secret", b"abc")
    for trusted in (None, "http://127.0.0.1:1", "https://127.0.0.1:" + server.origin.rpartition(":")[2]):
        assert "is at 127.0.0.1, which is this machine" in refusal(url, trusted)
    named = url.replace("127.0.0.1", "localhost")
    assert "which is this machine" in refusal(named, server.origin)
    assert server.asked == []


def fetch_when_sent(url: str, cloud: str, *places: str, context: ssl.SSLContext | None = None) -> bytes:
    """Where the cloud that a person has set has sent the speaker to others."""
    downloader = Downloader(cloud, lambda: context or ssl.create_default_context(), Limits())
    downloader.trust([cloud, *places])
    return fetched(downloader, url)[1]


def test_this_machine_is_refused_also_where_a_cloud_elsewhere_has_sent_the_speaker_to_it(server: Server) -> None:
    with pytest.raises(AssetError, match="which is this machine or its link"):
        fetch_when_sent(server.give("/a", b"abc"), "https://192.0.2.1", server.origin)
    assert server.asked == []


def test_another_cloud_on_this_machine_is_reached_where_the_one_that_was_set_is_here_too(
    server: Server, tls: Callable[[bytes], tuple[str, ssl.SSLContext]]
) -> None:
    assert fetch_when_sent(server.give("/a", b"abc"), "https://localhost:9", server.origin) == b"abc"
    origin, context = tls(b"abc")
    assert fetch_when_sent(origin + "/a", "https://localhost:9", origin, context=context) == b"abc"


@pytest.mark.parametrize(
    "host", ["localhost", "127.1", "0x7f000001", "2130706433", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_this_machine_is_known_by_each_of_its_names(host: str, server: Server) -> None:
    port = server.origin.rpartition(":")[2]
    said = refusal(f"http://{host}:{port}/a?secret", "http://192.0.2.1")
    assert "which is this machine or its link" in said or "cannot be resolved" in said
    assert server.asked == []


@pytest.mark.parametrize("address", ["169.254.169.254", "[fe80::1]", "224.0.0.1"])
def test_the_link_is_refused(address: str) -> None:
    assert "which is this machine or its link" in refusal(f"http://{address}/latest", None)


def test_a_redirect_to_this_machine_is_refused(server: Server, stranger: Server) -> None:
    url = server.redirect("/a", stranger.give("/b", b"abc"))
    assert "which is this machine" in refusal(url, server.origin)
    assert stranger.asked == []


def test_a_redirect_to_another_scheme_is_refused(server: Server) -> None:
    assert "only http" in refusal(server.redirect("/a", "file:///etc/passwd"), server.origin)


def test_a_redirect_to_what_is_no_url_is_refused(server: Server) -> None:
    assert "redirects to a malformed url" in refusal(server.redirect("/a?secret", "http://["), server.origin)


def test_three_redirects_are_followed_and_a_fourth_is_not(server: Server) -> None:
    server.give("/end", b"abc")
    for n in (1, 2, 3):
        server.redirect(f"/{n}", f"/{n + 1}" if n < 3 else "/end")
    assert fetch(server.origin + "/1", server.origin) == b"abc"
    assert "after 3 redirects" in refusal(server.redirect("/0", "/1"), server.origin)


def test_a_circle_of_redirects_ends(server: Server) -> None:
    server.redirect("/a", "/b")
    assert "after 3 redirects" in refusal(server.redirect("/b", "/a"), server.origin)
    assert server.asked == ["/b", "/a", "/b", "/a"]


def test_a_file_that_is_packed_is_refused(server: Server) -> None:
    packed = gzip.compress(b"abc" * 100)

    def answer(request: BaseHTTPRequestHandler) -> None:
        assert request.headers["Accept-Encoding"] == "identity"
        request.send_response(200)
        request.send_header("Content-Encoding", "gzip")
        request.send_header("Content-Length", str(len(packed)))
        request.end_headers()
        request.wfile.write(packed)

    assert "packs the file ('gzip'), for which nobody asked" in refusal(server.on("/a", answer), server.origin)


def test_how_long_it_is_fresh_is_told(server: Server) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "3")
        request.send_header("Cache-Control", "max-age=600")
        request.end_headers()
        request.wfile.write(b"abc")

    downloader = Downloader(server.origin, None, Limits())
    assert fetched(downloader, server.on("/a", answer)) == ((3, 600.0), b"abc")
    assert fetched(downloader, server.give("/b", b"abc")) == ((3, None), b"abc")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_a_disk_that_is_full_is_said(server: Server) -> None:
    with Path("/dev/full").open("wb", buffering=0) as full, pytest.raises(AssetError, match="cannot be kept: No space"):
        asyncio.run(Downloader(server.origin, None, Limits()).fetch(server.give("/a", b"abc"), full))


def test_another_status_is_refused(server: Server) -> None:
    assert "answers 404 Not Found" in refusal(server.origin + "/missing", server.origin)


def test_a_body_shorter_than_it_says_is_refused(server: Server) -> None:
    assert "after 3 of 10 bytes" in refusal(server.give("/a", b"abc", declared=10), server.origin)


def test_a_chunked_body_without_an_end_is_refused(server: Server) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        request.wfile.write(b"3\r\nabc\r\n9\r\nde")

    assert "before it was whole" in refusal(server.on("/a", answer), server.origin)


def test_a_body_of_unknown_length_is_refused(server: Server) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        request.wfile.write(b"abc")

    assert "does not say how long" in refusal(server.on("/a", answer), server.origin)


def test_a_body_that_says_it_is_too_long_is_not_read(server: Server) -> None:
    assert "more than 16777216 bytes" in refusal(server.give("/a", b"", declared=16_777_217), server.origin)


def test_an_endless_body_is_cut_off(server: Server) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        while True:
            request.wfile.write(b"10000\r\n" + bytes(65_536) + b"\r\n")

    assert "more than 16777216 bytes" in refusal(server.on("/a", answer), server.origin)


def test_a_server_that_drips_runs_out_of_time(server: Server) -> None:
    given_up = threading.Event()

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "1000")
        request.end_headers()
        while not given_up.wait(0.05):
            request.wfile.write(b"x")

    try:
        assert "too slow" in refusal(server.on("/a", answer), server.origin, SMALL)
    finally:
        given_up.set()


def test_a_server_that_says_nothing_runs_out_of_time(server: Server) -> None:
    given_up = threading.Event()
    try:
        assert "too slow" in refusal(server.on("/a", lambda _: _wait(given_up)), server.origin, SMALL)
    finally:
        given_up.set()


def _wait(event: threading.Event) -> None:
    assert event.wait(10)


def test_a_cancelled_fetch_lets_its_thread_end(server: Server) -> None:
    asked, given_up = threading.Event(), threading.Event()

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "1000000")
        request.end_headers()
        asked.set()
        while not given_up.wait(0.02):
            request.wfile.write(b"x")

    async def cancel() -> None:
        fetching = asyncio.create_task(
            Downloader(server.origin, None, Limits()).fetch(server.on("/a", answer), io.BytesIO())
        )
        assert await asyncio.to_thread(asked.wait, 10)
        fetching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await fetching
        # Waits for the threads: without end, were it not for the time that was taken away.
        await asyncio.wait_for(asyncio.get_running_loop().shutdown_default_executor(), 10)
        given_up.set()

    asyncio.run(cancel())


def test_nobody_there(server: Server) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    assert "cannot be reached: Connection refused" in refusal(nobody + "/a?secret", nobody)


def test_a_name_that_is_none() -> None:
    assert "cannot be resolved" in refusal("http://" + "x" * 70 + ".example/", None)


def test_an_answer_that_is_not_http(server: Server) -> None:
    url = server.on("/a", lambda request: request.wfile.write(b"SSH-2.0-OpenSSH\r\n") and None)
    assert "does not answer in HTTP" in refusal(url, server.origin)


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[Callable[[Server], tuple[str, ssl.SSLContext]]]:
    """Makes a TLS front for a server's one answer, with a CA of its own."""
    fronts = []

    def front(body: bytes) -> tuple[str, ssl.SSLContext]:
        certificate, key = _self_signed(tmp_path)
        serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        serving.load_cert_chain(certificate, key)
        listening = socket.create_server(("127.0.0.1", 0))
        thread = threading.Thread(target=_answer_once, args=(listening, serving, body))
        thread.start()
        fronts.append((listening, thread))
        return f"https://127.0.0.1:{listening.getsockname()[1]}", ssl.create_default_context(cafile=certificate)

    yield front
    for listening, thread in fronts:
        thread.join()
        listening.close()


def _answer_once(listening: socket.socket, serving: ssl.SSLContext, body: bytes) -> None:
    listening.settimeout(10)
    plain, _ = listening.accept()
    plain.settimeout(10)
    try:
        with serving.wrap_socket(plain, server_side=True) as connected:
            connected.recv(10_000)
            connected.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    except ssl.SSLError:
        plain.close()


def _self_signed(folder: Path) -> tuple[Path, Path]:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "cert.pem", folder / "key.pem"


def test_the_clouds_own_ca_is_trusted(tls: Callable[[bytes], tuple[str, ssl.SSLContext]]) -> None:
    origin, context = tls(b"abc")
    assert fetch(origin + "/a", origin, context=context) == b"abc"


def test_the_clouds_own_ca_must_be_given(tls: Callable[[bytes], tuple[str, ssl.SSLContext]]) -> None:
    origin, _ = tls(b"abc")
    assert "certificate of 127.0.0.1" in refusal(origin + "/a", origin)
