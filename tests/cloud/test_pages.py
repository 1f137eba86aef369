import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwire.cloud.pages import cursor, page, place_of
from bellwire.cloud.store.devices import Device, add_device
from bellwire.cloud.store.reports import DeviceException, add_exception
from bellwire.cloud.wishes import WishError
from tests.cloud.api_desk import ApiDesk, api_desk


@given(st.datetimes(timezones=st.just(UTC)), st.text(max_size=50))
def test_a_cursor_is_read_again_as_its_place(time: datetime, token: str) -> None:
    try:
        text = cursor((time, token))
    except UnicodeEncodeError:
        return  # no text that is kept has half a character
    assert place_of(text, tuple[datetime, str]) == (time, token)


@given(st.text(max_size=60))
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(WishError, match="`after` is not the `next` of a page"):
        place_of(text, tuple[datetime, str])


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/alerts", ("2027-01-01T00:00:00", "x")),
        ("/alerts", (5, "x")),
        ("/alerts", ("2027-01-01T00:00:00Z",)),
        ("/devices", ("kitchen", 5)),
        ("/devices", ("kitchen",)),
        ("/devices/d/exceptions", (10**30,)),
        ("/devices/d/exceptions", (-1,)),
    ],
)
def test_a_cursor_that_somebody_made_up_is_refused(tmp_path: Path, path: str, place: tuple[object, ...]) -> None:
    async def scene() -> None:
        async with api_desk(tmp_path) as desk:
            await desk.store.write(add_device, "home", Device("d", "kitchen", "cic-ko-2022"), None, desk.now)
            assert (await desk.asks("GET", f"{path}?after={cursor(place)}")).status == 422

    asyncio.run(scene())


def test_devices_and_exceptions_come_page_by_page(tmp_path: Path) -> None:
    async def scene() -> None:
        async with api_desk(tmp_path) as desk:
            for number in range(5):
                device = Device(f"d{number}", f"room {number % 2}", "cic-ko-2022")
                await desk.store.write(add_device, "home", device, None, desk.now)
                failed = DeviceException(desk.now, "INTERNAL_ERROR", str(number), "{}", None, None)
                await desk.store.write(add_exception, "home", "d0", failed)

            devices = [row["device_id"] for row in await rows(desk, "/devices", "devices")]
            assert devices == ["d0", "d2", "d4", "d1", "d3"]
            failed_now = [row["message"] for row in await rows(desk, "/devices/d0/exceptions", "exceptions")]
            assert failed_now == ["4", "3", "2", "1", "0"]

    asyncio.run(scene())


async def rows(desk: ApiDesk, path: str, name: str) -> list[dict[str, Any]]:
    """All rows of a list, two at a time."""
    page: dict[str, Any] = (await desk.asks("GET", f"{path}?limit=2")).json
    found: list[dict[str, Any]] = page[name]
    while page["next"]:
        page = (await desk.asks("GET", f"{path}?limit=2&after={page['next']}")).json
        found += page[name]
    assert len(found) == 5
    return found


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(WishError):
        place_of(cursor(("kitchen", "d")), tuple[int])
    assert place_of(None, tuple[int]) is None


@given(st.lists(st.integers(0, 9), max_size=9), st.integers(1, 4))
def test_pages_give_every_row_once(rows: list[int], limit: int) -> None:
    rows = sorted(set(rows))
    seen: list[int] = []
    after: int | None = None
    while True:
        left = [row for row in rows if after is None or row > after]
        shown, following = page(left[: limit + 1], limit, lambda row: (row,))
        seen += shown
        if following is None:
            break
        place = place_of(following, tuple[int])
        assert place is not None
        (after,) = place
    assert seen == rows
