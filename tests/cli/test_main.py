import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

import bellwire as package
from bellwire.cli.commands import app
from tests.cli.running import Bellwire


def commands() -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        subcommands = getattr(command, "commands", None)
        found += [(name, sub) for sub in subcommands] if subcommands else [(name,)]
    return found


def test_version(bellwire: Bellwire) -> None:
    assert bellwire("--version").text == f"bellwire {package.__version__}\n"


def test_paragraphs_of_help_fill_the_width_of_the_terminal() -> None:
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        for each in (command, *getattr(command, "commands", {}).values()):
            assert each.help, name
            assert all("\n" not in paragraph for paragraph in each.help.split("\n\n")), name


def test_alone_it_says_what_there_is(bellwire: Bellwire) -> None:
    alone = bellwire()
    assert alone.text == bellwire("--help").text
    assert all(command[0] in alone.text for command in commands())


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_has_an_example_and_json(bellwire: Bellwire, command: tuple[str, ...]) -> None:
    told = bellwire(*command, "--help").text
    assert f"Example: bellwire {' '.join(command)}" in " ".join(told.split())
    assert "--json" in told


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("ring",), "No such command 'ring'; see bellwire --help"),
        (("alert",), "Missing command; see bellwire alert --help"),
        (("alert", "add"), "Missing argument 'label'; see bellwire alert add --help"),
        (("alert", "list", "--every"), "No such option: --every"),
        (("cloud", "--port", "70000"), "Invalid value for '--port'"),
    ],
)
def test_a_wrong_command_line_is_answered_in_one_line(bellwire: Bellwire, args: tuple[str, ...], said: str) -> None:
    assert said in bellwire(*args).usage


def test_a_folder_that_cannot_be_used_is_named(bellwire: Bellwire, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert str(file) in bellwire("account", "add", "home", "--data", file / "data").complaint


def test_a_reader_that_has_gone_is_no_error(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bellwire", "--help"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        _, complaint = process.communicate(timeout=30)
    assert complaint == b""


def test_help_loads_no_server_and_no_database() -> None:
    code = "import sys; from bellwire.cli import main; main(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    loaded = set(done.stderr.split())
    assert loaded.isdisjoint({"sqlalchemy", "litestar", "granian", "httpx", "cryptography", "asyncio", "h2"})
