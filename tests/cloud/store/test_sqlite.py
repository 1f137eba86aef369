import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bellwire.cloud.store.accounts import add_account, list_accounts
from bellwire.cloud.store.devices import Device, add_device
from bellwire.cloud.store.errors import StoreClosed, StoreFailed, StoreUnusable
from bellwire.cloud.store.instants import from_ms
from bellwire.cloud.store.opening import open_now
from bellwire.cloud.store.sqlite import SqliteStore
from bellwire.cloud.store.trace import messages_after
from tests.cloud.store.opened import opened

NOW = from_ms(1_795_000_000_000)

WRITER = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from bellwire.cloud.store.accounts import add_account
from bellwire.cloud.store.sqlite import SqliteStore

async def write(store, first):
    for number in range(first, 1_000_000, 8):
        await store.write(add_account, str(number), str(number), "UTC", datetime.now(UTC))
        print(number, flush=True)

async def main():
    store = SqliteStore(Path(sys.argv[1]))
    await store.open()
    await asyncio.gather(*(write(store, first) for first in range(8)))

asyncio.run(main())
"""


def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    answered = [writer.stdout.readline() for _ in range(200)]
    writer.kill()
    answered += writer.stdout.readlines()
    writer.stdout.close()
    writer.wait(10)
    assert all(answered[:200])
    with open_now(path) as store:
        kept = {account.name for account in store.read(list_accounts)}
    # The last line may be cut short by the kill.
    assert {line.strip() for line in answered if line.endswith("\n")} <= kept


def test_another_process_writes_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    script = (
        "from datetime import UTC, datetime\n"
        "from bellwire.cloud.store.accounts import add_account\n"
        "from bellwire.cloud.store.opening import open_now\n"
        f"with open_now({str(path)!r}) as store:\n"
        "    for number in range(100):\n"
        "        store.run(add_account, f'theirs {number}', f'theirs {number}', 'UTC', datetime.now(UTC))\n"
    )

    async def main() -> list[str]:
        async with opened(path) as store:
            other = await asyncio.create_subprocess_exec(sys.executable, "-c", script)
            ours = 0
            while other.returncode is None:
                await store.write(add_account, f"ours {ours}", f"ours {ours}", "UTC", NOW)
                ours += 1
            assert await other.wait() == 0
            accounts = await store.read(list_accounts)
            assert len(accounts) == 100 + ours
            return [account.name for account in accounts]

    asyncio.run(main())


def test_a_read_sees_what_was_answered(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path / "store.db") as store:
            for name in ("a", "b", "c"):
                await store.write(add_account, name, name, "UTC", NOW)
                assert (await store.read(list_accounts))[-1].name == name

    asyncio.run(main())


def test_a_read_must_not_write(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path / "store.db") as store:
            with pytest.raises(StoreFailed, match="writes"):
                await store.read(add_account, "a", "home", "UTC", NOW)
            assert await store.read(list_accounts) == []

    asyncio.run(main())


def test_a_store_that_is_not_open_says_so(tmp_path: Path) -> None:
    async def main() -> None:
        store = SqliteStore(tmp_path / "store.db")
        for _ in range(2):
            with pytest.raises(StoreClosed):
                await store.read(list_accounts)
            with pytest.raises(StoreClosed):
                await store.write(list_accounts)
            with pytest.raises(StoreClosed):
                store.record("d1", NOW, "event", b"{}")
            await store.open()
            await store.close()

    asyncio.run(main())


def test_a_store_that_cannot_be_opened_leaves_nothing_running(tmp_path: Path) -> None:
    async def main() -> None:
        store = SqliteStore(tmp_path)
        with pytest.raises(StoreUnusable):
            await store.open()
        await store.close()

    asyncio.run(main())


def test_the_trace_is_written_soon_without_any_transaction(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path / "store.db") as store:
            await store.write(add_account, "a1", "home", "UTC", NOW)
            await store.write(add_device, "a1", Device("d1", "kitchen", "p"), bytes(32), NOW)
            for round_ in (1, 2):
                store.record("d1", NOW, "event", b"%d" % round_)
                give_up_at = time.monotonic() + 5
                while len(messages := await store.read(messages_after, "a1", "d1", 0, 10)) < round_:
                    assert time.monotonic() < give_up_at
                    await asyncio.sleep(0.01)
            assert [(message.id, message.body) for message in messages] == [(1, b"1"), (2, b"2")]

    asyncio.run(main())


def test_the_trace_is_written_before_the_store_is_closed(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path / "store.db") as store:
            await store.write(add_account, "a1", "home", "UTC", NOW)
            await store.write(add_device, "a1", Device("d1", "kitchen", "p"), bytes(32), NOW)
            store.record("d1", NOW, "directive", b"last words")

    asyncio.run(main())
    with open_now(tmp_path / "store.db") as store:
        assert [message.body for message in store.read(messages_after, "a1", "d1", 0, 10)] == [b"last words"]
