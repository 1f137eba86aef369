"""An emulated cloud as a test holds it: each method one request to its control.

It knows the control's routes; it must not know pytest. Methods wait in the thread that calls them: in a coroutine, call
them with `asyncio.to_thread`.
"""

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from bellwire.cli.processes import Process

TO_START = 60.0
"""Seconds for the process to serve, on a busy machine."""
_PATIENCE = 30.0
"""Seconds for an answer, beside what it is to wait for."""

Json = dict[str, Any]


class ControlError(Exception):
    """The emulated cloud cannot do what was asked; the text says why."""


@dataclass(frozen=True)
class Device:
    """A paired device: what firmware needs to know."""

    device_id: str
    access_token: str
    profile: str
    downchannel_url: str
    events_url: str


class EmulatedCloud:
    """A real cloud, its account, its clock and its faults."""

    def __init__(self, control: str) -> None:
        """`control`: where `bellwire emulate` says that its control is."""
        self.control = control
        self._client = httpx.Client(base_url=control, timeout=_PATIENCE)
        self._state: Json = self._asks("GET", "/")
        self._account: httpx.Client | None = None

    def close(self) -> None:
        """Be done with it; the cloud itself goes on."""
        self._forget_account()
        self._client.close()

    @property
    def url(self) -> str:
        """Where devices connect: https://localhost:PORT."""
        return str(self._state["url"])

    @property
    def ca(self) -> Path:
        """The file of the authority that devices must trust."""
        return Path(self._state["ca"])

    @property
    def account(self) -> httpx.Client:
        """The account API, past all faults: ``cloud.account.get("alerts").json()``."""
        if self._account is None:
            self._account = httpx.Client(
                base_url=f"{self._state['account_url']}/api/v1/",
                headers={"authorization": f"Bearer {self._state['account_token']}"},
                verify=ssl.create_default_context(cafile=str(self.ca)),
                timeout=_PATIENCE,
            )
        return self._account

    @property
    def account_token(self) -> str:
        """For the account API, and for apps under test."""
        return str(self._state["account_token"])

    @property
    def now(self) -> datetime:
        """What the cloud's clock shows, in UTC."""
        return datetime.fromisoformat(self._asks("GET", "/")["time"])

    def reset(self, timezone: str = "UTC") -> None:
        """Begin anew: a new account in this time zone, the real time, no faults, no devices, nothing said."""
        self._forget_account()
        self._state = self._asks("POST", "/reset", {"timezone": timezone})

    def pair(self, profile: str | None = None, name: str = "device under test") -> Device:
        """A new device of the account, which speaks this version of the protocol; else the newest."""
        wish = {"name": name} if profile is None else {"name": name, "profile": profile}
        return Device(**self._asks("POST", "/pair", wish))

    def unpair(self, device: Device) -> None:
        """End a device's pairing."""
        self._asks("DELETE", f"/devices/{device.device_id}")

    def alert(
        self,
        label: str = "",
        *,
        in_: str | None = None,
        at: str | None = None,
        kind: str = "REMINDER",
        every: str | None = None,
        **more: Any,
    ) -> str:
        """Add an alert, due `in_` 5s, 10m, 1h30m by the cloud's clock, or `at` 07:00 or an instant; gives its token.

        `kind`: ALARM, TIMER, REMINDER or ACTIONTIMER; `every`: daily, weekday, mon,wed, a rule of RFC 5545. `more`: as
        the account API takes it.
        """
        wish = {"label": label, "in": in_, "at": at, "kind": kind, "every": every, **more}
        added = self._asks("POST", "/alerts", {key: value for key, value in wish.items() if value is not None})
        return str(added["token"])

    def delete_alert(self, token: str) -> None:
        """Delete an alert."""
        self._asks("DELETE", f"/alerts/{token}")

    def expect(self, name: str, *, token: str | None = None, device: Device | None = None, within: float = 5.0) -> Json:
        """The next event that the cloud took, or directive that was sent, of this name; each is given once.

        What came before the call counts, unless it was given before. `within`: seconds of real time, 60 at most.
        Raises AssertionError when it does not come.
        """
        __tracebackhide__ = True
        found: Json = self._expects(name, token, device, within, none=False)
        return found

    def expect_none(
        self, name: str, *, token: str | None = None, device: Device | None = None, within: float = 1.0
    ) -> None:
        """Wait so many seconds. Raises AssertionError when such a message is there, or comes meanwhile."""
        __tracebackhide__ = True
        self._expects(name, token, device, within, none=True)

    # Time

    def advance(self, by: str) -> datetime:
        """Have the cloud's clock show a time that is so much later: 10s, 1h30m, 2d; gives it."""
        return self._sets_time(advance=by)

    def set_time(self, at: datetime | str, *, runs: bool = True) -> datetime:
        """Have the cloud's clock show this instant, and go on from there or stand still."""
        return self._sets_time(at=at if isinstance(at, str) else at.isoformat(), runs=runs)

    def stop_time(self) -> datetime:
        """Have the cloud's clock stand still until it is advanced or set."""
        return self._sets_time(runs=False)

    # Faults

    def drop(self, name: str | None = None, *, times: int | None = 1) -> None:
        """Lose the next messages of this name; `times` None: until `heal`."""
        self.fault("drop", name=name, times=times)

    def delay(self, seconds: float, name: str | None = None, *, times: int | None = 1) -> None:
        """Hold the next messages of this name up."""
        self.fault("delay", name=name, times=times, seconds=seconds)

    def answer(
        self, status: int, name: str | None = None, *, times: int | None = 1, retry_after: int | None = None
    ) -> None:
        """Answer the next events of this name so; the cloud does not hear of them.

        "downchannel" is the name of the request for one. `retry_after`: seconds, of 429 and 503.
        """
        self.fault("status", name=name, times=times, status=status, seconds=retry_after)

    def cut(self, seconds: float | None = None) -> None:
        """End all connections; for so many seconds, each new one as well."""
        self.fault("cut", seconds=seconds)

    def stall(self, seconds: float | None = None) -> None:
        """Accept connections, and have nothing pass over any, for so many seconds or until `heal`."""
        self.fault("stall", seconds=seconds)

    def wrong_certificate(self, seconds: float | None = None, *, certificate: str = "authority") -> None:
        """End all connections, and show who connects a certificate that nobody should take.

        `certificate`: what is wrong with it: its authority, its name, or that it is expired.
        """
        self.fault("wrong-certificate", seconds=seconds, certificate=certificate)

    def fault(self, fault: str, **how: Any) -> None:
        """Have something go wrong, as POST /faults takes it."""
        self._asks("POST", "/faults", {"fault": fault, **{key: value for key, value in how.items() if value is not None
                                                          or key == "times"}})  # fmt: skip

    def heal(self) -> None:
        """Nothing goes wrong any more."""
        self._asks("DELETE", "/faults")

    # What was said

    @property
    def conversation(self) -> str:
        """A line for each message: >> from the device, << from the cloud, -- what went on beside."""
        return self._client.get("/conversation").text

    @property
    def messages(self) -> list[Json]:
        """The same for programs, each message whole."""
        said: list[Json] = self._asks("GET", "/messages")
        return said

    def _expects(self, name: str, token: str | None, device: Device | None, within: float, *, none: bool) -> Any:
        __tracebackhide__ = True
        query: Json = {"name": name, "within": within, "none": none}
        query |= {"token": token} if token else {}
        query |= {"device": device.device_id} if device else {}
        answer = self._client.get("/expect", params=query, timeout=within + _PATIENCE)
        if answer.status_code in {404, 409}:
            raise AssertionError(answer.json()["detail"])
        return _json(answer)

    def _sets_time(self, **wish: Any) -> datetime:
        return datetime.fromisoformat(self._asks("POST", "/time", wish)["time"])

    def _asks(self, method: str, path: str, body: Json | None = None) -> Any:
        return _json(self._client.request(method, path, json=body))

    def _forget_account(self) -> None:
        if self._account is not None:
            self._account.close()
        self._account = None


def _json(answer: httpx.Response) -> Any:
    if not answer.is_success:
        raise ControlError(answer.json()["detail"])
    return answer.json() if answer.content else None


@contextmanager
def emulated(log: Path) -> Iterator[EmulatedCloud]:
    """An emulated cloud in a process of its own, which ends with the block, or with this process. `log`: its stderr."""
    with Process("emulate", "--attached", "--json", log=log) as process:
        cloud = EmulatedCloud(json.loads(process.line(TO_START))["control"])
        try:
            yield cloud
        finally:
            cloud.close()
