from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellwire.cloud.store import trace
from bellwire.cloud.store.accounts import add_account
from bellwire.cloud.store.connection import Connection
from bellwire.cloud.store.devices import Device, add_device, remove_device
from bellwire.cloud.store.instants import from_ms
from bellwire.cloud.store.opening import MEMORY, open_now
from bellwire.cloud.store.trace import KEPT, Message, TraceBuffer, append_messages, messages_after

NOW = from_ms(1_795_000_000_000)


@pytest.fixture
def store() -> Iterator[Connection]:
    with open_now(MEMORY) as connection:
        for number in (1, 2):
            connection.run(add_account, f"a{number}", f"account {number}", "UTC", NOW)
            device = Device(f"d{number}", "kitchen", "p")
            connection.run(add_device, f"a{number}", device, bytes([number]) * 32, NOW)
        yield connection


def said(device_id: str, *numbers: int) -> list[dict[str, Any]]:
    buffer = TraceBuffer()
    for number in numbers:
        buffer.add(device_id, NOW, "event", b"%d" % number)
    return buffer.take()


def bodies(messages: list[Message]) -> list[int]:
    return [int(message.body) for message in messages]


def test_messages_come_in_their_order_and_whole(store: Connection) -> None:
    buffer = TraceBuffer()
    buffer.add("d1", NOW, "event", b"\x00\xff")
    buffer.add("d2", NOW, "event", b"to another")
    buffer.add("d1", from_ms(1_795_000_000_123), "directive", b"{}")
    store.run(append_messages, buffer.take())
    assert store.read(messages_after, "a1", "d1", 0, 10) == [
        Message(1, NOW, "event", b"\x00\xff"),
        Message(2, from_ms(1_795_000_000_123), "directive", b"{}"),
    ]


@settings(deadline=None, max_examples=50)  # it writes thousands of rows
@given(
    batches=st.lists(st.integers(1, 700) | st.just(KEPT + 7), max_size=6),
    after=st.integers(0, 3000),
    limit=st.integers(1, 1200),
)
def test_the_last_ones_are_kept_and_can_be_followed(batches: list[int], after: int, limit: int) -> None:
    with open_now(MEMORY) as store:
        store.run(add_account, "a1", "home", "UTC", NOW)
        store.run(add_device, "a1", Device("d1", "kitchen", "p"), bytes(32), NOW)
        total = 0
        for size in batches:
            store.run(append_messages, said("d1", *range(total + 1, total + size + 1)))
            total += size
        expected = [number for number in range(1, total + 1) if number > after and number > total - KEPT][:limit]
        messages = store.read(messages_after, "a1", "d1", after, limit)
        assert bodies(messages) == expected == [message.id for message in messages]


def test_no_account_sees_the_messages_of_another(store: Connection) -> None:
    store.run(append_messages, said("d1", 1))
    assert store.read(messages_after, "a2", "d1", 0, 10) == []


def test_the_messages_of_a_device_go_with_it(store: Connection) -> None:
    store.run(append_messages, said("d1", 1))
    store.run(remove_device, "a1", "d1")
    store.run(append_messages, [*said("d1", 2), *said("d2", 3)])
    store.run(add_device, "a1", Device("d1", "kitchen", "p"), bytes([3]) * 32, NOW)
    assert store.read(messages_after, "a1", "d1", 0, 10) == []
    assert bodies(store.read(messages_after, "a2", "d2", 0, 10)) == [3]


def test_too_many_waiting_messages_push_the_oldest_out() -> None:
    buffer = TraceBuffer()
    for number in range(trace._MOST_WAITING + 3):
        buffer.add("d1", NOW, "event", b"%d" % number)
    assert buffer.dropped == 3
    assert [int(row["body"]) for row in buffer.take()] == list(range(3, trace._MOST_WAITING + 3))
    assert buffer.take() == []


def test_too_many_waiting_bytes_push_the_oldest_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "_MOST_BYTES_WAITING", 10)
    buffer = TraceBuffer()
    for body in (b"first", b"second", b"3rd"):
        buffer.add("d1", NOW, "event", body)
    assert buffer.dropped == 1
    assert [row["body"] for row in buffer.take()] == [b"second", b"3rd"]
    buffer.add("d1", NOW, "event", b"ten bytes!")
    assert buffer.dropped == 1
