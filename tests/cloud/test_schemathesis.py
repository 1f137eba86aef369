"""The account API is what its OpenAPI document says: schemathesis asks for what it has and for what it has not."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.cloud.running import Cloud

CONFIG = Path(__file__).with_name("schemathesis.toml")
HOOKS = Path(__file__).with_name("schemathesis_hooks.py")
EXAMPLES = 10
"""Of each route and kind, beside those that it makes of every bound in the document."""


def test_schemathesis_finds_nothing(cloud: Cloud, tmp_path: Path) -> None:
    home = cloud.account()
    command = [
        Path(sys.executable).with_name("st"), "--config-file", CONFIG,
        "run", f"https://localhost:{cloud.port}/schema/openapi.json", "--tls-verify", cloud.data / "ca.pem",
        "--header", f"Authorization: Bearer {home.token}",
        "--checks", "all", "--mode", "all", "--phases", "examples,coverage,fuzzing,stateful",
        "--generation-deterministic", "--max-examples", str(EXAMPLES),
        "--request-timeout", "240", "--suppress-health-check", "too_slow",  # the machine may be busy
        "--no-color",
    ]  # fmt: skip

    done = subprocess.run(
        [str(word) for word in command],
        cwd=tmp_path,
        env={**os.environ, "SCHEMATHESIS_HOOKS": str(HOOKS)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    tested = re.search(r"Operations:\s+(\d+) selected / (\d+) total", done.stdout)
    assert tested, done.stdout
    assert tested[1] == tested[2]
