"""What ``/help`` and ``/help keys`` say; docs/client.md says the same."""

from client.tui import help_text
from client.tui.event_actions import FIRST_HINT
from tests.support.repository import ROOT


def table(heading: str) -> list[list[str]]:
    """The rows of the table below a heading of docs/client.md."""
    page = (ROOT / "docs/client.md").read_text("utf-8")
    part = page.partition(f"### {heading}\n")[2].partition("\n###")[0]
    rows = [line.strip("|").split(" | ") for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip(" `") for cell in row] for row in rows[2:]]


def test_the_page_lists_the_keys_that_the_help_lists() -> None:
    assert [key for key, _ in table("Keys")] == [key for key, _ in help_text.KEYS]


def test_the_help_says_how_a_message_of_several_lines_is_typed() -> None:
    (line,) = [line for line in help_text.keys() if "another line" in line]
    assert line.startswith("Alt+Enter, Ctrl-J")


def test_the_hint_at_the_start_fits_one_line_of_a_narrow_screen() -> None:
    assert "/help" in FIRST_HINT
    assert len("12:00 \u00b7 ") + len(FIRST_HINT) <= 40


def test_the_commands_and_the_keys_fit_a_screen_of_24_lines() -> None:
    for lines in (help_text.commands(), help_text.keys()):
        assert all(len("12:00 \u00b7 " + line) <= 80 for line in lines)
        assert len(lines) <= 24 - len(("the bar", "the status", "the input"))
