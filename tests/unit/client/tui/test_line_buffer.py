"""The cursor of the input line and what is deleted: whole clusters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.completion import DummyCompleter
from prompt_toolkit.document import Document

from client.text.width import clusters
from client.tui.line_buffer import LineBuffer

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
FLAG = "\U0001f1e9\U0001f1ea"
KEYCAP = "1\ufe0f\u20e3"
WHOLE = [FAMILY, FLAG, KEYCAP, "e\u0301", "\U0001f44d\U0001f3fd", "a", " ", "\n", "\u4f60"]


def line(text: str, cursor: int | None = None) -> LineBuffer:
    """Return an input line with a text and its cursor, which is at the end by default."""
    buffer = LineBuffer(DummyCompleter())
    buffer.document = Document(text, cursor)
    return buffer


@pytest.mark.parametrize("whole", [FAMILY, FLAG, KEYCAP, "e\u0301"])
def test_the_cursor_goes_over_a_cluster_in_one_step(whole: str) -> None:
    buffer = line(f"a{whole}b")
    seen = []
    for _ in range(3):
        buffer.cursor_left()
        seen.append(buffer.cursor_position)
    assert seen == [1 + len(whole), 1, 0]
    for _ in range(3):
        buffer.cursor_right()
        seen.append(buffer.cursor_position)
    assert seen[3:] == [1, 1 + len(whole), 2 + len(whole)]


@pytest.mark.parametrize("whole", [FAMILY, FLAG, KEYCAP, "e\u0301"])
def test_a_cluster_is_deleted_in_one_step(whole: str) -> None:
    buffer = line(f"a{whole}b", 1 + len(whole))
    assert buffer.delete_before_cursor() == whole and buffer.text == "ab"
    buffer = line(f"a{whole}b", 1)
    assert buffer.delete() == whole and buffer.text == "ab"
    assert line("").delete() == line("").delete_before_cursor() == ""


def test_a_newline_is_no_part_of_the_letter_behind_it() -> None:
    buffer = line("ab\n\u65e5\u672c", 2)
    assert buffer.delete() == "\n" and buffer.text == "ab\u65e5\u672c"
    buffer = line("\u65e5\u672c", 0)
    for text in ("\n", "Y"):
        buffer.insert_text(text)
    assert buffer.text == "\nY\u65e5\u672c"
    buffer = line("ab\n\u65e5\u672c", 3)
    assert buffer.delete() == "\u65e5" and buffer.delete_before_cursor() == "\n"


def test_two_clusters_are_swapped() -> None:
    buffer = line(f"a{FAMILY}{FLAG}b", 1 + len(FAMILY + FLAG))
    buffer.swap_characters_before_cursor()
    assert buffer.text == f"a{FLAG}{FAMILY}b"
    buffer = line(FAMILY)
    buffer.swap_characters_before_cursor()
    assert buffer.text == FAMILY


def test_a_word_is_not_deleted_without_its_marks() -> None:
    buffer = line("cafe\u0301 noir", 0)
    buffer.delete(len("cafe"))  # what Alt-D counts as a word
    assert buffer.text == " noir"


moves = st.sampled_from(["cursor_left", "cursor_right", "cursor_up", "cursor_down"])
edits = moves | st.sampled_from(["delete", "delete_before_cursor", "swap_characters_before_cursor"])


@given(st.lists(st.sampled_from(WHOLE)).map("".join), st.lists(edits | st.sampled_from(WHOLE)))
def test_the_cursor_is_never_inside_a_cluster(text: str, steps: list[str]) -> None:
    buffer = line(text)
    for step in steps:
        if step in WHOLE:
            buffer.insert_text(step)
        else:
            getattr(buffer, step)()
        before = buffer.text[: buffer.cursor_position]
        assert list(clusters(buffer.text))[: len(list(clusters(before)))] == list(clusters(before))
