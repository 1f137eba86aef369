"""What all tests share: conversations of long waits side by side, and what is tested in which process."""

import asyncio
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

pytest_plugins = ["pytester"]

_ROOT = Path(__file__).parents[1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits side by side comes first, for it takes longest."""
    items.sort(key=lambda item: not _waits(item.nodeid))


def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are processors: one of them does little but wait."""
    return (os.cpu_count() or 1) + 1


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """A file stays in one process, and what waits side by side is all in one: else each would wait for all of it.

    Not with the plugin's own marks for groups, which this version of pytest does not let it see.
    """
    return _ByFile(config, log)


class _ByFile(LoadScopeScheduling):  # type: ignore[misc]  # the plugin has no types
    def _split_scope(self, nodeid: str) -> str:
        return "side by side" if _waits(nodeid) else nodeid.partition("::")[0]


@cache
def _waiting_files() -> frozenset[str]:
    return frozenset(
        path.relative_to(_ROOT).as_posix()
        for path in _ROOT.glob("tests/**/test_*.py")
        if "async def side_by_side(" in path.read_text(encoding="utf-8")
    )


def _waits(nodeid: str) -> bool:
    return nodeid.partition("::")[0] in _waiting_files()


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
