"""The transport, as a device keeps it: one connection, its events, what it sends again, how it comes back."""

import asyncio
from contextlib import suppress

from bellwire.conformance.case import Case, Level, Side, Unmet, expect
from bellwire.conformance.played_cloud import TO_COME_BACK
from bellwire.conformance.stands import DeviceStand
from bellwire.protocol.profiles.profile import Profile, UnknownDirective

_AT_MOST = 8
"""Connects in five seconds: a quarter of a second, then twice as long each time, is four or five."""

_TO_BE_CAUGHT = 2.5
"""Seconds in which a device tries again once or twice."""


async def _downchannel(at: DeviceStand) -> None:
    downchannel = await at.cloud.is_online()
    authorization = downchannel.headers.get("authorization", "")
    expect(at.profile.token_of(authorization), "an Authorization header with a token", f"{authorization[:20]!r}")


async def _one_connection(at: DeviceStand) -> None:
    downchannel = await at.cloud.is_online()
    payload = at.alert()
    await at.cloud.says("Alerts.SetAlert", payload)
    heard = await at.cloud.heard.take("Alerts.SetAlertSucceeded", payload["token"])
    expect(
        heard.connection == downchannel.connection.number,
        "events over the connection of the downchannel",
        "another one",
    )


async def _framed(at: DeviceStand) -> None:
    payload = at.alert()
    await at.cloud.says("Alerts.SetAlert", payload)
    heard = await at.cloud.heard.take("Alerts.SetAlertSucceeded", payload["token"])
    kind = heard.headers.get("content-type", "")
    expect(kind.startswith("multipart/form-data"), "multipart/form-data", kind)
    authorization = heard.headers.get("authorization", "")
    expect(at.profile.token_of(authorization), "an Authorization header with every event", f"{authorization[:20]!r}")


async def _ids(at: DeviceStand) -> None:
    found = []
    for _ in range(2):
        payload = at.alert()
        await at.cloud.says("Alerts.SetAlert", payload)
        found.append(await at.cloud.heard.take("Alerts.SetAlertSucceeded", payload["token"]))
    ids = [each.header.get("messageId") for each in found]
    expect(all(isinstance(each, str) and each for each in ids), "a messageId in every header", ids)
    expect(ids[0] != ids[1], "messageIds that differ", ids)


async def _frame_ping(at: DeviceStand) -> None:
    connection = (await at.cloud.is_online()).connection
    before = connection.pongs
    connection.ping()
    await at.cloud.until(lambda: connection.pongs > before, "an answer to PING")


async def _comes_back(at: DeviceStand) -> None:
    await at.cloud.is_online()
    at.cloud.cuts()
    await at.cloud.until(lambda: at.cloud.downchannel is None, "the end of the connection")
    await at.cloud.is_online()


async def _goaway(at: DeviceStand) -> None:
    downchannel = await at.cloud.is_online()
    downchannel.connection.says_goaway()
    await at.cloud.until(lambda: at.cloud.downchannel is not downchannel, "the end of the connection")
    await at.cloud.is_online()


async def _ended(at: DeviceStand) -> None:
    downchannel = await at.cloud.is_online()
    asked = len(at.cloud.downchannels)
    downchannel.ends()
    opened = "a new downchannel after the old one has ended"
    await at.cloud.until(lambda: len(at.cloud.downchannels) > asked, opened, within=TO_COME_BACK)


async def _patient(at: DeviceStand) -> None:
    at.cloud.is_refusing = True
    at.cloud.cuts()
    before = len(at.cloud.downchannels)
    await asyncio.sleep(5.0)
    tries = len(at.cloud.downchannels) - before
    at.cloud.is_refusing = False
    expect(tries <= _AT_MOST, f"no more than {_AT_MOST} tries in 5 s at a cloud that answers 500", tries)
    await at.cloud.until(
        lambda: at.cloud.downchannel is not None, "a downchannel when the cloud is well", within=TO_COME_BACK
    )


async def _distrusts(at: DeviceStand) -> None:
    await at.cloud.is_online()
    before = len(at.cloud.downchannels)
    async with at.cloud.is_another():
        with suppress(Unmet):
            await at.cloud.until(lambda: len(at.cloud.downchannels) > before, "a word", within=_TO_BE_CAUGHT)
        asked = len(at.cloud.downchannels) > before
    expect(not asked, "no request to a cloud whose certificate another authority has signed", "it asks, with its token")
    await at.cloud.until(
        lambda: at.cloud.downchannel is not None, "a downchannel when the cloud is back", within=TO_COME_BACK
    )


