"""A small HTTP server on loopback, and sounds made on the spot."""

import io
import shutil
import subprocess
import threading
import wave
from array import array
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Server:
    """Answers each path with the function that a test put there, and 404 elsewhere."""

    origin: str
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def give(self, path: str, body: bytes, *, declared: int | None = None) -> str:
        """Serves `body` under `path`; `declared` is a Content-Length that lies."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            request.send_response(200)
            request.send_header("Content-Length", str(len(body) if declared is None else declared))
            request.end_headers()
            request.wfile.write(body)

        return self.on(path, answer)

    def redirect(self, path: str, location: str) -> str:
        def answer(request: BaseHTTPRequestHandler) -> None:
            request.send_response(302)
            request.send_header("Location", location)
            request.send_header("Content-Length", "0")
            request.end_headers()

        return self.on(path, answer)

    def on(self, path: str, answer: Answer) -> str:
        self.answers[path] = answer
        return self.origin + path


def _serve(wrap: Callable[[ThreadingHTTPServer], str]) -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.path)
            answer = served.answers.get(self.path)
            if answer is None:
                self.send_error(404)
            else:
                # A client that has had enough hangs up.
                with suppress(ConnectionError):
                    answer(self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = False
        served = Server(wrap(http))
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield served
        http.shutdown()
        thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    yield from _serve(lambda http: f"http://127.0.0.1:{http.server_port}")


@pytest.fixture
def stranger() -> Iterator[Server]:
    """Another server on this machine, which nobody trusts."""
    yield from _serve(lambda http: f"http://127.0.0.1:{http.server_port}")


def tone(frames: int, level: int, period: int = 100) -> bytes:
    """A square wave: every frame is `level` or its negative, so that each clip can be told from each other."""
    return array("h", (level if n % period < period // 2 else -level for n in range(frames))).tobytes()


def wav(pcm: bytes, *, rate: int = 48_000, channels: int = 1) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(pcm)
    return file.getvalue()


@pytest.fixture(name="tone")
def _tone() -> Callable[..., bytes]:
    return tone


@pytest.fixture(name="wav")
def _wav() -> Callable[..., bytes]:
    return wav


ENCODERS = {
    "WAV": ["cp", "in.wav", "out"],
    "MP3": ["lame", "--quiet", "-b", "64", "in.wav", "out"],
    "Ogg Vorbis": ["oggenc", "--quiet", "--serial", "1", "--output", "out", "in.wav"],
    "FLAC": ["flac", "--silent", "--output-name", "out", "in.wav"],
}


@pytest.fixture
def encoded(tmp_path: Path) -> Callable[..., bytes]:
    """Makes a WAV file one of another kind; the test is skipped where nothing can."""

    def encode(kind: str, sound: bytes, *options: str) -> bytes:
        program, *arguments = ENCODERS[kind]
        if shutil.which(program) is None:
            pytest.skip(f"needs {program} to make a file of the kind {kind}: scripts/encoders installs it")
        (tmp_path / "in.wav").write_bytes(sound)
        subprocess.run([program, *options, *arguments], cwd=tmp_path, check=True, capture_output=True)
        return (tmp_path / "out").read_bytes()

    return encode
