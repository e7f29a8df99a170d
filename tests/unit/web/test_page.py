"""What the sources of the page may hold, how large they are, and what its words are."""

import gzip
import re
from os.path import dirname, normpath
from pathlib import Path

import pytest

from node.net.web.pages import load
from tests.support.node_js import ROOT

WEB = ROOT / "web"
MODULES = sorted([WEB / "boot.js", WEB / "sw.js", *(WEB / "page").rglob("*.js")])
VIEWS = sorted((WEB / "page/views").glob("*.js"))
LITERAL = re.compile(r"\"([A-Z][a-z][^\"+]*)\"")
NAMES = {
    "ArrowUp",
    "ArrowDown",
    "ArrowLeft",
    "ContextMenu",
    "End",
    "Enter",
    "Escape",
    "Home",
    "Tab",
}
"""Of keys: those are no words of the page."""
PURE = (
    "announce",
    "commands",
    "complete",
    "conversation",
    "find",
    "items",
    "links",
    "model",
    "status",
    "text",
)
SIZE = 60 * 1024
"""Bytes of everything that `/` loads, as it is sent."""
SIZE_OF_ALL = 75 * 1024
"""The same, with what is loaded when it is first wanted."""
COMMENT = re.compile(r"/\*\*.*?\*/|^ *//[^\n]*\n", re.MULTILINE | re.DOTALL)
LINES = 450
SINKS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|style="
    r"|srcdoc|DOMParser|createContextualFragment|setHTML"
)
OUTSIDE = re.compile(r"\b(document|window|localStorage|Date\.now|setTimeout|indexedDB)\b")
AT_ONCE = re.compile(r"^(?:import|export)\b[^;]*?\bfrom \"([^\"]+\.js)\"", re.MULTILINE)
WHEN_WANTED = re.compile(r"\bimport\(\"([^\"]+)\"\)")
KEY = re.compile(r"\bt\(\s*\"(\w+)\"")


def _name(path: Path) -> str:
    return str(path.relative_to(WEB))


def _imported(name: str, pattern: re.Pattern[str]) -> set[str]:
    """Return the modules that a module imports."""
    source = COMMENT.sub("", (WEB / name).read_text("utf-8"))
    return {normpath(f"{dirname(name)}/{path}".lstrip("/")) for path in pattern.findall(source)}


def _with_imports(names: set[str]) -> set[str]:
    """Return modules with all that they load at once."""
    found, waiting = set(names), list(names)
    while waiting:
        new = _imported(waiting.pop(), AT_ONCE) - found
        found |= new
        waiting += new
    return found


AT_START = _with_imports({"boot.js", "page/main.js", "words/en.js"})
WANTED = {name for each in AT_START for name in _imported(each, WHEN_WANTED)}
LATER = (WANTED | {"words/de.js"}) - AT_START


def test_what_the_page_loads_is_small() -> None:
    files = {
        name: len(gzip.compress(body, 9))
        for name, body in load().items()
        if not name.endswith((".png", "sw.js"))
    }
    others = {"index.html", "style.css", "manifest.webmanifest", "icons/icon.svg"}
    assert sum(files[name] for name in AT_START | others) <= SIZE
    assert sum(files.values()) <= SIZE_OF_ALL


def test_every_module_is_loaded_at_the_start_or_when_it_is_wanted() -> None:
    modules = {_name(path) for path in WEB.rglob("*.js")} - {"sw.js"}
    assert AT_START | _with_imports(LATER) == modules


@pytest.mark.parametrize("module", MODULES, ids=_name)
def test_a_module_makes_no_markup_and_no_code(module: Path) -> None:
    source = module.read_text("utf-8")
    assert not SINKS.search(source)
    assert len(source.splitlines()) <= LINES


def test_the_page_has_no_code_and_no_style_of_its_own() -> None:
    page = (WEB / "index.html").read_text("utf-8")
    assert not re.search(r"<style|style=|\son\w+=|<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"(src|href)=\"(?!/a/|/icons/|/manifest)", page)


@pytest.mark.parametrize("name", PURE)
def test_a_pure_module_touches_nothing_outside(name: str) -> None:
    source = (WEB / f"page/{name}.js").read_text("utf-8")
    code = re.sub(r"/\*\*.*?\*/|//[^\n]*", "", source, flags=re.DOTALL)
    assert not OUTSIDE.search(code)


@pytest.mark.parametrize("module", [*VIEWS, WEB / "page/menus.js"], ids=_name)
def test_a_view_has_no_words_of_its_own(module: Path) -> None:
    source = re.sub(r"/\*\*.*?\*/|//[^\n]*", "", module.read_text("utf-8"), flags=re.DOTALL)
    assert set(LITERAL.findall(source)) - NAMES == set()


def _words(language: str) -> dict[str, set[tuple[str, str]]]:
    """Return the gaps of each text of a language, by its key."""
    source = (WEB / f"words/{language}.js").read_text("utf-8")
    texts = re.split(r"^  (\w+):", source, flags=re.MULTILINE)[1:]
    return {
        key: set(re.findall(r"\{(\w+)\}|\b(one|other):", text))
        for key, text in zip(texts[::2], texts[1::2], strict=True)
    }


def test_every_key_has_words_and_all_words_are_used() -> None:
    words = set(_words("en"))
    sources = "".join(module.read_text("utf-8") for module in MODULES)
    assert set(KEY.findall(sources)) - words == set()
    unused = {word for word in words if f'"{word}"' not in sources} - {"language"}
    assert unused == set()


def test_every_language_is_named_in_one_place() -> None:
    named = re.search(r"LANGUAGES = \{(.*)\}", (WEB / "boot.js").read_text("utf-8"))
    languages = {path.stem for path in (WEB / "words").glob("*.js")}
    assert named is not None and set(re.findall(r"(\w+):", named[1])) == languages
    code = re.compile(rf"[\"/](?:{'|'.join(languages)})(?:\.js)?\"|\b(?:{'|'.join(languages)}):")
    others = {_name(path) for path in (WEB / "page").rglob("*.js") if code.search(path.read_text())}
    assert others == set()


def test_all_languages_have_the_same_keys_and_gaps() -> None:
    assert _words("de") == _words("en")
