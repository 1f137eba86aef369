"""A whole cloud in a process of its own, with accounts and speakers that talk to it over the wire.

with running(folder) as cloud:
    home = cloud.account()
    speaker = home.speaker()
    speaker.opens().says(RequestSynchronizeAlert())
    home.adds(at="07:00")
    speaker.hears(SetAlert)
"""

import json
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import structlog
import uvloop

from bellwire.cli.processes import free_port
from bellwire.cloud.app import run
from bellwire.cloud.auth import hash_of, new_token
from bellwire.cloud.config import Config, Limits
from bellwire.cloud.rates import Rate
from bellwire.cloud.store.accounts import add_account, add_account_token
from bellwire.cloud.store.connection import Connection as Rows
from bellwire.cloud.store.devices import Device, add_device, add_device_token
from bellwire.cloud.store.opening import open_now
from bellwire.protocol.codec import Codec
from bellwire.protocol.messages import Message
from bellwire.protocol.messages.context import AlertsState
from bellwire.protocol.messages.envelope import Event
from bellwire.protocol.messages.system import Exception as SystemException
from bellwire.protocol.multipart import JSON_TYPE, MultipartReader, MultipartWriter, Part, boundary_of
from bellwire.protocol.profiles import PROFILES
from bellwire.protocol.profiles.clova import CIC_KO_2022
from bellwire.protocol.profiles.profile import ErrorForm, Profile
from tests.cloud.h2_client import PATIENCE, Connection, Stream

CODECS = {profile.name: Codec(profile) for profile in PROFILES.values()}
LIMITS = Limits(
    event_time=timedelta(seconds=1),
    api_time=timedelta(seconds=1),
    slow_reader=timedelta(seconds=0.5),
    second_downchannel=timedelta(seconds=0.5),
    alerts=20,
    devices=5,
    sign_of_life=timedelta(seconds=0.2),
    listeners=3,
    requests=Rate(100_000, timedelta(seconds=1)),
    authorizations=Rate(100_000, timedelta(seconds=1)),
    wrong_user_codes=Rate(100_000, timedelta(seconds=1)),
    new_guests=Rate(100_000, timedelta(seconds=1)),
    new_pairings=Rate(100_000, timedelta(seconds=1)),
)
"""Small enough that a test can reach each of them; but all tests come from one address, which is not held up."""
_WRITER = MultipartWriter("----speaker", "form-data")
_NOTHING = AlertsState(all_alerts=(), active_alerts=())
ELSEWHERE = "https://cloud.jp:8443"
"""The cloud that serves Japan."""


