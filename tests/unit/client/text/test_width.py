"""Text cut into lines: none too wide, nothing lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.text.width import columns, cut, steady, wrap

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
texts = st.text(
    st.characters(exclude_categories=["Cc", "Cs"])
    | st.sampled_from("  aab\u4f60\U0001f98a\u0301\u0645\u0631\u200d\ufe0f")
)


@pytest.mark.parametrize(
    "text, width, lines",
    [
        ("", 10, [""]),
        ("one two three", 20, ["one two three"]),
        ("one two three", 8, ["one two", "three"]),
        ("one two three", 7, ["one two", "three"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("a bcdefgh", 4, ["a", "bcde", "fgh"]),
        ("https://example.org/x", 8, ["https://", "example.", "org/x"]),
        ("a  b", 2, ["a ", "b"]),
        ("\u4f60\u597d\u4f60\u597d", 5, ["\u4f60\u597d", "\u4f60\u597d"]),
        ("\u4f60\u597d", 1, ["\u4f60", "\u597d"]),
        ("ae\u0301e\u0301e\u0301", 2, ["ae\u0301", "e\u0301e\u0301"]),
    ],
)
def test_a_line_is_cut_as(text: str, width: int, lines: list[str]) -> None:
    assert wrap(text, width) == lines


def test_wrapped_lines_may_have_less_space() -> None:
    assert wrap("ab cd ef gh", 6, hang=3) == ["ab cd", "ef", "gh"]


@given(texts, st.integers(-3, 30))
def test_no_piece_is_wider_than_the_width(text: str, width: int) -> None:
    assert all(columns(piece) <= max(2, width) for piece in wrap(text, width))


@given(texts, st.integers(-3, 30))
def test_nothing_is_lost_but_the_space_at_which_a_line_is_broken(text: str, width: int) -> None:
    first, *others = wrap(text, width)
    assert text.startswith(first)
    rest = text[len(first) :]
    for piece in others:
        if not rest.startswith(piece) or (rest.startswith(" ") and not piece.startswith(" ")):
            assert rest.startswith(" ")
            rest = rest[1:]
        assert rest.startswith(piece)
        rest = rest[len(piece) :]
    assert rest in ("", " ")


@given(texts)
def test_marks_stay_with_what_they_are_on(text: str) -> None:
    for piece in wrap(text, 2)[1:]:
        assert not piece.startswith(("\u0301", "\ufe0f")) or f" {piece[0]}" in text


@given(texts, st.integers(1, 20))
def test_a_cut_is_marked_by_an_ellipsis(text: str, width: int) -> None:
    short = cut(text, width)
    assert columns(short) <= width
    assert short == text or short.endswith("\u2026")


def test_characters_of_ambiguous_width_are_removed() -> None:
    assert steady(FAMILY) == FAMILY.replace("\u200d", "")
    assert steady("\u2764\ufe0f") == "\u2764"
    assert steady("\u0645\u06cc\u200c\u062e") == "\u0645\u06cc\u200c\u062e"
    assert steady("plain") == "plain"
