"""Pages and docstrings are in plain English: phrases that never fit it are found."""

import ast
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.support.markdown import prose
from tests.support.repository import PACKAGES, PAGES, ROOT, name_of

AVOIDED = {
    r"\banew\b": "The file is read anew.",
    r"(?:^|[.:;|] )who(?:ever)? (?!\w+[^.;]*\?)": "Who comes back goes on.",
    r"\bwho (?:comes|came|goes|went) (?:back|on|away)\b": "It serves who comes back.",
    r"\bwhat (?:was|is|has been) said\b": "The log keeps what was said.",
    r"\bwhat (?:comes|waits|gathers|stands|lies)\b": "What gathers is the next batch.",
    r"\b(?:for|to|of|by|from|with|about) who(?:ever)?\b": "It is kept for who is away.",
    r"\bwhom\b": "There are networks whom no limit concerns.",
    r"\ball that\b": "All that a stranger controls is bounded.",
    r"\bbe it\b": "A name, be it of a room or of a person, is folded.",
    r"\b(?:tells?|told|telling) of\b": "The frame tells of an entry.",
    r"\b(?:if|when|where|as|that|what|room|rooms) one (?:is|has|was|may|can|does|reads|says)\b": (
        "It lists the rooms one is in."
    ),
    r"\bone's own\b": "One gets one's own messages.",
    r"\b(?:let|lets|letting) (?:in|go of)\b": "A newcomer is let in.",
    r"\b(?:hung|hang|hangs) up on\b": "A flooder is hung up on.",
    r"\bmend(?:s|ed|ing)?\b": "That was mended before.",
    r"\bnobody's (?:doing|business)\b": "It is done without nobody's doing.",
    r"\b(?:the one|those|anybody) concerned\b": "The one concerned is told.",
    r"\bit wants\b": "To run, it wants two cores.",
}
"""Patterns, each with a sentence that it finds."""


IN_DOCSTRINGS = (
    r"\bwho (?:comes|came|goes|went) (?:back|on|away)\b",
    r"\bbe it\b",
    r"\bmend(?:s|ed|ing)?\b",
    r"\bnobody's (?:doing|business)\b",
    r"\b(?:the one|those|anybody) concerned\b",
    r"\bit wants\b",
)
"""Those that no docstring of the packages has; the others are still to be rewritten there."""


def found(text: str, patterns: Iterable[str] = AVOIDED) -> list[str]:
    """The phrases to avoid in the prose of a page, one paragraph at a time."""
    paragraphs = [" ".join(part.split()) for part in prose(text).split("\n\n")]
    return [
        f"{match[0]!r} in: {paragraph}"
        for pattern in patterns
        for paragraph in paragraphs
        for match in re.finditer(pattern, paragraph, re.IGNORECASE)
    ]


def docstrings(code: str) -> list[str]:
    """The docstrings of a module, those below attributes among them."""
    return [
        node.value.value
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_is_in_plain_english(page: Path) -> None:
    assert found(page.read_text("utf-8")) == []


@pytest.mark.parametrize(("pattern", "sentence"), AVOIDED.items())
def test_a_phrase_to_avoid_is_found(pattern: str, sentence: str) -> None:
    assert re.search(pattern, sentence, re.IGNORECASE)
    wrapped = sentence.replace(" ", "\n")
    for page in (
        sentence,
        wrapped,
        f"- Good.\n- {sentence}",
        f"| a | b |\n| - | - |\n| {sentence} |",
    ):
        assert found(page)


def test_code_is_not_looked_at() -> None:
    assert not found("`anew` is a field.\n\n```\nread anew\n```\n")


def test_questions_may_begin_with_who() -> None:
    assert not found("Who could attack?")


@pytest.mark.parametrize("package", PACKAGES)
def test_docstrings_are_in_plain_english(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        for docstring in docstrings(path.read_text("utf-8")):
            assert found(docstring, IN_DOCSTRINGS) == [], name_of(path)


@pytest.mark.parametrize("pattern", IN_DOCSTRINGS)
def test_a_phrase_to_avoid_in_a_docstring_is_found(pattern: str) -> None:
    code = f'''def f():\n    """Return it.\n\n    {AVOIDED[pattern]}\n    """\n'''
    assert [found(docstring, IN_DOCSTRINGS) for docstring in docstrings(code)] != [[]]
