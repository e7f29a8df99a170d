"""What the pages name exists: files, headings, commands, flags, variables, code."""

import re
from functools import cache
from pathlib import Path

import pytest

from client.tui.commands import COMMANDS, usage
from node.config.options import OPTIONS
from tests.support import markdown
from tests.support.repository import PACKAGES, PAGES, ROOT, name_of, read

FOREIGN = frozenset(
    (
        *("curl", "docker", "gh", "git", "grep", "jq", "pip", "pipx", "pytest"),
        *("redis-cli", "redis-server", "tail"),
    )
)
"""Programs whose flags are not ours."""
FILE = re.compile(r"[\w./-]+\.(?:py|lua|md|yml|cfg|sh|c)")
ROOTS = (ROOT, ROOT / "node", ROOT / "node/brokers")
"""Where a path in code may begin, besides the page's own folder."""


@cache
def sources() -> dict[str, str]:
    """The code of the packages, by path."""
    files = (path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    return {name_of(path): path.read_text("utf-8") for path in files}


@cache
def flags() -> frozenset[str]:
    """The flags of all programs of this repository."""
    ours = "\n".join(sources().values())
    tools = [*(ROOT / "tests/labs").rglob("*.py"), *(ROOT / "bench").glob("*.py")]
    theirs = "\n".join(path.read_text("utf-8") for path in tools)
    literal = re.findall(r'"(--[a-z][a-z-]*)"', ours)
    parsed = re.findall(r'add_argument\(\s*"(--[a-z][a-z-]*)"', theirs)
    return frozenset([*(row.flag for row in OPTIONS), *literal, *parsed, "--help", "--version"])


@cache
def variables() -> frozenset[str]:
    """The environment variables that anything here reads."""
    others = ("docker-compose.yml", "ops/cluster.yml", ".ci/run")
    texts = [*sources().values(), *map(read, others)]
    found = re.findall(r"\bCHAT_[A-Z_]*[A-Z]\b", "\n".join(texts))
    return frozenset([*(row.variable for row in OPTIONS), *found])


@cache
def file_names() -> frozenset[str]:
    """The names of all files that a page may mention without their folder."""
    folders = (*PACKAGES, "tests", "bench", "docs", "ops", "examples", ".github")
    deep = (path.name for folder in folders for path in (ROOT / folder).rglob("*"))
    return frozenset([*deep, *(path.name for path in ROOT.iterdir())])


def missing(page: Path, text: str) -> list[str]:
    """What the text of a page names and does not exist, one line each."""
    checks = (_links, _targets, _flags, _variables, _files, _members)
    return [f"{what} does not exist" for check in checks for what in check(page, text)]


def _links(page: Path, text: str) -> list[str]:
    wrong = []
    for target in markdown.links(text):
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        if not file.exists():
            wrong.append(target)
        elif anchor:
            whole = text if file == page else file.read_text("utf-8")
            if anchor not in markdown.anchors(whole):
                wrong.append(target)
    return wrong


def _targets(_: Path, text: str) -> list[str]:
    named = {
        found[1] for part in markdown.commands(text) if (found := re.match(r"make ([a-z]+)", part))
    }
    rules = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    return [f"make {target}" for target in sorted(named - rules)]


def _flags(_: Path, text: str) -> list[str]:
    named: set[str] = set()
    for part in markdown.commands(text):
        words = [word for word in part.split() if not re.match(r"[A-Z_]+=", word)]
        program = words[0].rpartition("/")[2] if words else ""
        if program not in FOREIGN and "-m build" not in part:
            named.update(re.findall(r"(?<![\w-])--[a-z][a-z-]*[a-z]", part))
    return sorted(named - flags())


def _variables(_: Path, text: str) -> list[str]:
    return sorted(set(re.findall(r"\bCHAT_[A-Z_]*[A-Z]\b", text)) - variables())


def _files(page: Path, text: str) -> list[str]:
    wrong = []
    for span in markdown.spans(text):
        if not FILE.fullmatch(span) or span.startswith(("/", "build/")):
            continue
        if "/" in span:
            if not any((root / span).exists() for root in (page.parent, *ROOTS)):
                wrong.append(span)
        elif span not in file_names():
            wrong.append(span)
    return wrong


def _members(_: Path, text: str) -> list[str]:
    """Names like `Room.feed`: the class is there, and its module knows the other name."""
    wrong = []
    for span in markdown.spans(text):
        if not (found := re.fullmatch(r"([A-Z]\w*[a-z]\w*)\.(\w+)", span)):
            continue
        modules = [
            code for code in sources().values() if re.search(rf"^class {found[1]}\b", code, re.M)
        ]
        if not any(re.search(rf"\b{found[2]}\b", code) for code in modules):
            wrong.append(span)
    return wrong


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_what_a_page_names_exists(page: Path) -> None:
    assert missing(page, page.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "wrong",
    [
        "[a page](nowhere.md)",
        "[a heading](#nowhere)",
        "[a heading elsewhere](docs/protocol.md#nowhere)",
        "`make nothing`",
        "```sh\nmake nothing\n```",
        "`--no-such-flag`",
        "```sh\nchat-node --port 1 \\\n    --no-such-flag\n```",
        "```sh\ntail -f log | chat --no-such-flag\n```",
        "`CHAT_NO_SUCH_VARIABLE`",
        "`node/core/nothing.py`",
        "`nothing.lua`",
        "`Room.no_such_method`",
        "`NoSuchClass.feed`",
    ],
)
def test_what_does_not_exist_is_found(wrong: str) -> None:
    page = ROOT / "README.md"
    assert len(missing(page, "# A page\n\n" + wrong + "\n")) == 1


@pytest.mark.parametrize(
    "right",
    [
        "[a page](docs/protocol.md) and [its part](docs/protocol.md#names-and-text)",
        "# A `code` heading, and more\n\n[it](#a-code-heading-and-more)",
        "`make test`, `chat-node --port 1`, `docker compose up --build`, `CHAT_TOKEN`",
        "`core/hub/hub.py`, `publish.lua`, `Room.feed`, [a site](https://example.org/#nowhere)",
    ],
)
def test_what_exists_is_not_found(right: str) -> None:
    assert missing(ROOT / "README.md", right) == []


def test_every_command_of_the_client_is_on_its_page() -> None:
    page = read("docs/client.md")
    for name in COMMANDS:
        assert f"| `{usage(name)}` |" in page


def test_every_flag_of_the_client_is_on_its_page() -> None:
    shown = set(re.findall(r"(?<![\w-])--[a-z]+", read("docs/client.md")))
    ours = set(re.findall(r'"(--[a-z]+)"', read("client/cli/options.py")))
    assert ours <= shown


def test_every_setting_of_a_node_is_explained_with_its_default() -> None:
    lines = read("docs/operations.md").splitlines()
    for row in OPTIONS:
        rows = [line for line in lines if f"`{row.variable}`" in line and f"`{row.flag}" in line]
        assert rows, row.flag
        if row.default and row.field != "proxy_from":  # its default is told in words
            assert any(row.default in line for line in rows), f"{row.flag}: {row.default}"
