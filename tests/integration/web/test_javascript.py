"""Runs tests/web/*.test.js with Node's own test runner."""

import subprocess
from pathlib import Path

import pytest

from tests.support.node_js import ROOT, needs_node_js, program

FILES = sorted((ROOT / "tests/web").glob("*.test.js"))


@needs_node_js
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_file(file: Path) -> None:
    command = [program(), "--test", "--test-reporter", "tap", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\n# fail 0\n" in done.stdout and "\n# pass 0\n" not in done.stdout, done.stdout
