from collections.abc import Iterator

import pytest

from tests.cloud.conversation import Talk, talking
from tests.cloud.running import Cloud, running


@pytest.fixture
def talk() -> Iterator[Talk]:
    with talking() as conversation:
        yield conversation


@pytest.fixture(scope="session")
def one_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with running(tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud


@pytest.fixture
def cloud(one_cloud: Cloud) -> Iterator[Cloud]:
    """The cloud of all tests; each has accounts of its own."""
    yield one_cloud
    one_cloud.is_left()
