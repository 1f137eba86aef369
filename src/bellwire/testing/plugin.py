"""The pytest plugin: the fixture `bellwire_cloud`, and what was said beside the report of a test that failed.

It knows pytest; it must not know how a cloud is emulated. It is loaded in every run of pytest where bellwire is
installed: nothing else is imported before somebody asks for the fixture.
"""

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from bellwire.testing.cloud import EmulatedCloud

_CLOUD = pytest.StashKey["EmulatedCloud"]()
"""The cloud of a test, also of one that has it by way of another fixture."""


@pytest.fixture(scope="session")
def _bellwire_emulation(tmp_path_factory: pytest.TempPathFactory) -> Iterator["EmulatedCloud"]:
    """One process for the whole session."""
    from bellwire.testing.cloud import emulated  # noqa: PLC0415 - most runs of pytest have no need of it

    with emulated(tmp_path_factory.mktemp("bellwire") / "log") as cloud:
        yield cloud


@pytest.fixture
def bellwire_cloud(_bellwire_emulation: "EmulatedCloud", request: pytest.FixtureRequest) -> "EmulatedCloud":
    """A real cloud for this test: a new account, the real time, no faults; what was said is shown if the test fails."""
    _bellwire_emulation.reset()
    request.node.stash[_CLOUD] = _bellwire_emulation
    return _bellwire_emulation


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Beside the report of a test that failed, or whose fixtures did: what device and cloud said to each other."""
    outcome = yield
    report: pytest.TestReport = outcome.get_result()
    cloud = item.stash.get(_CLOUD, None)
    if report.failed and cloud is not None:
        report.sections.append(("what device and cloud said", _said(cloud)))


def _said(cloud: "EmulatedCloud") -> str:
    try:
        return cloud.conversation or "nothing"
    except Exception as error:  # noqa: BLE001 - a report must not fail because the cloud is gone
        return f"it cannot be asked any more: {error}"
