"""Text cut into lines: none too wide, nothing lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.text.links import links
from client.text.width import (
    Joins,
    cluster_end,
    cluster_start,
    clusters,
    columns,
    cut,
    drawable,
    is_doubtful,
    wrap,
)

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
FLAG = "\U0001f1e9\U0001f1ea"
KEYCAP = "1\ufe0f\u20e3"
THUMB = "\U0001f44d\U0001f3fd"
HEART = "\u2764\ufe0f"
WHOLE = [FAMILY, FLAG, KEYCAP, THUMB, HEART, "e\u0301", "\u0928\u093f", "\u1112\u1161\u11ab"]
"""What people see as one character: the last ones are of Hindi and Korean."""
texts = st.text(
    st.characters(exclude_categories=["Cc", "Cs"])
    | st.sampled_from("  aab\u4f60\U0001f98a\u0301\u0645\u0631\u200d\ufe0f")
) | st.lists(st.sampled_from([*WHOLE, " ", "a", "\u4f60", "https://a.example/b "])).map("".join)


def wrapped(text: str, width: int, hang: int = 0) -> list[str]:
    """Return the lines of a text, in which links are whole."""
    return [text[start:end] for start, end in wrap(text, width, hang, links(text))]


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
        ("see https://a.example/b", 20, ["see", "https://a.example/b"]),
        ("see (https://a.example/b)", 20, ["see (", "https://a.example/b)"]),
        ("see https://a.example/b", 12, ["see https://", "a.example/b"]),
        (f"ab{FAMILY}{FLAG}", 3, ["ab", FAMILY, FLAG]),
        (f"ab{FAMILY}{FLAG}", 4, [f"ab{FAMILY}", FLAG]),
        ("a  b", 2, ["a ", "b"]),
        ("\u4f60\u597d\u4f60\u597d", 5, ["\u4f60\u597d", "\u4f60\u597d"]),
        ("\u4f60\u597d", 1, ["\u4f60", "\u597d"]),
        ("ae\u0301e\u0301e\u0301", 2, ["ae\u0301", "e\u0301e\u0301"]),
    ],
)
def test_a_line_is_cut_as(text: str, width: int, lines: list[str]) -> None:
    assert wrapped(text, width) == lines


def test_wrapped_lines_may_have_less_space() -> None:
    assert wrapped("ab cd ef gh", 6, hang=3) == ["ab cd", "ef", "gh"]


@given(texts, st.integers(-3, 30))
def test_no_piece_is_wider_than_the_width(text: str, width: int) -> None:
    assert all(columns(piece) <= max(2, width) for piece in wrapped(text, width))


@given(texts, st.integers(-3, 30))
def test_nothing_is_lost_but_the_space_at_which_a_line_is_broken(text: str, width: int) -> None:
    first, *others = wrapped(text, width)
    assert text.startswith(first)
    rest = text[len(first) :]
    for piece in others:
        if not rest.startswith(piece) or (rest.startswith(" ") and not piece.startswith(" ")):
            assert rest.startswith(" ")
            rest = rest[1:]
        assert rest.startswith(piece)
        rest = rest[len(piece) :]
    assert rest in ("", " ")


@given(texts, st.integers(2, 20))
def test_no_cluster_is_cut(text: str, width: int) -> None:
    edges, place = {0}, 0
    for cluster in clusters(text):
        place += len(cluster)
        edges.add(place)
    assert place == len(text)
    for start, end in wrap(text, width, 0, links(text)):
        assert {start, end} <= edges
    short = cut(text, width)
    assert short == text or len(short) - 1 in edges


@given(texts, st.integers(1, 20))
def test_a_cut_is_marked_by_an_ellipsis(text: str, width: int) -> None:
    short = cut(text, width)
    assert columns(short) <= width
    assert short == text or short.endswith("\u2026")


@pytest.mark.parametrize("whole", WHOLE)
def test_what_people_see_as_one_character_is_one(whole: str) -> None:
    assert list(clusters(f"a{whole}b")) == ["a", whole, "b"]
    assert columns(whole) == (1 if whole == "e\u0301" else 2)
    for place in range(1, len(whole)):
        around = (cluster_start(f"\n{whole}", place + 1), cluster_end(f"\n{whole}", place + 1))
        assert around == (1, 1 + len(whole))


@pytest.mark.parametrize("whole", [*WHOLE, "\u00dc", "\u4f60"])
def test_a_place_at_the_start_of_a_line_is_a_border(whole: str) -> None:
    text = f"a\n{whole}"
    assert (cluster_start(text, 2), cluster_end(text, 2)) == (2, 2)
    assert (cluster_start(text, 1), cluster_end(text, 1)) == (1, 1)


@given(texts, st.data())
def test_a_place_between_two_clusters_is_their_border(text: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(text)))
    start, end = cluster_start(text, place), cluster_end(text, place)
    assert start <= place <= end
    assert (cluster_start(text, start), cluster_end(text, end)) == (start, end)


@given(texts)
def test_the_width_of_a_text_is_that_of_its_clusters(text: str) -> None:
    assert columns(text) == sum(map(columns, clusters(text)))
    assert all(columns(cluster) <= 2 for cluster in clusters(text))


def test_a_cluster_wider_than_any_character_is_taken_apart() -> None:
    assert list(clusters("\u1112\u1112\u1112")) == ["\u1112"] * 3


@pytest.mark.parametrize("whole", WHOLE)
def test_terminals_agree_about_marks_only(whole: str) -> None:
    assert is_doubtful(whole) is (whole != "e\u0301")
    assert not any(map(is_doubtful, whole))


@pytest.mark.parametrize(
    ("joins", "drawn"),
    [
        (Joins(True, True, True), f"{FAMILY} {THUMB} {FLAG}"),
        (Joins(False, True, True), f"{FAMILY.replace(chr(0x200d), '')} {THUMB} {FLAG}"),
        (Joins(True, False, True), f"{FAMILY} {THUMB[0]} {FLAG}"),
        (Joins(True, True, False), f"{FAMILY} {THUMB} DE"),
    ],
)
def test_a_terminal_gets_only_what_it_can_draw_as_one(joins: Joins, drawn: str) -> None:
    assert drawable(f"{FAMILY} {THUMB} {FLAG}", joins) == drawn


def test_joiners_and_tones_that_belong_to_no_emoji_stay() -> None:
    text = "plain, \u0645\u06cc\u200c\u062e, \u0915\u094d\u200d\u0937, \U0001f3fd"
    assert drawable(text, Joins(False, False, False)) == text
