from collections.abc import Iterator
from pathlib import Path

import pytest

from bellwire.cli import main
from bellwire.cli.processes import Process, free_port
from tests.cli.running import Bellwire, Ran, RunningCloud


@pytest.fixture
def bellwire(capsys: pytest.CaptureFixture[str]) -> Bellwire:
    """Runs a command in this process."""

    def run(*args: str | Path) -> Ran:
        capsys.readouterr()
        status = main([str(arg) for arg in args])
        return Ran(status, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    folder = tmp_path_factory.mktemp("cloud")
    args = ("cloud", "--port", str(free_port()), "--data", str(folder / "data"))
    with Process(*args, log=folder / "log") as process:
        ready, url = process.line(within=30).split(" ")
        assert ready == "ready"
        yield RunningCloud(folder / "data", url)
        assert process.end() == 0