class Cloud:
    """A cloud that runs, and what an operator can do to it."""

    def __init__(self, data: Path, port: int, process: subprocess.Popen[bytes], rows: Rows) -> None:
        self.data = data
        self.port = port
        self.process = process
        self.rows = rows
        """Its store, opened beside it."""
        self._connections: list[Connection] = []

    def connects(self, *, window: int | None = None) -> Connection:
        """A new connection; with `window` it never lets more bytes come on a stream than these."""
        connection = Connection(self.port, self.data / "ca.pem", window=window)
        self._connections.append(connection)
        return connection

    def is_left(self) -> None:
        """Every connection to it is dropped."""
        while self._connections:
            self._connections.pop().close()

    def account(self, timezone: str = "Asia/Seoul") -> "Account":
        """A new account with a token."""
        account_id, token = str(uuid.uuid4()), new_token()
        self.rows.run(add_account, account_id, account_id, timezone, datetime.now(UTC))
        self.rows.run(add_account_token, account_id, hash_of(token), None, datetime.now(UTC))
        return Account(self, account_id, token)

    @property
    def log(self) -> str:
        """What it has logged."""
        return (self.data / "log").read_text()

    def stops(self) -> int:
        """Ask it to end, and wait for its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def dies(self) -> None:
        """Kill it where it stands."""
        self.process.kill()
        self.process.wait(PATIENCE)


class Account:
    """An account, and its connection to the account API."""

    def __init__(self, cloud: Cloud, account_id: str, token: str) -> None:
        self.cloud = cloud
        self.account_id = account_id
        self.token = token
        self._connection: Connection | None = None

    def asks(
        self, method: str, path: str, content: object = None, *, raw: bytes | None = None, token: str | None = None
    ) -> tuple[int, Any]:
        """Status and JSON of an answer of the account API; every error is a problem with a sentence."""
        if self._connection is None or self._connection.lost:
            self._connection = self.cloud.connects()
        body = raw if content is None else json.dumps(content).encode()
        headers = {"authorization": f"Bearer {self.token if token is None else token}"}
        stream = self._connection.answer(self._connection.asks(method, f"/api/v1{path}", headers, body))
        assert stream.status is not None
        answer: Any = json.loads(stream.body) if stream.body else None
        if stream.status >= 400:
            assert stream.headers["content-type"] == "application/problem+json"
            assert set(answer) == {"status", "title", "detail"}
            assert answer["status"] == stream.status
            assert len(answer["detail"].split()) > 2, f"{answer['detail']!r} is no sentence"
        return stream.status, answer

    def adds(self, **wish: object) -> str:
        """Add an alarm; its token."""
        status, shown = self.asks("POST", "/alerts", {"kind": "ALARM", **wish})
        assert status == 201, shown
        token: str = shown["token"]
        return token

    def device(
        self, name: str = "kitchen", expires: datetime | None = None, profile: Profile = CIC_KO_2022
    ) -> tuple[str, str]:
        """A new device: its id and its token, which is good until it `expires`."""
        device_id, token = str(uuid.uuid4()), new_token()
        device = Device(device_id, name, profile.name)
        self.cloud.rows.run(add_device, self.account_id, device, hash_of(new_token()), datetime.now(UTC))
        self.cloud.rows.run(add_device_token, self.account_id, device_id, hash_of(token), expires, datetime.now(UTC))
        return device_id, token

    def speaker(self, *, window: int | None = None, profile: Profile = CIC_KO_2022) -> "Speaker":
        """A new device with a connection of its own."""
        return Speaker(self.cloud, *self.device(profile=profile), window=window, profile=profile)


class Speaker:
    """A device at the wire. What it says last is answered, what it is told is in `told`."""

    def __init__(
        self,
        cloud: Cloud,
        device_id: str,
        token: str,
        *,
        window: int | None = None,
        profile: Profile = CIC_KO_2022,
    ) -> None:
        self.cloud = cloud
        self.profile = profile
        self._codec = CODECS[profile.name]
        self.device_id = device_id
        self.token = token
        self.headers = {"authorization": f"Bearer {token}"}
        self.connection = cloud.connects(window=window)
        self.downchannel = Stream(0)

    def asks_for_downchannel(self) -> Stream:
        """Ask for a downchannel, and wait for nothing."""
        return self.connection.asks("GET", self.profile.downchannel_path, self.headers)

    def opens(self) -> Self:
        """Open the downchannel, and hear the greeting, if there is one."""
        self.downchannel = self.asks_for_downchannel()
        self.connection.until(lambda: self.downchannel.is_over or self._is_greeted, "the greeting")
        assert self.downchannel.status == 200, refusal_of(self.downchannel, self.profile)
        return self

    def takes_over(self) -> Self:
        """Open a downchannel as soon as it is not too soon after the last one."""
        deadline = time.monotonic() + PATIENCE
        while self.downchannel.status in {None, 429}:
            assert time.monotonic() < deadline, "it is too soon for ever"
            self.connection.takes_what_comes(within=0.05)
            self.downchannel = self.asks_for_downchannel()
            self.connection.until(lambda: self.downchannel.status is not None, "an answer")
        self.connection.until(lambda: self.downchannel.is_over or self._is_greeted, "the greeting")
        assert self.downchannel.status == 200, refusal_of(self.downchannel, self.profile)
        return self

    @property
    def _is_greeted(self) -> bool:
        return bool(self.downchannel.frames if self.profile.greeting is None else self.told)

    @property
    def told(self) -> list[Message]:
        """What came down the downchannel, as far as it is complete."""
        return [self._codec.decode_directive(part.body).message for part in parts_of(self.downchannel)]

    def hears(self, kind: type[Message], count: int = 1, within: float = PATIENCE) -> list[Any]:
        """Wait until so many messages of a kind have come; all of them."""

        def heard() -> list[Message]:
            return [message for message in self.told if isinstance(message, kind)]

        said = f"{count} {kind.__name__}"
        self.connection.until(lambda: self.downchannel.is_over or len(heard()) >= count, said, within)
        assert len(heard()) >= count, f"{self.told} are not {said}"
        return heard()

    def says(self, message: Message, context: AlertsState = _NOTHING) -> Self:
        """Send an event with a context, which the cloud takes."""
        answer = self.connection.answer(self.reports(message, context))
        assert answer.status == 204, refusal_of(answer, self.profile)
        return self

    def reports(self, message: Message, context: AlertsState = _NOTHING) -> Stream:
        """Send an event, and wait for nothing."""
        event = Event(message=message, message_id="m", alerts_state=context)
        return self.begins_event(body=event_body(self._codec.encode_event(event)))

    def posts(self, body: bytes, content_type: str = _WRITER.content_type) -> Stream:
        """Send the bytes of an event, and wait for the answer."""
        return self.connection.answer(self.begins_event(content_type, body))

    def begins_event(self, content_type: str = _WRITER.content_type, body: bytes | None = None) -> Stream:
        """Send an event, without `body` its headers only, and wait for nothing."""
        headers = {**self.headers, "content-type": content_type}
        if body is None:
            return self.connection.begins("POST", self.profile.events_path, headers)
        return self.connection.asks("POST", self.profile.events_path, headers, body)


def event_body(json: bytes) -> bytes:
    """An event of one JSON part, for `Speaker.posts`."""
    return _WRITER.whole([json])


def parts_of(stream: Stream) -> list[Part]:
    """The parts of an answer that are complete."""
    if "content-type" not in stream.headers:
        return []
    return MultipartReader(boundary_of(stream.headers["content-type"]), 1 << 24).feed(stream.body)


def refusal_of(stream: Stream, profile: Profile = CIC_KO_2022) -> SystemException:
    """The System.Exception of an answer, which is in the profile's form and says the same status."""
    assert stream.status is not None
    if profile.error_form is ErrorForm.BARE:
        assert stream.headers["content-type"] == JSON_TYPE
        said = stream.body
    else:
        assert stream.headers["content-type"].startswith("multipart/related; boundary=----")
        (part,) = parts_of(stream)
        said = part.body
    message = CODECS[profile.name].decode_refusal(said)
    assert message.code == profile.error_code(stream.status)
    return message


