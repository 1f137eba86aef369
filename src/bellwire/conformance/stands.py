"""What a case works with: the other side, played by the kit, and the people who use it.

It knows how an alert comes to be on either side and is cleared away again; it must not know what a case looks for.
"""

import asyncio
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bellwire.conformance.buttons import Buttons
from bellwire.conformance.case import Unmet, expect
from bellwire.conformance.heard import Heard, Json
from bellwire.conformance.owner import Owner
from bellwire.conformance.played_cloud import DOWNLOADS, PlayedCloud
from bellwire.conformance.played_device import Answer, PlayedDevice
from bellwire.protocol.profiles.profile import Profile

FAR = 3600.0
"""Seconds ahead of an alert that shall not ring while a case looks at it."""
SOON = 1.0
"""Seconds ahead of one that shall."""
LONGEST_AWAY = 90.0
"""Seconds: a device in the field waits 64 between two tries, and half as much again."""
_A_MOMENT = 2.0
"""Seconds that a side has to clear away what a case has left."""


@dataclass
class CloudStand:
    """For cases that check a cloud."""

    profile: Profile
    device: PlayedDevice
    owner: Owner
    patience: float
    _added: list[str] = field(default_factory=list)

    async def is_there(self) -> None:
        """Whether a cloud answers is seen at once, by each case."""

    async def adds(
        self,
        kind: str = "ALARM",
        seconds: float = FAR,
        *,
        label: str = "",
        every: str = "once",
        is_online: bool = True,
    ) -> str:
        """The owner has an alert set, while the device is online or as it is; its token."""
        if is_online:
            await self.device.is_online()
        token = await self.owner.add(kind, seconds, label=label, every=every)
        self._added.append(token)
        return token

    async def sets(self, kind: str = "ALARM", seconds: float = FAR, *, label: str = "", every: str = "once") -> Heard:
        """The same, and the SetAlert that the device is told then."""
        token = await self.adds(kind, seconds, label=label, every=every)
        return await self.device.heard.take("Alerts.SetAlert", token)

    async def rings(self, *, every: str = "once") -> str:
        """An alert is set, its time comes, and the device says that it rings; its token."""
        heard = await self.sets(seconds=SOON, every=every)
        [token] = heard.tokens
        await asyncio.sleep(max(0.0, (time_of(heard.payload) - datetime.now(UTC)).total_seconds()))
        self.takes(await self.device.starts(token))
        return token

    def takes(self, answer: Answer) -> None:
        """The cloud has taken an event."""
        expect(answer.status in {200, 204}, "the event to be taken (200 or 204)", f"{describe(answer)}")

    def refuses(self, answer: Answer, status: int) -> None:
        """The cloud has refused it with this status (of the version that says 401 where others say 403: that one)."""
        said = self.profile.statuses.get(status, status)
        expect(answer.status == said, f"status {said}", f"{describe(answer)}")
        payload = answer.exception(self.profile.error_form)
        expect(payload is not None, f"a body that is {self.profile.error_form}", f"{describe(answer)}")
        code, description = (payload or {}).get("code"), (payload or {}).get("description")
        expect(code == self.profile.error_code(said), f"code {self.profile.error_code(said)!r}", f"{code!r}")
        expect(isinstance(description, str) and description, "a description in words", f"{description!r}")

    async def clear(self) -> None:
        """What the case has added goes again, and what was heard meanwhile is forgotten."""
        self.device.obeys = True
        for token in self._added:
            await self.owner.delete(token)
        if self._added and self.device.downchannel is not None:
            await _until(lambda: not (self.device.alerts.keys() & set(self._added)))
        self.device.ringing.clear()
        self._added.clear()
        self.device.heard.clear()


