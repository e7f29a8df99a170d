"""What the sources of the SDK may hold, and how large they may be."""

import gzip
import re
from pathlib import Path

import pytest

from node.net.web import comments
from tests.support.node_js import SDK

MODULES = sorted(SDK.glob("*.js"))
SIZE = 14 * 1024
"""Bytes of chat.js and all that it loads, as they are served, compressed together."""
SENT = 19 * 1024
"""Bytes of the same as it is sent, each file compressed by itself: small files share nothing."""
LINES = 350
"""Of a module; somewhat more than in Python, because types stand in lines of their own."""
IMPORT = re.compile(r"\b(?:from |import )\(?\"([^\"]+)\"")
FORBIDDEN = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|style="
)


def served(name: str) -> str:
    """Return a module as a node serves it."""
    return comments.javascript((SDK / name).read_text("utf-8"))


def loaded() -> set[str]:
    """Return the names of the modules that chat.js loads, and its own."""
    found, waiting = {"chat.js"}, ["chat.js"]
    while waiting:
        code = served(waiting.pop())
        new = {name.removeprefix("./") for name in IMPORT.findall(code)} - found
        found |= new
        waiting += new
    return found


def test_the_code_is_small() -> None:
    files = [served(name).encode() for name in sorted(loaded())]
    assert len(files) > 20
    assert len(gzip.compress(b"".join(files), 9)) <= SIZE
    assert sum(len(gzip.compress(file, 9)) for file in files) <= SENT


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_module_is_short(module: Path) -> None:
    lines = module.read_text("utf-8").splitlines()
    assert len(lines) <= LINES
    assert max(map(len, lines)) <= 100 or module.name in ("codes.js", "events.js")


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_module_imports_only_its_neighbours(module: Path) -> None:
    source = module.read_text("utf-8")
    assert set(IMPORT.findall(source)) <= {"./types.js", *(f"./{each.name}" for each in MODULES)}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_module_makes_no_markup_and_no_code(module: Path) -> None:
    assert not FORBIDDEN.search(module.read_text("utf-8"))