@contextmanager
def running(data: Path, *, behind_proxy: bool = False) -> Iterator[Cloud]:
    """A cloud on this folder. When it is not stopped inside, it ends in good order here; it never fails silently."""
    data.mkdir(exist_ok=True)
    log = data / "log"
    with log.open("ab") as logged:
        how = ["behind a proxy"] if behind_proxy else []
        command = [sys.executable, "-m", "tests.cloud.running", str(data), *how]
        root = Path(__file__).parents[2]
        process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=logged)
    assert process.stdout is not None
    with process, process.stdout:
        try:
            port = process.stdout.readline()
            assert port, log.read_text()
            with open_now(data / "bellwire.db") as rows:
                cloud = Cloud(data, int(port), process, rows)
                yield cloud
                cloud.is_left()
            if process.poll() is None:
                assert cloud.stops() == 0, cloud.log
        finally:
            process.kill()
    assert "Traceback" not in log.read_text(), log.read_text()


def _serve(data: Path, *, behind_proxy: bool) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    port = free_port()
    config = Config(data=data, port=port, limits=LIMITS, endpoints={"JP": ELSEWHERE}, behind_proxy=behind_proxy)
    uvloop.run(run(config, lambda _: print(port, flush=True)))  # noqa: T201 -- for the test that waits


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), behind_proxy=len(sys.argv) > 2)
