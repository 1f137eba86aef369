"""The examples of the pages run as they stand."""

import re
import subprocess
from pathlib import Path

import pytest

from bellwire.testing.cloud import EmulatedCloud

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page: str, language: str) -> list[str]:
    return re.findall(
        rf"^```{language}\n(.*?)^```$", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )


FAILING = """
def test_of_a_device_that_is_not_there(bellwire_cloud):
    bellwire_cloud.stop_time()
    bellwire_cloud.expect("Alerts.AlertStarted", within=0.1)
"""


def test_the_examples_for_pytest_pass_and_one_that_fails_shows_what_was_said(pytester: pytest.Pytester) -> None:
    examples = blocks("testing-with-pytest.md", "python")
    assert len(examples) == 2
    pytester.makepyfile("\n\n".join([*examples, FAILING]))
    ran = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    ran.assert_outcomes(passed=3, failed=1)
    ran.stdout.fnmatch_lines(
        [
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
