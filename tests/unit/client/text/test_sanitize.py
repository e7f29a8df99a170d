"""Cleaning of text that is about to be sent."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.text.sanitize import clean
from wire import text as texts
from wire.errors import Code


@pytest.mark.parametrize(
    ("pasted", "left", "removed"),
    [
        ("plain", "plain", ""),
        ("two\nlines\tand a tab", "two\nlines\tand a tab", ""),
        ("\x1b[1;31mred\x1b[0m", "red", "2 escape sequences"),
        ("\x9b31mred", "red", "1 escape sequence"),
        ("\x1b]0;title\x07text", "text", "1 escape sequence"),
        ("\x1b]8;;http://a.example\x1b\\link\x1b]8;;\x1b\\", "link", "2 escape sequences"),
        ("\x1b(Bset", "set", "1 escape sequence"),
        ("\x1b]0;no end, all stays", "0;no end, all stays", "1 escape sequence"),
        ("\x1b[31", "31", "1 escape sequence"),
        ("a bell\x07 and\x00 more", "a bell and more", "2 control characters"),
        ("an escape at the end\x1b", "an escape at the end", "1 control character"),
        ("both\x1b[m\x08", "both", "1 escape sequence, 1 control character"),
        ("caf\udce9", "caf\ufffd", "1 broken character"),
    ],
)
def test_cleaning_leaves_the_text_and_tells_what_it_took_out(
    pasted: str, left: str, removed: str
) -> None:
    cleaned = clean(pasted)
    assert (cleaned.text, cleaned.removed) == (left, removed)


@pytest.mark.parametrize("pasted", ["a\r\nb", "a\rb", "a\nb"])
def test_each_kind_of_line_end_becomes_a_newline(pasted: str) -> None:
    cleaned = clean(pasted)
    assert (cleaned.text, cleaned.removed) == ("a\nb", "")


@given(st.text(st.sampled_from("\x1b[]();mP\\\x07\x9b\x9c\x9d\x85\r\n\t\x00\ud800a 0")) | st.text())
def test_no_node_refuses_a_cleaned_text_for_its_characters(pasted: str) -> None:
    cleaned = clean(pasted)
    found = texts.check(cleaned.text)
    assert found is None or found[0] is not Code.BAD_REQUEST
    assert clean(cleaned.text).text == cleaned.text


@pytest.mark.parametrize("part", ["\x9d", "\x1b]", "\x1b[", "\x1b[0;", "\x1b(", "\x1bP0"])
def test_the_time_for_cleaning_grows_with_the_length_only(part: str) -> None:
    start = time.process_time()
    clean(part * 200_000)
    assert time.process_time() - start < 5  # an expression that backtracks takes hours
