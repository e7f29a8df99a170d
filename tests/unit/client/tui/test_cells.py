"""prompt_toolkit draws clusters, not characters."""

import prompt_toolkit.utils
import pytest
from prompt_toolkit.layout.screen import _CHAR_CACHE, Char

from client.text.links import Linked
from client.text.width import Joins
from client.tui.cells import (
    LONGEST_WIDTH,
    MOST_CELLS,
    MOST_WIDTHS,
    cells,
    input_cells,
    measure_clusters,
)

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
THUMB = "\U0001f44d\U0001f3fd"


@pytest.fixture(autouse=True)
def _measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompt_toolkit.utils, "_CHAR_SIZES_CACHE", {})
    monkeypatch.setattr(_CHAR_CACHE, "size", 1)
    measure_clusters()


def test_a_text_has_a_cell_for_each_cluster() -> None:
    style, text = cells("bold", f"a{FAMILY}e\u0301")
    assert (
        style == "bold" and text == f"a{FAMILY}e\u0301" and list(text) == ["a", FAMILY, "e\u0301"]
    )


def test_each_cell_of_a_link_leads_to_its_address() -> None:
    style, text = cells("bold", Linked("ab\u4f60", "http://a"))
    assert list(text) == [Linked(each, "http://a") for each in "ab\u4f60"]
    assert style.startswith("bold class:link-")


def test_links_have_a_bounded_number_of_styles() -> None:
    styles = {cells("", Linked("a", f"http://{number}"))[0] for number in range(5000)}
    assert 1 < len(styles) <= 512


@pytest.mark.parametrize(
    ("joins", "drawn"),
    [
        (Joins(True, True), ["a", FAMILY, "", "", "", "", THUMB, ""]),
        (Joins(), ["a", *FAMILY[::2], "", "", THUMB[0], ""]),
    ],
)
def test_the_input_line_has_a_cell_for_each_character(joins: Joins, drawn: list[str]) -> None:
    text = f"a{FAMILY}{THUMB}"
    shown = input_cells(text, joins)
    assert list(shown) == drawn and len(drawn) == len(text)


def test_prompt_toolkit_measures_clusters() -> None:
    assert Char(FAMILY).width == 2
    assert prompt_toolkit.utils.get_cwidth(f"a{FAMILY}{THUMB}") == 5


def test_what_prompt_toolkit_keeps_is_bounded() -> None:
    widths = prompt_toolkit.utils._CHAR_SIZES_CACHE
    for number in range(MOST_WIDTHS + 10):
        prompt_toolkit.utils.get_cwidth(f"{number:x}")
    prompt_toolkit.utils.get_cwidth("x" * (LONGEST_WIDTH + 1))
    prompt_toolkit.utils.get_cwidth(Linked("a", "http://a"))
    assert 0 < len(widths) <= MOST_WIDTHS
    assert max(map(len, widths)) <= LONGEST_WIDTH
    assert _CHAR_CACHE.size == MOST_CELLS
