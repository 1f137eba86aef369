from hypothesis import given
from hypothesis import strategies as st

from bellwire.cli.event_stream import Event, events_in
from bellwire.cloud.change_view import ALIVE, event, mark


def lines(data: bytes) -> list[str]:
    return data.decode().splitlines()


def test_events_are_read_as_they_are_written() -> None:
    stream = mark(4) + ALIVE + event("alert.added", {"token": "t"}, 5) + event("resync", {}, 7)

    assert list(events_in(lines(stream))) == [
        Event("4", "", ""),
        Event("5", "alert.added", '{"token":"t"}'),
        Event("7", "resync", "{}"),
    ]


def test_an_event_that_is_not_whole_is_none() -> None:
    stream = event("alert.added", {}, 5)

    assert list(events_in(lines(stream[:-1]))) == []


def test_the_form_has_more_than_we_write() -> None:
    text = ["event:x", "data:a", "data:  b", "retry: 5", "nonsense", ":comment", "", "data", "", "id", ""]

    assert list(events_in(text)) == [Event(None, "x", "a\n b"), Event(None, "", ""), Event("", "", "")]


@given(st.lists(st.text(alphabet="id:evntda x", max_size=12)))
def test_no_lines_fail(text: list[str]) -> None:
    assert all(isinstance(each, Event) for each in events_in(text))
