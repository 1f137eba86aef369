"""Closes one of this process's own connections by the address of its peer.

It knows file descriptors; it must not know what is spoken over them.
"""

import os
import socket
import stat
from contextlib import suppress
from pathlib import Path


def shut_connection(peer: tuple[str, str]) -> int:
    """Shut the connections whose other end has this address and port; how many there were.

    For a server that can end a response only when its reader takes what was sent before. It costs some microseconds
    for each open file: call it on a thread of its own.
    """
    shut = 0
    for entry in list(Path("/dev/fd").iterdir()):
        with suppress(OSError):  # not a socket, not connected, or closed since it was listed
            shut += _shut(int(entry.name), peer)
    return shut


def _shut(descriptor: int, peer: tuple[str, str]) -> bool:
    if not _is_socket(descriptor):
        return False
    # A duplicate: the number itself may stand for something else at any moment.
    own = os.dup(descriptor)
    if not _is_socket(own):
        _close_unless_locks_would_end(own)
        return False
    with socket.socket(fileno=own) as connection:
        address = connection.getpeername()
        is_it = isinstance(address, tuple) and (address[0], str(address[1])) == peer
        if is_it:
            connection.shutdown(socket.SHUT_RDWR)
    return is_it


def _close_unless_locks_would_end(descriptor: int) -> None:
    # A file stays open: to close any descriptor of it ends every lock that this process has on it (POSIX), and
    # another process would take itself for the only one that has the database open.
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)


def _is_socket(descriptor: int) -> bool:
    return stat.S_ISSOCK(os.fstat(descriptor).st_mode)
