"""A long text in pieces: each fits, and nothing is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.text.pieces import pieces
from client.text.width import cluster_start

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize(
    ("text", "most", "parts"),
    [
        ("", 10, []),
        ("short", 10, ["short"]),
        ("one\ntwo\nthree", 8, ["one\ntwo", "three"]),
        ("one\ntwo\nthree", 7, ["one\ntwo", "three"]),
        ("one two three", 8, ["one two ", "three"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("\u4f60\u597d\u4f60", 7, ["\u4f60\u597d", "\u4f60"]),
        (f"ab{FAMILY}", 19, ["ab", FAMILY]),
        (FAMILY, 8, ["\U0001f468\u200d", "\U0001f469\u200d", "\U0001f467"]),
        ("a\n\n\n\n\n\nb", 4, ["a", "b"]),
        ("   \n   \n", 3, []),
    ],
)
def test_a_text_is_cut_as(text: str, most: int, parts: list[str]) -> None:
    assert pieces(text, most) == parts


texts = st.lists(st.sampled_from(["a", " ", "\n", "word", "\u4f60", FAMILY, "e\u0301"])).map(
    "".join
)


@given(texts, st.integers(4, 40))
def test_each_piece_fits_and_nothing_but_white_space_is_lost(text: str, most: int) -> None:
    parts = pieces(text, most)
    assert all(0 < len(part.encode()) <= most and not part.isspace() for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


@given(texts)
def test_no_cluster_is_cut_that_fits(text: str) -> None:
    place = 0
    for part in pieces(text, 40):
        place = text.index(part, place)
        assert cluster_start(text, place) == place
