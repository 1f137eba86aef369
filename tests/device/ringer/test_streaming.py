import threading
import time
from array import array
from collections.abc import Iterator

from structlog.testing import capture_logs

from bellwire.device.ringer.sounds import AssetError
from bellwire.device.ringer.streaming import AHEAD, Streamed

PIECE = 100


def piece(number: int) -> bytes:
    return array("h", range(number * PIECE + 1, number * PIECE + PIECE + 1)).tobytes()


class Source:
    """So many pieces; each says that it was asked for, and the ones after `gate` wait for it."""

    def __init__(self, pieces: int) -> None:
        self.pieces = pieces
        self.given = 0
        self.asked = threading.Semaphore(0)
        self.ended = threading.Event()

    def __call__(self) -> Iterator[bytes]:
        try:
            for number in range(self.pieces):
                self.given += 1
                yield piece(number)
                self.asked.release()
        finally:
            self.ended.set()

    def wait_until_asked(self, times: int) -> None:
        for _ in range(times):
            assert self.asked.acquire(timeout=10)


def test_the_whole_is_heard_without_a_seam_and_never_more_than_some_pieces_wait() -> None:
    source = Source(30)
    whole = b"".join(map(piece, range(30)))
    beginning = whole[: 2 * 250]
    passage, heard = Streamed(source, 30 * PIECE, beginning).opened(), b""
    while passage.left:
        while not passage._waiting:
            time.sleep(0.0001)  # the sound card itself would not wait
        # What was heard and what waits; the thread has one more in its hands.
        assert source.given <= max(len(heard), len(beginning)) // (2 * PIECE) + AHEAD + 2
        heard += passage.take(70)
    assert heard == whole
    assert source.ended.wait(10)


def test_the_beginning_is_heard_at_once_although_nothing_is_decoded_yet() -> None:
    may_come = threading.Event()

    def late() -> Iterator[bytes]:
        assert may_come.wait(10)
        yield piece(0)
        yield piece(1)

    passage = Streamed(late, 2 * PIECE, piece(0)).opened()
    assert passage.take(PIECE) == piece(0)
    assert passage.left == PIECE
    # Nothing came in time: it is over, and does not come back.
    assert passage.take(PIECE) == b""
    assert passage.left == 0
    may_come.set()


def test_a_passage_that_is_closed_lets_its_thread_end() -> None:
    source = Source(1000)
    passage = Streamed(source, 1000 * PIECE, piece(0)).opened()
    source.wait_until_asked(AHEAD)
    passage.close()
    passage.close()
    assert source.ended.wait(10)
    assert passage.left == 0
    assert source.given < 1000


def test_a_clip_can_be_played_again_and_twice_at_once() -> None:
    source = Source(3)
    clip = Streamed(source, 3 * PIECE, piece(0) + piece(1) + piece(2))
    first, second = clip.opened(), clip.opened()
    whole = piece(0) + piece(1) + piece(2)
    assert first.take(10) + second.take(20) + first.take(1000) == whole[:20] + whole[:40] + whole[20:]


def test_what_can_not_be_decoded_any_more_ends_where_it_breaks_and_is_said() -> None:
    broke = threading.Event()

    def breaking() -> Iterator[bytes]:
        yield piece(0)
        broke.set()
        raise AssetError("the file is damaged")

    with capture_logs() as logs:
        passage = Streamed(breaking, 3 * PIECE, piece(0)).opened()
        assert broke.wait(10)
        assert passage.take(PIECE) == piece(0)
        assert passage.take(PIECE) == b""
        for thread in threading.enumerate():
            if thread.name == "decoding":
                thread.join(10)
    assert [(entry["event"], entry["reason"]) for entry in logs] == [
        ("a sound ends before its end", "the file is damaged")
    ]
