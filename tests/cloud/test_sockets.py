import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from bellwire.cloud.sockets import shut_connection

Pair = tuple[socket.socket, socket.socket]
real_dup = os.dup


@pytest.fixture
def pairs() -> Iterator[list[Pair]]:
    """Connections over loopback, each as its client and its server have it."""
    with socket.create_server(("127.0.0.1", 0)) as listening, ExitStack() as leaving:
        made = []
        for _ in range(3):
            client = leaving.enter_context(socket.create_connection(listening.getsockname(), 10))
            server = leaving.enter_context(listening.accept()[0])
            made.append((client, server))
        yield made


def peer_of(server: socket.socket) -> tuple[str, str]:
    host, port = server.getpeername()
    return host, str(port)


def open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


def is_open(pair: Pair) -> bool:
    client, server = pair
    server.sendall(b"x")
    return client.recv(1) == b"x"


def test_one_connection_is_shut_and_its_client_hears_of_it(pairs: list[Pair]) -> None:
    shut, *others = pairs

    assert shut_connection(peer_of(shut[1])) == 1

    assert shut[0].recv(1) == b""
    assert all(is_open(other) for other in others)
    assert shut_connection(peer_of(others[0][1])) == 1


def test_a_peer_that_is_not_connected_is_nobody(pairs: list[Pair]) -> None:
    host, port = peer_of(pairs[0][1])
    pairs[0][0].close()
    pairs[0][1].close()

    assert shut_connection((host, port)) == 0
    assert all(is_open(other) for other in pairs[1:])


def test_whatever_else_is_open_stays_so_and_nothing_is_left_behind(pairs: list[Pair]) -> None:
    readable, writable = os.pipe()
    left, right = socket.socketpair()
    before = open_files()

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(shut_connection, [peer_of(server) for _, server in pairs[:2]] * 20)) >= 2

    assert open_files() == before
    os.write(writable, b"x")
    assert os.read(readable, 1) == b"x"
    assert is_open((left, right))
    assert is_open(pairs[2])
    os.close(readable)
    os.close(writable)
    left.close()
    right.close()


def test_a_number_that_came_to_stand_for_a_folder_is_not_kept(
    pairs: list[Pair], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another thread closes and opens between two looks at its number."""
    folder = os.open(tmp_path, os.O_RDONLY)
    monkeypatch.setattr(os, "dup", lambda _: real_dup(folder))
    before = open_files()

    assert shut_connection(peer_of(pairs[0][1])) == 0

    assert open_files() == before
    os.close(folder)


def test_a_database_that_is_open_keeps_its_locks(tmp_path: Path, pairs: list[Pair]) -> None:
    """Else another process that opens and closes it takes itself for the last, and removes what is not yet in it."""
    with closing(sqlite3.connect(tmp_path / "db", isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE t (x)")

        assert shut_connection(peer_of(pairs[0][1])) == 1

        look = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('SELECT * FROM t').fetchall()"
        subprocess.run([sys.executable, "-c", look, str(tmp_path / "db")], check=True)
        assert (tmp_path / "db-wal").exists()
