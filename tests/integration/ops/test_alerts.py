"""The alert rules, run by Prometheus's own tool on made-up figures, where there is one.

It is no Python package: on Debian it comes with ``apt-get install prometheus``; .ci/run tries that.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from node.telemetry.metrics import Metrics
from node.telemetry.prometheus import render

ROOT = Path(__file__).parents[3]


@pytest.fixture
def promtool() -> str:
    """Return its path; without it, skip the test."""
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not installed")
    return found


@pytest.mark.parametrize(
    "words",
    [
        ("check", "config", "ops/prometheus.yml"),
        ("test", "rules", "tests/integration/ops/alerts.yml"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_promtool_is_content(promtool: str, words: tuple[str, ...]) -> None:
    checked = subprocess.run(
        [promtool, *words], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_promtool_finds_the_metrics_well_named(promtool: str) -> None:
    checked = subprocess.run(
        [promtool, "check", "metrics"],
        input=render({"": Metrics()}),
        capture_output=True,
        timeout=60,
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")
