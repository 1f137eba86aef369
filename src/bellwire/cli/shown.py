"""What a speaker's face has to show: what came of all the lines that the speaker has said so far.

It knows the events of `face.Face` and of `code_face.CodeFace`, as their JSON has them; it must not know how anything is
laid out, nor read a clock.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from bellwire.cli.conversation import Direction
from bellwire.device.grant import DeviceCode

KEPT = 500
"""Messages and notices that can be looked back at."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert on the speaker."""

    token: str
    kind: str
    label: str
    time: datetime
    is_over: bool = False
    """It has rung, and the cloud's word is awaited."""
    is_snoozed: bool = False
    """It has rung, and rings again at its time."""


class Message(NamedTuple):
    """A message that passed on the wire."""

    at: datetime
    direction: Direction
    name: str
    payload: str


class Notice(NamedTuple):
    """Something that a person should know."""

    at: datetime
    text: str
    is_wrong: bool = False


@dataclass
class Shown:
    """Everything that is to be seen of a speaker. `take` lets it follow."""

    cloud: str
    """Its address."""
    is_pairing: bool = False
    """Nobody's, until a code is confirmed."""
    code: DeviceCode | None = None
    code_until: datetime | None = None
    is_connected: bool = False
    reason: str = ""
    """Why it is not; empty: it is not known yet."""
    alerts: dict[str, Alert] = field(default_factory=dict)
    """By token."""
    ringing: str | None = None
    rings_since: datetime | None = None
    volume: int = 100
    is_muted: bool = False
    is_undisturbed: bool = False
    """Alerts are seen and not heard, but for the exceptions."""
    exceptions: frozenset[str] = frozenset()
    """Kinds of alerts."""
    is_time_doubted: bool = False
    """Nothing rings before the clock is believed."""
    is_plugged: bool = True
    is_talking: bool = False
    log: deque[Message | Notice] = field(default_factory=lambda: deque(maxlen=KEPT))

    def take(self, event: Mapping[str, Any]) -> None:
        """The speaker has said this. What is not known changes nothing: a newer speaker may say more."""
        at = datetime.fromisoformat(event["at"])
        name = event["event"]
        if name in _EVENTS:
            _EVENTS[name](self, at, event)

    @property
    def in_turn(self) -> list[Alert]:
        """The alerts, next one first; what is over comes last."""
        return sorted(self.alerts.values(), key=lambda alert: (alert.is_over, alert.time, alert.token))

    @property
    def what_rings(self) -> Alert | None:
        """What is heard, if it is there."""
        return self.alerts.get(self.ringing or "")

    @property
    def why_unheard(self) -> str:
        """Why what rings is not heard; empty: it is."""
        rings = self.what_rings
        if rings is not None and self.is_undisturbed and rings.kind not in self.exceptions:
            return "do not disturb"
        return "muted" if self.is_muted else "volume 0" if not self.volume else ""

    def notice(self, at: datetime, text: str, *, is_wrong: bool = False) -> None:
        """A person should know this."""
        self.log.append(Notice(at, text, is_wrong))

    # What the speaker says.

    def _connected(self, _at: datetime, event: Mapping[str, Any]) -> None:
        self.cloud, self.is_connected, self.reason = event["cloud"], True, ""

    def _disconnected(self, at: datetime, event: Mapping[str, Any]) -> None:
        self.is_connected, self.reason = False, event["reason"]
        self.notice(at, f"no connection: {self.reason}", is_wrong=True)

    def _moved(self, at: datetime, event: Mapping[str, Any]) -> None:
        self.cloud, self.is_connected, self.reason = event["cloud"], False, ""
        self.notice(at, f"goes to another cloud: {self.cloud}")

    def _set(self, _at: datetime, event: Mapping[str, Any]) -> None:
        time = datetime.fromisoformat(event["scheduled_time"])
        self.alerts[event["token"]] = Alert(event["token"], event["kind"], event["label"], time)

    def _ringing(self, at: datetime, event: Mapping[str, Any]) -> None:
        self.ringing, self.rings_since = event["token"], at
        self.notice(at, f"{_named(event)} rings, {event['late_ms']:g} ms late")

    def _stopped(self, at: datetime, event: Mapping[str, Any]) -> None:
        token = event["token"]
        was_silenced = token == self.ringing or (token in self.alerts and self.alerts[token].is_snoozed)
        if token in self.alerts:
            self.alerts[token] = replace(self.alerts[token], is_over=True, is_snoozed=False)
        self._silent(token)
        self.notice(at, f"{_named(event)} {'stopped' if was_silenced else 'was missed'}", is_wrong=not was_silenced)

    def _snoozed(self, at: datetime, event: Mapping[str, Any]) -> None:
        token, until = event["token"], datetime.fromisoformat(event["until"])
        if token in self.alerts:
            self.alerts[token] = replace(self.alerts[token], time=until, is_snoozed=True)
        self._silent(token)
        self.notice(at, f"{_named(event)} snoozed until {until.astimezone():%H:%M:%S}")

    def _silent(self, token: str) -> None:
        if token == self.ringing:
            self.ringing = self.rings_since = None

    def _removed(self, _at: datetime, event: Mapping[str, Any]) -> None:
        self.alerts.pop(event["token"], None)

    def _volume(self, _at: datetime, event: Mapping[str, Any]) -> None:
        self.volume = event["volume"]

    def _muted(self, _at: datetime, event: Mapping[str, Any]) -> None:
        self.is_muted = event["event"] == "muted"

    def _do_not_disturb(self, _at: datetime, event: Mapping[str, Any]) -> None:
        self.is_undisturbed, self.exceptions = event["is_on"], frozenset(event["exceptions"])

    def _time(self, _at: datetime, event: Mapping[str, Any]) -> None:
        self.is_time_doubted = event["event"] == "time_doubted"

    def _plugged(self, _at: datetime, event: Mapping[str, Any]) -> None:
        self.is_plugged = event["event"] == "plugged"

    def _talk(self, _at: datetime, event: Mapping[str, Any]) -> None:
        self.is_talking = event["event"] == "talk"

    def _not_deleted(self, at: datetime, _event: Mapping[str, Any]) -> None:
        self.notice(at, "alerts are deleted in the account, not on this speaker", is_wrong=True)

    def _message(self, at: datetime, event: Mapping[str, Any]) -> None:
        self.log.append(Message(at, event["direction"], event["name"], event["payload"]))

    def _log(self, at: datetime, event: Mapping[str, Any]) -> None:
        self.notice(at, event["text"], is_wrong=True)

    # What the one says that pairs it.

    def _nobodys(self, at: datetime, event: Mapping[str, Any]) -> None:
        self.is_pairing, self.is_connected, self.reason = True, False, ""
        self.alerts.clear()
        self.ringing = self.rings_since = None
        self.is_muted = self.is_talking = False
        self.is_plugged = True
        self.log.clear()
        self.notice(at, "logged out: nothing of the account is on this speaker any more")
        if event.get("left_to_do"):
            self.notice(at, event["left_to_do"], is_wrong=True)

    def _code(self, at: datetime, event: Mapping[str, Any]) -> None:
        self.is_pairing, self.reason = True, ""
        self.code_until = at + timedelta(seconds=event["expires_in"])
        self.code = DeviceCode(
            device_code="",
            user_code=event["user_code"],
            verification_uri=event["verification_uri"],
            expires_in=event["expires_in"],
            verification_uri_complete=event["verification_uri_complete"],
        )

    def _waiting(self, _at: datetime, event: Mapping[str, Any]) -> None:
        self.is_pairing, self.reason = True, event["reason"]

    def _paired(self, at: datetime, _event: Mapping[str, Any]) -> None:
        self.is_pairing, self.code, self.reason = False, None, ""
        self.notice(at, f"paired with {self.cloud}")


def _named(event: Mapping[str, Any]) -> str:
    return f'{event["kind"]} "{event["label"]}"' if event["label"] else str(event["kind"])


_EVENTS: Mapping[str, Callable[[Shown, datetime, Mapping[str, Any]], None]] = {
    "code": Shown._code,
    "connected": Shown._connected,
    "disconnected": Shown._disconnected,
    "do_not_disturb": Shown._do_not_disturb,
    "hush": Shown._talk,
    "log": Shown._log,
    "logged_out": Shown._nobodys,
    "message": Shown._message,
    "moved": Shown._moved,
    "muted": Shown._muted,
    "not_deleted": Shown._not_deleted,
    "paired": Shown._paired,
    "parted": Shown._nobodys,
    "plugged": Shown._plugged,
    "removed": Shown._removed,
    "ringing": Shown._ringing,
    "set": Shown._set,
    "snoozed": Shown._snoozed,
    "stopped": Shown._stopped,
    "talk": Shown._talk,
    "time_believed": Shown._time,
    "time_doubted": Shown._time,
    "unmuted": Shown._muted,
    "unplugged": Shown._plugged,
    "volume": Shown._volume,
    "waiting": Shown._waiting,
}