async def _again(at: DeviceStand) -> None:
    payload = at.alert()
    at.cloud.answers.append(("Alerts.SetAlertSucceeded", 500))
    await at.cloud.says("Alerts.SetAlert", payload)
    await at.cloud.heard.take("Alerts.SetAlertSucceeded", payload["token"])
    await at.cloud.heard.take("Alerts.SetAlertSucceeded", payload["token"], within=15.0)


async def _not_again(at: DeviceStand) -> None:
    payload = at.alert()
    at.cloud.answers.append(("Alerts.SetAlertSucceeded", 400))
    await at.cloud.says("Alerts.SetAlert", payload)
    await at.cloud.heard.take("Alerts.SetAlertSucceeded", payload["token"])
    await at.cloud.heard.none("Alerts.SetAlertSucceeded", payload["token"], within=1.5)


async def _once(at: DeviceStand) -> None:
    payload = at.alert()
    await at.cloud.says("Alerts.SetAlert", payload)
    await at.cloud.heard.take("Alerts.SetAlertSucceeded", payload["token"])
    await at.cloud.heard.none("Alerts.SetAlertSucceeded", payload["token"], within=1.0)


async def _unknown_ignored(at: DeviceStand) -> None:
    await at.cloud.says("Alerts.FlashLights", {"color": "amber"})
    await at.sets()


async def _foreign_ignored(at: DeviceStand) -> None:
    await at.cloud.says("AudioPlayer.Play", {"url": "none"})
    await at.sets()


async def _no_json(at: DeviceStand) -> None:
    await at.cloud.is_online()
    await at.cloud.says_raw(b"this is no JSON")
    await at.sets()


async def _late(at: DeviceStand) -> None:
    """What happened while the network was gone is reported when it is back."""
    token = await at.sets(seconds=2)
    at.cloud.is_refusing = True
    at.cloud.cuts()
    await asyncio.sleep(3.0)
    at.cloud.is_refusing = False
    await at.starts(token, within=30.0)


def _ignores(profile: Profile) -> bool:
    return profile.unknown_directive is UnknownDirective.IGNORE


async def _introduces(at: DeviceStand) -> None:
    downchannel = await at.cloud.is_online()
    described = at.profile.describe(downchannel.headers)
    expect(described.details and not described.warnings, "headers that tell what the device is", described.warnings)


def _case(number: str, title: str, run: object, clause: str, **more: object) -> Case:
    return Case(f"transport/{number}", title, Side.DEVICE, run, (f"practice/{clause}",), **more)  # type: ignore[arg-type]


_SHOULD = Level.SHOULD
CASES = (
    _case("connection/1", "opens the downchannel with its token", _downchannel, "downchannel"),
    _case("connection/2", "sends events over the connection of the downchannel", _one_connection, "no-downchannel"),
    _case("connection/3", "sends events as multipart/form-data, each with its token", _framed, "event-form"),
    _case("connection/4", "gives each event a messageId of its own", _ids, "message-id"),
    _case("connection/5", "answers PING", _frame_ping, "ping"),
    _case("connection/6", "connects again when the connection was cut", _comes_back, "reconnect"),
    _case("connection/7", "connects again after GOAWAY", _goaway, "reconnect"),
    _case("connection/8", "opens a new downchannel when the old one has ended", _ended, "reconnect"),
    # Before those that have it wait longer and longer.
    _case("connection/11", "takes no certificate of another authority", _distrusts, "authority"),
    _case("connection/9", "waits longer and longer at a cloud that fails", _patient, "backoff"),
    _case("connection/10", "says what it is in its version's headers", _introduces, "agent", level=_SHOULD),
    _case("delivery/1", "sends a report again that was answered 500", _again, "retry", level=_SHOULD),
    _case("delivery/2", "does not send a report again that was answered 400", _not_again, "retry", level=_SHOULD),
    _case("delivery/3", "does not send a report again that was taken", _once, "retry"),
    _case(
        "delivery/4",
        "rings without the cloud, and reports it later",
        _late,
        "offline",
        level=_SHOULD,
        applies=lambda profile: not _ignores(profile),
    ),
    _case(
        "directives/1",
        "ignores a directive that it does not know",
        _unknown_ignored,
        "unknown-directive",
        applies=_ignores,
    ),
    _case(
        "directives/2",
        "goes on after a directive of a namespace that it does not serve",
        _foreign_ignored,
        "unknown-directive",
    ),
    _case("directives/3", "goes on after a part that is no JSON", _no_json, "unknown-directive"),
)
