"""What a text may hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import limits
from wire.errors import Code
from wire.text import check, escape


def code_of(text: str) -> Code | None:
    """Return the code of what is wrong with a text."""
    found = check(text)
    return found[0] if found else None


@pytest.mark.parametrize("text", ["a", " a ", "two\nlines", "a\ttab", "🦊", "\u202eodd", "\u00a0x"])
def test_ordinary_texts_are_taken(text: str) -> None:
    assert check(text) is None


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "\u00a0\u3000"])
def test_white_space_alone_is_empty(text: str) -> None:
    assert code_of(text) is Code.EMPTY_TEXT


@pytest.mark.parametrize(
    "text", ["\0", "a\rb", "\x1b[31m", "\x7f", "\x85", "\x9b", "\ud800", "a\udfff", "\x1c", "\x0b"]
)
def test_control_characters_and_lone_surrogates_are_refused(text: str) -> None:
    assert code_of(text) is Code.BAD_REQUEST


def test_the_sentence_names_the_character() -> None:
    assert "U+001B" in (check("\x1b[31m") or ("", ""))[1]


@pytest.mark.parametrize("character", ["x", "ä", "界", "🦊"])
def test_the_length_is_exact_in_bytes(character: str) -> None:
    count, rest = divmod(limits.TEXT, len(character.encode()))
    longest = character * count + "x" * rest
    assert len(longest.encode()) == limits.TEXT
    assert check(longest) is None
    assert code_of(longest + "x") is Code.TEXT_TOO_LONG


@given(st.text())
def test_any_text_is_judged(text: str) -> None:
    found = check(text)
    assert found is None or (found[0] in Code and found[1])
    if found is None:
        assert text.strip() and len(text.encode()) <= limits.TEXT


@pytest.mark.parametrize(
    "text, shown",
    [
        ("plain, and \u00e9\u4e2d too", "plain, and \u00e9\u4e2d too"),
        ("two\nlines\t", r"two\nlines\t"),
        ("\x1b[2J\x7f\x9b", r"\x1b[2J\x7f\x9b"),
        ("a\u202eb\u2028\ud800", r"a\u202eb\u2028\ud800"),
        ("\U000e0001", r"\U000e0001"),
    ],
)
def test_unprintable_characters_are_escaped(text: str, shown: str) -> None:
    assert escape(text) == shown


@given(st.text())
def test_escaped_text_is_one_printable_line(text: str) -> None:
    assert escape(text).isprintable() and escape(escape(text)) == escape(text)
