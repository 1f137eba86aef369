"""What commands give, and a cloud for them, as the tests hold them."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple


class Ran(NamedTuple):
    """What a command gave."""

    status: int
    out: str
    err: str

    @property
    def answer(self) -> Any:
        """The JSON of a command that did its work."""
        assert self.status == 0, self.err
        return json.loads(self.out)

    @property
    def text(self) -> str:
        """What a command said that did its work."""
        assert self.status == 0, self.err
        return self.out

    @property
    def complaint(self) -> str:
        """The one line of a command that failed."""
        assert self.status == 1, self
        return self._one_line

    @property
    def usage(self) -> str:
        """The one line of a command that was called wrongly."""
        assert self.status == 2, self
        return self._one_line

    @property
    def _one_line(self) -> str:
        assert not self.out
        assert self.err.startswith("bellwire: ")
        assert self.err.count("\n") == 1
        return self.err


def ran_alone(*args: str | Path) -> Ran:
    """A command in a process of its own: for those that would change this one."""
    command = [sys.executable, "-m", "bellwire", *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return Ran(done.returncode, done.stdout, done.stderr)


Bellwire = Callable[..., Ran]


class RunningCloud(NamedTuple):
    """A cloud in a process of its own."""

    data: Path
    url: str
