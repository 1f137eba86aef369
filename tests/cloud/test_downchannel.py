"""What is said once, and could not be noted as said: it is said again, and can be known again."""

import asyncio
import json
from collections.abc import MutableMapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from bellwire.alerts.alert import Reserved
from bellwire.cloud.auth import hash_of
from bellwire.cloud.commands import carry_out
from bellwire.cloud.delivery import Downchannel
from bellwire.cloud.downchannel import DownchannelWriter, OpenDownchannel
from bellwire.cloud.identity import DeviceIdentity
from bellwire.cloud.store.accounts import add_account
from bellwire.cloud.store.devices import Device, add_device
from bellwire.cloud.store.opening import connect, open_now
from bellwire.protocol.multipart import MultipartReader, boundary_of
from bellwire.protocol.profiles.clova import CIC_KO_2022
from tests.cloud.conversation import ACCOUNT, CODECS, START
from tests.cloud.store.opened import opened

KITCHEN = DeviceIdentity(ACCOUNT, "kitchen", CIC_KO_2022.name)
ACTIONS = [Reserved("Lights", "Dim", "{}"), Reserved("Lights", "Dim", "{}")]


async def hears(path: Path, count: int) -> list[dict[str, Any]]:
    """The headers of what a new downchannel says, until that is so much; then it ends."""
    answer: dict[bytes, bytes] = {}
    body = bytearray()

    def told() -> list[dict[str, Any]]:
        reader = MultipartReader(boundary_of(answer[b"content-type"].decode()), 1 << 20)
        return [json.loads(part.body)["directive"]["header"] for part in reader.feed(bytes(body))]

    async def send(message: MutableMapping[str, Any]) -> None:
        answer.update(message.get("headers", ()))
        body.extend(message.get("body", b""))
        if len(told()) >= count:
            downchannel.end()

    async def stays() -> dict[str, Any]:
        return await asyncio.Future()

    async with opened(path) as store, asyncio.timeout(10):
        memory = Downchannel(KITCHEN, CIC_KO_2022, "https://cloud", 0, START)
        downchannel = OpenDownchannel(memory, ("127.0.0.1", "1"), "token")
        writer = DownchannelWriter(store, lambda: START, timedelta(seconds=5), cuts_connections=False)
        await writer.write(downchannel, CODECS[KITCHEN.profile], stays, send)
    return told()


def test_what_is_said_again_has_the_same_message_id(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with open_now(path) as rows:
        rows.run(add_account, ACCOUNT, "home", "UTC", START)
        rows.run(add_device, ACCOUNT, Device("kitchen", "kitchen", KITCHEN.profile), hash_of("kitchen"), START)
        rows.run(carry_out, ACCOUNT, ["kitchen"], ACTIONS, START)
    raw = connect(path)
    raw.execute("CREATE TRIGGER as_if_killed BEFORE DELETE ON commands BEGIN SELECT RAISE(ABORT, 'killed'); END")
    raw.close()

    hello, *first = asyncio.run(hears(path, 3))
    greeted, *again = asyncio.run(hears(path, 3))

    assert [each["name"] for each in first] == ["Dim", "Dim"]
    assert first == again
    assert len({each["messageId"] for each in (hello, greeted, *first)}) == 4
