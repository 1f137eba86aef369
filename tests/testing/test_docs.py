"""The examples of the pages run as they stand."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bellwire.testing.cloud import EmulatedCloud

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page: str, language: str) -> list[str]:
    return re.findall(
        rf"^```{language}\n(.*?)^```$", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )


FAILING = """
@pytest.fixture
def absent(bellwire_cloud):
    bellwire_cloud.stop_time()
    bellwire_cloud.expect("Alerts.AlertStopped", within=0.1)

def test_whose_device_does_not_come(absent):
    pass

def test_of_a_device_that_is_not_there(bellwire_cloud):
    bellwire_cloud.stop_time()
    bellwire_cloud.expect("Alerts.AlertStarted", within=0.1)
"""


def test_the_examples_for_pytest_pass_and_one_that_fails_shows_what_was_said(pytester: pytest.Pytester) -> None:
    examples = blocks("testing-with-pytest.md", "python")
    assert len(examples) == 3
    pytester.makepyfile("\n\n".join([*examples, FAILING]))
    ran = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    has_faketime = shutil.which("faketime") is not None
    ran.assert_outcomes(passed=3 + has_faketime, skipped=not has_faketime, failed=1, errors=1)
    ran.stdout.fnmatch_lines(
        [
            "E *no Alerts.AlertStopped came within 0.1 s; of what came, not waited for: nothing",
            "*- what device and cloud said -*",
            "* -- the cloud's clock stands at *",
            "E *no Alerts.AlertStarted came within 0.1 s; of what came, not waited for: nothing",
            "*- what device and cloud said -*",
            "* -- the cloud's clock stands at *",
        ]
    )


def test_the_lines_for_a_shell_do_what_they_say(bellwire_cloud: EmulatedCloud) -> None:
    [example] = blocks("emulate.md", "sh")
    # In the place of a device that rings: nobody is waited for.
    script = example.replace("within=30", "within=0.1")
    done = subprocess.run(
        ["sh", "-c", script], env={"CONTROL": bellwire_cloud.control, "PATH": "/usr/bin:/bin"}, capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "access_token" in done.stdout
    assert '"label":"Tea"' in done.stdout
    assert "no Alerts.AlertStarted came within 0.1 s" in done.stdout
    assert "-- fault: cut" in done.stdout
    assert "the cloud's clock shows" in done.stdout
    assert done.stderr == "curl: (22) The requested URL returned error: 404\n"


def driven(cloud: EmulatedCloud, folder: Path, *program: str | Path) -> "subprocess.CompletedProcess[str]":
    """What a test in another language says, with our speaker for the firmware that it starts."""
    speaker: list[str | Path] = [sys.executable, "-m", "bellwire", "speaker", "--url", cloud.url, "--ca", cloud.ca]
    command: list[str | Path] = [*program, cloud.control, *speaker, "--data", folder / "speaker", "--output", "null"]
    return subprocess.run(
        command, stdin=subprocess.PIPE, capture_output=True, text=True, timeout=120, check=False, cwd=folder
    )


@pytest.mark.skipif(not shutil.which("javac"), reason="needs a JDK (Debian: apt install default-jdk-headless)")
def test_the_test_in_java_does_what_it_says(bellwire_cloud: EmulatedCloud, tmp_path: Path) -> None:
    [example] = blocks("emulate.md", "java")
    (tmp_path / "Rings.java").write_text(example, encoding="utf-8")
    ran = driven(bellwire_cloud, tmp_path, "java", tmp_path / "Rings.java")
    assert "rings REMINDER\n" in ran.stdout, ran.stderr
    assert ran.returncode == 0
    fates = [each["fate"] for each in bellwire_cloud.messages if each["name"] == "Alerts.AlertStarted"]
    assert fates == ["fault: answered 500", "204"]


@pytest.mark.skipif(not shutil.which("cc"), reason="needs a C compiler (Debian: apt install gcc)")
def test_the_test_in_c_does_what_it_says(bellwire_cloud: EmulatedCloud, tmp_path: Path) -> None:
    [example] = blocks("emulate.md", "c")
    (tmp_path / "rings.c").write_text(example, encoding="utf-8")
    compiler = ["cc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-o", "rings", "rings.c"]
    compiled = subprocess.run(compiler, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert compiled.returncode == 0, compiled.stderr
    ran = driven(bellwire_cloud, tmp_path, tmp_path / "rings")
    assert "rings REMINDER\n" in ran.stdout, ran.stderr
    assert ran.returncode == 0
    fates = [each["fate"] for each in bellwire_cloud.messages if each["name"] == "Alerts.AlertStarted"]
    assert fates == ["fault: answered 500", "204"]
