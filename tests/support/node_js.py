"""The JavaScript runtime for the tests of web/: the one in the package playwright."""

import os
import shutil
import subprocess
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SDK = ROOT / "web/sdk"
OLDEST = 22
"""The first version of Node with WebSocket."""


@cache
def node_js() -> str | None:
    """Return the path of Node, None if there is none that is new enough."""
    spec = find_spec("playwright")
    if spec is not None and spec.origin is not None:
        own = Path(spec.origin).parent / "driver" / ("node.exe" if os.name == "nt" else "node")
        if own.exists():
            return str(own)
    found = shutil.which("node")
    if found is None:
        return None
    version = subprocess.run([found, "--version"], capture_output=True, text=True, timeout=60)
    major = version.stdout.strip().removeprefix("v").partition(".")[0]
    return found if major.isdigit() and int(major) >= OLDEST else None


def program() -> str:
    """Return the path of Node, for a test that is marked with ``needs_node_js``."""
    found = node_js()
    assert found is not None, "make web installs Node"
    return found


# CI has it, so there nothing is skipped.
needs_node_js = pytest.mark.skipif(
    node_js() is None and not os.environ.get("CI"), reason="`make web` installs Node"
)
