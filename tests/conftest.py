"""What all tests share: conversations of long waits side by side."""

import asyncio
from typing import Any

import pytest

pytest_plugins = ["pytester"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where tests run in several processes, a file stays in one, and what waits side by side is all in one."""
    for item in items:
        waits = isinstance(item, pytest.Function) and hasattr(item.module, "side_by_side")
        item.add_marker(pytest.mark.xdist_group("side by side" if waits else str(item.path)))


@pytest.fixture(scope="session")
def side_by_side(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What came of the `side_by_side` of each module that has tests in this run; by the module's name.

    Most of their time goes by in waiting for an alert's hour. So all wait together, for as long as the longest; what
    one raises is what is found of it.
    """
    modules = {item.module for item in request.session.items if isinstance(item, pytest.Function)}
    waiting = {each.__name__: each.side_by_side for each in modules if hasattr(each, "side_by_side")}

    async def all_of_them() -> list[Any]:
        begun = (function(tmp_path_factory) for function in waiting.values())
        return await asyncio.gather(*begun, return_exceptions=True)

    return dict(zip(waiting, asyncio.run(all_of_them()), strict=True))


def found(side_by_side: dict[str, Any], module: str) -> Any:
    """What came of this module's, or what it raised."""
    result = side_by_side[module]
    if isinstance(result, BaseException):
        raise result
    return result