@dataclass
class DeviceStand:
    """For cases that check a device."""

    profile: Profile
    cloud: PlayedCloud
    buttons: Buttons
    patience: float
    to_come_back: float = LONGEST_AWAY
    """Seconds that it may be away between two cases: it starts anew, or waits longer and longer."""
    _told: set[str] = field(default_factory=set)

    async def is_there(self) -> None:
        """Wait for the device. Raises Unmet when it does not connect again."""
        back = "a downchannel of the device, which was gone"
        await self.cloud.until(lambda: self.cloud.downchannel is not None, back, within=self.to_come_back)

    def alert(self, kind: str = "ALARM", seconds: float = FAR, *, token: str = "", **more: Any) -> Json:
        """The payload of a good SetAlert, due in at least so many seconds, with `more` in it."""
        due = (datetime.now(UTC) + timedelta(seconds=seconds + 0.999)).replace(microsecond=0)
        payload: Json = {
            "token": token or str(uuid.uuid4()),
            "type": kind,
            "scheduledTime": self.profile.format_time(due),
        }
        rows = self.profile.directives["Alerts", "SetAlert"].fields
        if any(row.path == "label" and kind in row.with_types for row in rows):
            payload["label"] = "Take your medicine"
        self._told.add(payload["token"])
        return {**payload, **more}

    def sound(self, name: str) -> str:
        """The url of a sound of the kit."""
        return f"{self.cloud.url}{DOWNLOADS}{name}"

    async def sets(self, kind: str = "ALARM", seconds: float = FAR, *, token: str = "", **more: Any) -> str:
        """The device is told to set an alert, and says that it did; its token."""
        payload = self.alert(kind, seconds, token=token, **more)
        await self.cloud.says("Alerts.SetAlert", payload)
        await self.cloud.heard.take("Alerts.SetAlertSucceeded", payload["token"])
        return str(payload["token"])

    async def rings(self, kind: str = "ALARM", **more: Any) -> str:
        """An alert is set and rings; its token."""
        token = await self.sets(kind, SOON, **more)
        await self.starts(token, within=SOON + self.patience)
        return token

    async def starts(self, token: str, *, within: float) -> Heard:
        """The device says that it rings."""
        return await self.cloud.heard.take("Alerts.AlertStarted", token, within=within)

    def about(self, token: str, kind: str = "ALARM", *, name: str = "DeleteAlert") -> Json:
        """The payload of a directive about one alert."""
        values = {"token": token, "type": kind}
        return {row.path: values[row.path] for row in self.profile.directives["Alerts", name].fields}

    async def silences(self, token: str, kind: str = "ALARM") -> None:
        """The device is told, in its version's word, that the alert shall not go on ringing."""
        name = self.profile.silencing.__name__
        await self.cloud.says(f"Alerts.{name}", self.about(token, kind, name=name))

    async def clear(self) -> None:
        """What the case has told goes again, and what was heard meanwhile is forgotten."""
        self.cloud.alerts.clear()
        self.cloud.answers.clear()
        self.cloud.is_refusing = False
        if self.cloud.downchannel is not None:
            for token in self._told:
                await self.cloud.says("Alerts.DeleteAlert", self.about(token))
            for token in self._told:
                await self._deleted(token)
        self._told.clear()
        self.cloud.sounds.clear()
        self.cloud.fetched.clear()
        self.cloud.heard.clear()

    async def _deleted(self, token: str) -> None:
        try:
            await self.cloud.heard.take("Alerts.DeleteAlertSucceeded", token, within=_A_MOMENT)
        except Unmet:
            return  # that it does not delete is found by the case that looks for it


def time_of(alert: Json) -> datetime:
    """When an alert rings. Raises Unmet when its scheduledTime is no time with a zone."""
    text = alert.get("scheduledTime")
    try:
        time = datetime.fromisoformat(text or "")
    except (TypeError, ValueError):
        time = None
    if time is None or time.tzinfo is None:
        raise Unmet("a scheduledTime with its zone", f"{text!r}")
    return time


def describe(answer: Answer) -> str:
    """An answer in a line."""
    return f"{answer.status} {answer.headers.get('content-type', '')} {answer.body[:300]!r}".strip()


async def _until(done: Any) -> None:
    """Wait a moment for something that is no case's affair."""
    for _ in range(int(_A_MOMENT / 0.02)):
        if done():
            return
        await asyncio.sleep(0.02)
