import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import structlog
from structlog.testing import capture_logs

from bellwire.cloud.store import trace
from bellwire.cloud.store.accounts import add_account, list_accounts
from bellwire.cloud.store.connection import Connection
from bellwire.cloud.store.devices import Device, add_device, saw_device
from bellwire.cloud.store.errors import AlreadyExists, StoreBusy, StoreClosed, StoreFailed
from bellwire.cloud.store.group_commit import GroupCommit
from bellwire.cloud.store.instants import from_ms
from bellwire.cloud.store.opening import connect, open_now
from bellwire.cloud.store.sqlite import SqliteStore
from bellwire.cloud.store.trace import messages_after
from bellwire.cloud.store.transaction import Statement, Transaction
from tests.cloud.store.opened import another_writes, opened

NOW = from_ms(1_795_000_000_000)
NOTES = sa.Table("notes", sa.MetaData(), sa.Column("of", sa.Text))
NOTE = Statement(sa.insert(NOTES), "a note, whose account is looked for at the commit only")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store in which a commit can fail."""
    raw = connect(tmp_path / "store.db")
    raw.execute('CREATE TABLE notes ("of" TEXT REFERENCES accounts (account_id) DEFERRABLE INITIALLY DEFERRED)')
    raw.close()
    return tmp_path / "store.db"


@pytest.fixture
def mute(tmp_path: Path) -> Iterator[None]:
    """Every line of the log is an error by itself: its file is closed."""
    with (tmp_path / "log").open("w") as file:
        pass
    before = structlog.get_config()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(file))
    yield
    structlog.configure(**before)


def note(account_id: str) -> Transaction[None]:
    yield NOTE, {"of": account_id}


def add(store: SqliteStore, name: str) -> asyncio.Task[None]:
    return asyncio.create_task(store.write(add_account, name, name, "UTC", NOW))


def names(path: Path) -> list[str]:
    """What another connection sees, which is what is committed."""
    with open_now(path) as store:
        return [account.name for account in store.read(list_accounts)]


def test_one_that_fails_leaves_its_neighbours(path: Path) -> None:
    async def main() -> list[BaseException | None]:
        async with opened(path) as store:
            with another_writes(path):
                tasks = [add(store, name) for name in ("a", "b", "a", "c")]
                await asyncio.sleep(0)
            return await asyncio.gather(*tasks, return_exceptions=True)

    results = asyncio.run(main())
    assert [type(result) for result in results] == [type(None), type(None), AlreadyExists, type(None)]
    assert names(path) == ["a", "b", "c"]


def test_nobody_is_answered_before_the_commit(path: Path) -> None:
    seen: list[tuple[bool, list[str]]] = []

    def look(first: asyncio.Task[None]) -> Transaction[None]:
        yield from list_accounts()
        seen.append((first.done(), names(path)))

    async def main() -> None:
        async with opened(path) as store:
            first = add(store, "a")
            neighbour = asyncio.create_task(store.write(look, first))
            last = add(store, "b")
            await asyncio.wait([first, neighbour, last], return_when=asyncio.FIRST_COMPLETED)
            assert names(path) == ["a", "b"]

    asyncio.run(main())
    assert seen == [(False, [])]


def test_a_commit_that_fails_is_the_failure_of_all_its_callers_and_of_no_others(path: Path) -> None:
    async def main() -> list[BaseException | None]:
        async with opened(path) as store:
            with another_writes(path):
                tasks = [add(store, "a"), asyncio.create_task(store.write(note, "nobody")), add(store, "b")]
                await asyncio.sleep(0)
            failed = await asyncio.gather(*tasks, return_exceptions=True)
            await add(store, "c")
            return failed

    failed = asyncio.run(main())
    assert [type(error) for error in failed] == [StoreFailed] * 3
    assert len({id(error) for error in failed}) == 3
    assert names(path) == ["c"]


def test_a_full_disk_fails_the_batch_and_not_the_writer(path: Path) -> None:
    async def main() -> list[BaseException | None]:
        raw = connect(path)
        raw.execute("PRAGMA max_page_count = 100")
        writer = GroupCommit(Connection(raw), 100, lambda: None)
        futures = [writer.submit(add_account, name, name, "UTC", NOW) for name in ("a", "b" * 1_000_000, "c")]
        failed = await asyncio.gather(*futures, return_exceptions=True)
        await writer.submit(add_account, "d", "d", "UTC", NOW)
        await writer.close()
        return failed

    failed = asyncio.run(main())
    assert [type(error) for error in failed] == [StoreFailed] * 3
    assert names(path) == ["d"]


@pytest.mark.usefixtures("mute")
def test_a_log_that_fails_too_ends_no_writer(path: Path) -> None:
    async def main() -> BaseException | None:
        async with opened(path) as store, asyncio.timeout(5):
            (failed,) = await asyncio.gather(store.write(note, "nobody"), return_exceptions=True)
            await add(store, "a")
            return failed

    assert isinstance(asyncio.run(main()), StoreFailed)
    assert names(path) == ["a"]


@pytest.mark.usefixtures("mute")
def test_what_cannot_be_said_of_the_trace_fails_nobody(path: Path) -> None:
    async def main() -> None:
        async with opened(path) as store, asyncio.timeout(5):
            with another_writes(path):
                for _ in range(trace._MOST_WAITING + 3):
                    store.record("nobody", NOW, "event", b"{}")
                task = add(store, "a")
            await task

    asyncio.run(main())
    assert names(path) == ["a"]


def test_whatever_goes_wrong_with_a_batch_goes_wrong_with_that_alone(path: Path) -> None:
    class Unlucky(Connection):
        def commit(self) -> None:
            if mishaps:
                raise mishaps.pop()
            super().commit()

        def roll_back(self) -> None:
            if mishaps:
                raise mishaps.pop()
            super().roll_back()

    async def main() -> list[BaseException | None]:
        writer = GroupCommit(Unlucky(connect(path)), 2, lambda: None)
        async with asyncio.timeout(5):
            both = [writer.submit(add_account, name, name, "UTC", NOW) for name in ("a", "b")]
            failed = await asyncio.gather(*both, return_exceptions=True)
            again = [writer.submit(add_account, name, name, "UTC", NOW) for name in ("c", "d")]
            failed += await asyncio.gather(*again, return_exceptions=True)
            await writer.submit(add_account, "e", "e", "UTC", NOW)
            await writer.close()
        return failed

    mishaps = [OSError("of the undoing"), MemoryError("of the commit")]
    failed = asyncio.run(main())
    assert [type(error) for error in failed[:2]] == [StoreFailed] * 2
    assert names(path)[-1] == "e"


def test_a_writer_that_is_ended_leaves_nobody_waiting(path: Path) -> None:
    async def main() -> list[BaseException | None]:
        writer = GroupCommit(Connection(connect(path)), 100, lambda: None)
        async with asyncio.timeout(5):
            with another_writes(path):
                waiting = [writer.submit(add_account, name, name, "UTC", NOW) for name in ("a", "b")]
                await asyncio.sleep(0)
                writer._writing.cancel()
                answers = await asyncio.gather(*waiting, return_exceptions=True)
            with pytest.raises(StoreClosed):
                writer.submit(add_account, "c", "c", "UTC", NOW)
        return answers

    assert [type(error) for error in asyncio.run(main())] == [StoreClosed] * 2


def test_one_that_cannot_even_begin_leaves_its_neighbours(path: Path) -> None:
    def cannot(error: Exception) -> Transaction[None]:
        raise error

    async def main() -> list[BaseException | None]:
        async with opened(path) as store, asyncio.timeout(5):
            with another_writes(path):
                tasks = [add(store, "a")]
                tasks += [asyncio.create_task(store.write(cannot, error)) for error in (OSError(), StopIteration())]
                tasks += [add(store, "b")]
                await asyncio.sleep(0)
            return await asyncio.gather(*tasks, return_exceptions=True)

    results = asyncio.run(main())
    assert [type(result) for result in results] == [type(None), OSError, RuntimeError, type(None)]
    assert names(path) == ["a", "b"]


def test_the_loop_goes_on_while_another_process_writes(path: Path) -> None:
    async def main() -> None:
        async with opened(path) as store:
            with another_writes(path):
                task = add(store, "a")
                for _ in range(100):
                    await asyncio.sleep(0)
                assert not task.done()
            await task

    asyncio.run(main())
    assert names(path) == ["a"]


def test_writes_are_performed_in_their_order(path: Path) -> None:
    seen: list[int] = []

    def look(number: int) -> Transaction[int]:
        seen.append(number)
        yield from list_accounts()
        return number

    async def main() -> list[int]:
        async with opened(path) as store:
            return await asyncio.gather(*(store.write(look, number) for number in range(600)))

    assert asyncio.run(main()) == list(range(600)) == seen


def test_a_full_queue_is_said_at_once_and_empties(path: Path) -> None:
    async def main() -> None:
        async with opened(path, queue_limit=2) as store:
            with another_writes(path):
                tasks = [add(store, "a"), add(store, "b")]
                await asyncio.sleep(0)
                with pytest.raises(StoreBusy, match="2 transactions are waiting"):
                    await add(store, "c")
            await asyncio.gather(*tasks)
            await add(store, "d")

    asyncio.run(main())
    assert names(path) == ["a", "b", "d"]


def test_a_caller_that_goes_away_harms_nobody(path: Path) -> None:
    async def main() -> None:
        async with opened(path, queue_limit=4) as store:
            with another_writes(path):
                tasks = [add(store, name) for name in ("a", "b", "c")]
                await asyncio.sleep(0)
                tasks[1].cancel()
            done = await asyncio.gather(*tasks, return_exceptions=True)
            assert [type(each) for each in done] == [type(None), asyncio.CancelledError, type(None)]
            await asyncio.gather(*(add(store, name) for name in "defg"))

    asyncio.run(main())
    assert names(path) == list("abcdefg")


def test_a_function_that_is_no_transaction_fails_its_caller_only(path: Path) -> None:
    async def main() -> None:
        async with opened(path) as store:
            with pytest.raises(TypeError):
                await store.write(lambda: None)  # type: ignore[arg-type,return-value]
            await add(store, "a")

    asyncio.run(main())
    assert names(path) == ["a"]


def test_what_is_queued_is_written_before_the_store_is_closed(path: Path) -> None:
    async def main() -> None:
        async with opened(path) as store:
            tasks = [add(store, f"n{number}") for number in range(300)]
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)

    asyncio.run(main())
    assert len(names(path)) == 300


def test_what_the_trace_had_to_drop_is_said_once(path: Path) -> None:
    async def main() -> None:
        async with opened(path) as store:
            with another_writes(path):
                for _ in range(trace._MOST_WAITING + 3):
                    store.record("nobody", NOW, "event", b"{}")
            await add(store, "a")
            await add(store, "b")

    with capture_logs() as logs:
        asyncio.run(main())

    assert [line["so_far"] for line in logs if "dropped" in line["event"]] == [3]


def with_device(path: Path) -> None:
    with open_now(path) as store:
        store.run(add_account, "a1", "home", "UTC", NOW)
        store.run(add_device, "a1", Device("d1", "kitchen", "p"), bytes(32), NOW)


def kept(path: Path) -> list[bytes]:
    with open_now(path) as store:
        return [message.body for message in store.read(messages_after, "a1", "d1", 0, 10)]


def test_what_is_said_while_the_last_commit_waits_is_written_too(path: Path) -> None:
    words = [b"last words"]

    async def main() -> None:
        class Talkative(Connection):
            def commit(self) -> None:
                while words:
                    loop.call_soon_threadsafe(writer.record, "d1", NOW, "event", words.pop())
                super().commit()

        loop = asyncio.get_running_loop()
        writer = GroupCommit(Talkative(connect(path)), 100, lambda: None)
        done = writer.submit(saw_device, "a1", "d1", NOW, is_here=True)
        await writer.close()
        await done

    with_device(path)
    asyncio.run(main())
    assert kept(path) == [b"last words"]


def test_the_trace_is_written_when_another_process_has_let_go(path: Path) -> None:
    async def until(is_so: Callable[[], bool]) -> None:
        give_up_at = time.monotonic() + 5
        while not is_so():
            assert time.monotonic() < give_up_at
            await asyncio.sleep(0.01)

    async def main() -> None:
        raw = connect(path)
        raw.execute("PRAGMA busy_timeout = 1")
        writer = GroupCommit(Connection(raw), 100, lambda: None)
        with capture_logs() as log, another_writes(path):
            writer.record("d1", NOW, "event", b"1")
            await until(lambda: bool(log))
            writer.record("d1", NOW, "event", b"2")
        assert {line["event"] for line in log} == {"batch failed"}
        await until(lambda: kept(path) == [b"1", b"2"])
        await writer.close()

    with_device(path)
    asyncio.run(main())
