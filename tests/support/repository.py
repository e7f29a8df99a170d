"""The repository's own files, for the tests that check what these say."""

import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parent.parent.parent
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
PACKAGES = ("wire", "node", "client")
PAGES = sorted(
    {
        *ROOT.glob("*.md"),
        *(
            page
            for folder in ("docs", "examples", "ops", "tests", "bench", ".github")
            for page in (ROOT / folder).rglob("*.md")
        ),
    }
)
"""Every page of prose."""


def read(name: str) -> str:
    """The text of one of the repository's files."""
    return (ROOT / name).read_text(encoding="utf-8")


def load(path: Path) -> dict[str, Any]:
    """A YAML file, with its anchors and merges resolved."""
    content: dict[str, Any] = YAML(typ="safe").load(path)
    return content


@cache
def pyproject() -> dict[str, Any]:
    """All of pyproject.toml."""
    return tomllib.loads(read("pyproject.toml"))


def project() -> dict[str, Any]:
    """The [project] table of pyproject.toml."""
    table: dict[str, Any] = pyproject()["project"]
    return table


@cache
def services() -> dict[str, Any]:
    """The services of docker-compose.yml."""
    table: dict[str, Any] = load(ROOT / "docker-compose.yml")["services"]
    return table


def run(*command: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a command, at the repository's root if not told otherwise; hand back what it said."""
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60)


def matched(pattern: str, name: str) -> str:
    """What the only group of a pattern found in one of the repository's files."""
    found = re.search(pattern, read(name), re.MULTILINE)
    assert found, f"{name} has nothing like {pattern}"
    return found[1]


def name_of(path: Path) -> str:
    """The path of one of the repository's files, as tests show it."""
    return path.relative_to(ROOT).as_posix()
