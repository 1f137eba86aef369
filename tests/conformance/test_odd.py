"""A device may say anything: the kit goes on, says what was wrong, and comes to its end."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from bellwire.conformance.buttons import NoButtons
from bellwire.conformance.case import Case, Side
from bellwire.conformance.cases import chosen
from bellwire.conformance.heard import Heard, Json, Messages
from bellwire.conformance.played_cloud import Downchannel, PlayedCloud
from bellwire.conformance.record import Record
from bellwire.conformance.runner import Outcome, Result, run
from bellwire.conformance.stands import DeviceStand
from bellwire.protocol.profiles import PROFILES
from bellwire.protocol.profiles.profile import Profile

STATE = {"namespace": "Alerts", "name": "AlertsState"}
CONTEXTS: dict[str, Any] = {
    "none": None,
    "empty": [],
    "a number": 7,
    "of words": ["x", None],
    "without headers": [{}, {"header": None}, {"header": "x"}],
    "without a payload": [{"header": STATE}],
    "with a list for a payload": [{"header": STATE, "payload": [1]}],
    "with null for its alerts": [{"header": STATE, "payload": {"allAlerts": None, "activeAlerts": None}}],
    "with words for its alerts": [{"header": STATE, "payload": {"allAlerts": ["a"], "activeAlerts": [None]}}],
    "with alerts that are empty": [{"header": STATE, "payload": {"allAlerts": [{}], "activeAlerts": [{"token": 5}]}}],
}
PAYLOADS: dict[str, Any] = {
    "as it should be": ...,
    "null": None,
    "a list": [1],
    "a word": "x",
    "empty": {},
    "with a number for a token": {"token": 5, "type": 7},
    "with odd tokens": {"tokens": [5, None, {}]},
}


class OddCloud(PlayedCloud):
    """Hears from a device that answers each directive with a report which says these things."""

    def __init__(self, profile: Profile, context: Any, payload: Any) -> None:
        super().__init__(profile, Record(lambda: datetime.now(UTC)), 0.01)
        self.downchannel = cast("Downchannel", object())  # it is there: none is asked of it
        self._context = context
        self._payload = payload

    async def says(self, name: str, payload: Json | None = None) -> None:
        said = payload or {}
        token = {"token": said.get("token"), "type": said.get("type")}
        for report in ("SetAlertSucceeded", "SetAlertFailed", "DeleteAlertSucceeded", "AlertStarted", "AlertStopped"):
            for each in (token, token if self._payload is ... else self._payload):
                event = {"header": {"namespace": "Alerts", "name": report}, "payload": each}
                self.heard.add(Heard(b"", datetime.now(UTC), event, self._context))

    async def says_raw(self, directive: bytes) -> None:
        await self.says("")

    async def is_online(self) -> Any:
        await asyncio.sleep(0)


async def _results(profile: Profile, cases: tuple[Case, ...], context: Any, payload: Any) -> AsyncIterator[Result]:
    cloud = OddCloud(profile, context, payload)
    stand = DeviceStand(profile, cloud, NoButtons(), 0.01)
    async for result in run(cases, stand, Record(lambda: datetime.now(UTC))):
        yield result


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("context", CONTEXTS)
def test_what_a_device_says_is_judged_whatever_it_is(context: str, payload: str) -> None:
    profile = PROFILES["cic-ko-2022"]
    names = ["alerts/Introduction/[56]", "alerts/SetAlert/1[12]", "alerts/DeleteAlert/[347]", "alerts/AlertStopped/10"]
    cases = chosen(Side.DEVICE, profile, names)

    async def all_of_them() -> list[Result]:
        return [result async for result in _results(profile, cases, CONTEXTS[context], PAYLOADS[payload])]

    results = {result.case.id: result for result in asyncio.run(all_of_them())}
    assert len(results) == len(cases) == 8
    assert results["alerts/Introduction/5"].outcome is Outcome.FAILED or context.startswith("with ")
    assert results["alerts/Introduction/6"].outcome is Outcome.FAILED
    assert not any("Error" in result.came for result in results.values()), results


def test_tokens_are_words() -> None:
    messages = Messages(0.0)
    for payload in PAYLOADS.values():
        said = {"header": {"namespace": "Alerts", "name": "AlertStarted"}, "payload": payload}
        messages.add(Heard(b"", datetime.now(UTC), said))
    assert [heard.tokens for heard in messages.waiting] == [()] * len(PAYLOADS)


def test_what_a_case_does_not_understand_is_a_failure_that_names_the_case() -> None:
    """Not the end of the run: what comes after it is checked, too."""

    async def stumbles(_: Any) -> None:
        dict[str, int]()["payload"]

    async def passes(_: Any) -> None:
        pass

    cases = (
        Case("alerts/SetAlert/1", "stumbles", Side.DEVICE, stumbles),
        Case("alerts/SetAlert/2", "passes", Side.DEVICE, passes),
    )

    async def both() -> list[Result]:
        stand = DeviceStand(PROFILES["cic-ko-2022"], OddCloud(PROFILES["cic-ko-2022"], [], ...), NoButtons(), 0.01)
        return [result async for result in run(cases, stand, Record(lambda: datetime.now(UTC)))]

    first, second = asyncio.run(both())
    assert (first.outcome, second.outcome) == (Outcome.FAILED, Outcome.PASSED)
    assert first.expected == "something that this case can read"
    assert "KeyError: 'payload'" in first.came


def test_who_is_gone_is_not_waited_for_again_and_again() -> None:
    """A device that a case has ended for good: that is said once, and not seventy times."""
    cloud = OddCloud(PROFILES["cic-ko-2022"], [], ...)

    async def ends_it(_: Any) -> None:
        cloud.downchannel = None

    async def never(_: Any) -> None:
        raise AssertionError("it is not there")

    cases = [Case(f"alerts/SetAlert/{number}", "", Side.DEVICE, never) for number in (2, 3, 4)]
    cases.insert(0, Case("alerts/SetAlert/1", "", Side.DEVICE, ends_it))

    async def all_of_them() -> list[Result]:
        stand = DeviceStand(cloud.profile, cloud, NoButtons(), 0.01, to_come_back=0.01)
        return [result async for result in run(cases, stand, Record(lambda: datetime.now(UTC)))]

    first, second, *others = asyncio.run(all_of_them())
    assert (first.outcome, second.outcome) == (Outcome.PASSED, Outcome.FAILED)
    assert second.expected.startswith("a downchannel of the device, which was gone")
    assert {(each.outcome, each.came) for each in others} == {(Outcome.SKIPPED, "it is gone since alerts/SetAlert/2")}
    assert len(others) == 2
