"""The account API, called by commands.

It knows how to reach it, on this machine without flags, and what its refusals say; it must not know what is asked.
"""

import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from bellwire.cli import records
from bellwire.cli.event_stream import Event, events_in
from bellwire.cli.failure import Failure, shown_in_one_line
from bellwire.cloud.address import NotRunningError, address_of

PATH = "/api/v1"
PATIENCE = 15.0
"""Seconds for one answer: to make speech of a new label takes up to ten."""
SILENCE = 40.0
"""Seconds: a stream in which even the cloud's sign of life fails to come is lost."""
PATIENCE_FOR_FILES = 120.0
"""The same where a calendar is read or written: it waits for those of others."""

_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


class AccountApi:
    """One account's API."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def call(self, method: str, *path: str, body: object = None, query: Mapping[str, str] | None = None) -> Any:
        """Ask, and give the JSON of the answer. Raises Failure with what the cloud says is wrong."""
        answer = self._asked(method, path, json=body, params=query)
        return _said_by(answer) if answer.content else None

    def sends_calendar(self, content: bytes, *path: str, query: Mapping[str, Any]) -> Any:
        """Send an .ics file, and give the JSON of the answer, which may take long. Raises Failure."""
        headers = {"Content-Type": "text/calendar; charset=utf-8"}
        how = {"content": content, "headers": headers, "params": query, "timeout": PATIENCE_FOR_FILES}
        return _said_by(self._asked("POST", path, **how))

    def calendar(self) -> bytes:
        """The account's alerts as an .ics file. Raises Failure."""
        return self._asked("GET", ("calendar.ics",), timeout=PATIENCE_FOR_FILES).content

    def _asked(self, method: str, path: Sequence[str], **how: Any) -> httpx.Response:
        if not all(path):
            raise Failure(f"an empty text names no {path[0].removesuffix('s')}; give one that is listed")
        url = "/".join((PATH, *(quote(segment, safe="") for segment in path)))
        try:
            answer = self._client.request(method, url, **how)
        except httpx.RequestError as error:
            raise Failure(_why_unreachable(str(self._client.base_url), error)) from error
        if answer.is_success:
            return answer
        raise Failure(_refusal(answer))

    def alerts(self) -> list[dict[str, Any]]:
        """All alerts of the account, the earliest first."""
        return self.all("alerts")

    def devices(self) -> list[dict[str, Any]]:
        """All devices of the account, by name."""
        return self.all("devices")

    def all(self, *path: str) -> list[dict[str, Any]]:
        """All rows of a list, page by page; the last segment of its path is what they are called."""
        found, query = [], None
        while True:
            page = self.call("GET", *path, query=query)
            if page is None or not page.keys() >= {path[-1], "next"}:
                raise Failure(_NO_CLOUD.format(self._client.base_url.host))
            found += page[path[-1]]
            if not page["next"]:
                return found
            query = {"after": page["next"]}

    @contextmanager
    def changes(self, last: str | None) -> Iterator[Iterator[Event]]:
        """What happens in the account, as it happens; `last`: the id of the last event that came, to go on from there.

        It ends when the cloud ends it. Raises Failure.
        """
        headers = {} if last is None else {"Last-Event-ID": last}
        timeout = httpx.Timeout(PATIENCE, read=SILENCE)
        try:
            with self._client.stream("GET", f"{PATH}/changes", headers=headers, timeout=timeout) as answer:
                if not answer.is_success:
                    answer.read()
                    raise Failure(_refusal(answer))
                yield events_in(answer.iter_lines())
        except httpx.TransportError as error:
            raise Failure(_why_unreachable(str(self._client.base_url), error)) from error


def runs(data: Path) -> bool:
    """Whether a cloud runs on this data folder."""
    try:
        address_of(data)
    except NotRunningError:
        return False
    return True


@contextmanager
def api_on_this_machine(data: Path, account: str | None) -> Iterator[AccountApi]:
    """The API of the cloud that runs on this folder, with a token for this command alone."""
    with records.opened(data) as store:
        owner = records.account_of(store, account)
        with shown_in_one_line(NotRunningError):
            address = address_of(data)
        token = records.command_token(store, owner.account_id)
    with _client(address.url, data / "ca.pem", token, by_proxy=False) as client:
        yield AccountApi(client)


@contextmanager
def api_at(url: str, authority: Path | None, token: str) -> Iterator[AccountApi]:
    """The API of a cloud anywhere."""
    if not (token.isascii() and token.isprintable() and token and " " not in token):
        raise Failure("the account's token is of printable ASCII characters without blanks; give it as it was shown")
    with shown_in_one_line(httpx.InvalidURL):
        by_proxy = httpx.URL(url).host not in _THIS_MACHINE  # where the environment names one
    with _client(url, authority, token, by_proxy=by_proxy) as client:
        yield AccountApi(client)


def _client(url: str, authority: Path | None, token: str, *, by_proxy: bool) -> httpx.Client:
    if not url.startswith("https://"):
        raise Failure(f"{url!r} is not the address of a cloud; write it like https://HOST:8443")
    try:
        tls = ssl.create_default_context(cafile=authority)
    except OSError as error:
        reason = "it is no PEM file of certificates" if isinstance(error, ssl.SSLError) else error.strerror
        raise Failure(f"{authority} cannot be the cloud's authority ({reason}); give its ca.pem with --ca") from error
    headers = {"Authorization": f"Bearer {token}"}
    with shown_in_one_line(httpx.InvalidURL):
        return httpx.Client(base_url=url, headers=headers, verify=tls, timeout=PATIENCE, trust_env=by_proxy)


_NO_CLOUD = "{} answered, but not as a bellwire cloud does; is the address right?"


def _said_by(answer: httpx.Response) -> dict[str, Any]:
    try:
        said = answer.json()
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise Failure(_NO_CLOUD.format(answer.url.host))
    return said


def _why_unreachable(url: str, error: httpx.RequestError) -> str:
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        reason = text.rpartition("failed: ")[2].partition(" (_ssl")[0]
        return f"the certificate of {url} is not trusted ({reason}); give the cloud's own authority with --ca"
    if isinstance(error, httpx.TimeoutException):
        return f"{url} did not answer within {PATIENCE:.0f} s"
    return f"{url} cannot be reached ({text.rpartition('] ')[2]}); is the cloud running there?"


def _refusal(answer: httpx.Response) -> str:
    try:
        told = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        return f"{answer.url.host} answered {answer.status_code}; is a bellwire cloud running there?"
    return f"the cloud says: {told}"
