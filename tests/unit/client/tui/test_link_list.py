"""/url: what it lists and copies."""

import pytest

from client.tui.buffers import Buffer, Buffers
from client.tui.commands import LINKS_SHOWN, CommandError, Links, parse
from client.tui.link_list import LinkList
from client.tui.notices import Notices
from client.tui.rows import Kind, Row


class Window:
    """A buffer, its links, and what was copied."""

    def __init__(self) -> None:
        self.buffer = Buffer("lab")
        self.copied: list[str] = []
        self._buffers = Buffers()
        self.links = LinkList(Notices(self._buffers, int), self.copied.append)

    @property
    def notes(self) -> list[str]:
        """What the client itself said."""
        return [row.text for row in self._buffers.current.rows]

    def said(self, *texts: str) -> None:
        """Have bo say something."""
        for text in texts:
            self.buffer.add(Row(Kind.MESSAGE, text, "bo"))


@pytest.fixture
def window() -> Window:
    """A window in which nothing was said."""
    return Window()


@pytest.mark.parametrize(
    ("line", "meaning"), [("/url", Links()), ("/url 2", Links(2)), ("/url 20", Links(20))]
)
def test_url_takes_a_number_or_none(line: str, meaning: Links) -> None:
    assert parse(line, None) == meaning


@pytest.mark.parametrize("line", ["/url 0", "/url 21", "/url x", "/url 1 2"])
def test_url_takes_nothing_else(line: str) -> None:
    with pytest.raises(CommandError, match="Usage: /url"):
        parse(line, None)


def test_links_are_listed_newest_first_and_once(window: Window) -> None:
    window.said("http://a.example, https://b.example", "no link", "again http://a.example\n.")
    window.buffer.add(Row(Kind.NOTICE, "http://notice.example"))
    window.links.show(window.buffer)
    _, *rows = window.notes[0].splitlines()
    assert [row.strip() for row in rows] == [
        "1  http://a.example (bo)",
        "2  https://b.example (bo)",
    ]


def test_a_link_is_copied_by_its_number(window: Window) -> None:
    window.said("http://a.example", "http://b.example/\x1b]0;x\x07")
    window.links.copy(window.buffer, 1)
    window.links.copy(window.buffer, 2)
    assert window.copied == ["http://b.example/", "http://a.example"]


def test_the_numbers_stay_those_of_the_list(window: Window) -> None:
    window.said("http://a.example")
    window.links.show(window.buffer)
    window.said("http://b.example")
    window.links.copy(window.buffer, 1)
    window.links.show(window.buffer)
    window.links.copy(window.buffer, 1)
    assert window.copied == ["http://a.example", "http://b.example"]


def test_another_window_has_links_of_its_own(window: Window) -> None:
    window.said("http://a.example")
    window.links.show(window.buffer)
    other = Buffer("ops")
    with pytest.raises(CommandError, match="no links"):
        window.links.copy(other, 1)


def test_a_link_that_is_not_there_is_an_error(window: Window) -> None:
    with pytest.raises(CommandError, match="There are no links here"):
        window.links.show(window.buffer)
    window.said("http://a.example")
    with pytest.raises(CommandError, match="no link 2"):
        window.links.copy(window.buffer, 2)
    assert not window.copied


def test_the_list_is_bounded(window: Window) -> None:
    window.said(*(f"http://{number}.example" for number in range(LINKS_SHOWN + 5)))
    window.links.show(window.buffer)
    assert len(window.notes[0].splitlines()) == 1 + LINKS_SHOWN
