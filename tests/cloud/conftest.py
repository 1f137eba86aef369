from collections.abc import Iterator

import pytest

from tests.cloud.conversation import Talk, talking


@pytest.fixture
def talk() -> Iterator[Talk]:
    with talking() as conversation:
        yield conversation
