"""What the sources of the SDK may hold, and how large they may be."""

import gzip
import re
from pathlib import Path

import pytest

from tests.support.node_js import SDK

MODULES = sorted(SDK.glob("*.js"))
SIZE = 14 * 1024
"""Bytes of chat.js and all that it loads, compressed, without comments and indentation."""
LINES = 350
"""Of a module; somewhat more than in Python, because types stand in lines of their own."""
COMMENT = re.compile(r"/\*\*.*?\*/|^ *//[^\n]*\n", re.MULTILINE | re.DOTALL)
IMPORT = re.compile(r"\b(?:from |import )\(?\"([^\"]+)\"")
FORBIDDEN = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|style="
)


def loaded() -> set[str]:
    """Return the names of the modules that chat.js loads, and its own."""
    found, waiting = {"chat.js"}, ["chat.js"]
    while waiting:
        code = COMMENT.sub("", (SDK / waiting.pop()).read_text("utf-8"))
        new = {name.removeprefix("./") for name in IMPORT.findall(code)} - found
        found |= new
        waiting += new
    return found


def test_the_code_is_small() -> None:
    assert len(loaded()) > 20
    code = "".join(COMMENT.sub("", (SDK / name).read_text("utf-8")) for name in sorted(loaded()))
    compressed = len(gzip.compress(re.sub(r"\n\s*", "\n", code).encode(), 9))
    assert compressed <= SIZE


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
