"""What a speaker alone needs: `pip install bellwire[speaker]` brings no server and no database library."""

import json
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bellwire.cli import main

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

SPEAKER = {
    *("h2", "hpack", "hyperframe"),
    *("miniaudio", "cffi", "pycparser"),
    "segno",
    "msgspec",
    "structlog",
    "tzdata",
    *("typer", "annotated-doc", "shellingham", "rich", "markdown-it-py", "mdurl", "pygments"),
    *("pydantic", "pydantic-core", "annotated-types", "typing-extensions", "typing-inspection"),
}
"""The whole of it: the wire, the sound, the QR code, JSON, logs, time zones, and the command line with what it brings,
which a speaker does not load."""

FACE = {"textual", "platformdirs", "mdit-py-plugins", "linkify-it-py"}


def closure(*extras: str) -> set[str]:
    """The names of all distributions that an installation with these extras has, as they are installed here."""
    wanted = [*PROJECT["dependencies"], *(each for extra in extras for each in PROJECT["optional-dependencies"][extra])]
    found: set[tuple[str, frozenset[str]]] = set()
    todo = [Requirement(each) for each in wanted]
    while todo:
        requirement = todo.pop()
        name = canonicalize_name(requirement.name)
        if (name, frozenset(requirement.extras)) in found:
            continue
        found.add((name, frozenset(requirement.extras)))
        for written in distribution(name).requires or ():
            needed = Requirement(written)
            extras_of = ("", *requirement.extras)
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras_of):
                todo.append(needed)
    return {name for name, _ in found}


def test_what_a_speaker_needs_is_this_and_no_more() -> None:
    assert closure("speaker") == SPEAKER


def test_its_face_needs_little_more() -> None:
    assert closure("speaker", "face") == SPEAKER | FACE


# As it is installed


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The Python of an environment that has the built wheel, what a speaker needs, and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    built = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(built, cwd=ROOT, check=True, capture_output=True, timeout=60)
    venv.create(folder / "venv", symlinks=True)
    [packages] = (folder / "venv" / "lib").glob("python*/site-packages")
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    for name in closure("speaker"):
        _copy(name, packages)
    yield folder / "venv" / "bin" / "python"


def _copy(name: str, packages: Path) -> None:
    found = distribution(name)
    for file in found.files or ():
        if ".." not in file.parts and "__pycache__" not in file.parts:
            (packages / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(str(found.locate_file(file)), packages / file)


def bellwire(python: Path, *args: str | Path) -> subprocess.CompletedProcess[str]:
    command = [python, "-I", "-m", "bellwire", *args]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, stdin=subprocess.DEVNULL)


def test_the_speaker_runs_with_what_it_was_installed_with(installed: Path, tmp_path: Path) -> None:
    where = ("--url", "https://127.0.0.1:9", "--token", "t", "--data", tmp_path, "--output", "null")
    command = [str(installed), "-I", "-m", "bellwire", "speaker", *map(str, where), "--json", "--offline-grace", "2h"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True) as speaker:
        assert speaker.stdout is not None
        assert json.loads(speaker.stdout.readline())["event"] == "disconnected"
        speaker.communicate("quit\n", timeout=30)
        assert speaker.returncode == 0


def test_the_library_loads_only_what_it_needs(installed: Path) -> None:
    code = "import sys; from bellwire.device import *; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([installed, "-I", "-c", code], capture_output=True, text=True, check=True, timeout=30)
    needed = {
        "bellwire",
        "h2",
        "hpack",
        "hyperframe",
        "miniaudio",
        "_miniaudio",
        "_cffi_backend",
        "msgspec",
        "structlog",
    }
    # structlog takes rich for its tracebacks, where that is installed.
    needed |= {"rich", "pygments", "markdown_it", "mdurl", "typing_extensions"}
    loaded = set(done.stdout.split()) - sys.stdlib_module_names
    assert {name for name in loaded if not name.startswith(("__", "_sysconfig"))} <= needed


def test_commands_that_need_more_say_what(installed: Path, tmp_path: Path) -> None:
    assert "bellwire speaker" in bellwire(installed, "speaker", "--help").stdout
    assert "cic-ko-2022" in bellwire(installed, "profile", "list").stdout
    done = bellwire(installed, "cloud", "--data", tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "which is not installed: pip install 'bellwire[cloud]'" in done.stderr
    done = bellwire(installed, "check", "device", "--list")
    assert "which is not installed: pip install 'bellwire[check]'" in done.stderr


def test_a_speaker_without_its_libraries_says_so_before_it_is_another_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert main(["speaker", "--url", "https://cloud.example", "--token", "x", "--data", str(tmp_path)]) == 1
    assert (
        capsys.readouterr().err == "bellwire: this needs h2, which is not installed: pip install 'bellwire[speaker]'\n"
    )
