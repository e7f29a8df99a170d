"""What the terminal gets: links that are closed, and clusters in their columns."""

import io
import re
import time
from base64 import b64decode

import pyte
import pytest
from prompt_toolkit.data_structures import Size

from client.text.links import Linked
from client.text.width import Joins
from client.tui.terminal import ANSWERS_WITHIN, Terminal, takes_links

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
SAMPLES = 3
CLOSE = "\x1b]8;;\x1b\\"


class Tty(io.StringIO):
    """A terminal that only notes what it gets."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def terminal(links: bool = True) -> tuple[Terminal, Tty]:
    """Return a terminal, and what it gets."""
    tty = Tty()
    output = Terminal(tty, lambda: Size(rows=24, columns=80), term="xterm")
    output.has_links = links
    return output, tty


def sent(output: Terminal, tty: Tty) -> str:
    """Return what was written."""
    output.flush()
    return tty.getvalue()


def test_a_link_is_opened_once_and_closed_before_other_text() -> None:
    output, tty = terminal()
    for character in "ab":
        output.write(Linked(character, "http://a.example"))
    output.write("c")
    (start,) = sent(output, tty).split("ab")[:1]
    assert start.startswith("\x1b]8;id=") and start.endswith(";http://a.example\x1b\\")
    assert tty.getvalue() == f"{start}ab{CLOSE}c"


def test_the_pieces_of_a_link_have_one_id_and_other_links_another() -> None:
    output, tty = terminal()
    for url in ("http://a.example", "http://b.example", "http://a.example"):
        output.write(Linked("x", url))
        output.write("\r\n")
    first, second, third = re.findall(r"id=(\w+);", sent(output, tty))
    assert first == third != second


@pytest.mark.parametrize("end", ["reset_attributes", "erase"])
def test_a_link_is_closed_before_the_rest_of_a_line_is_erased(end: str) -> None:
    output, tty = terminal()
    output.write(Linked("a", "http://a.example"))
    output.reset_attributes()  # prompt_toolkit does it before it erases
    if end == "erase":
        output.erase_end_of_line()
    assert sent(output, tty).partition("a\x1b]8;;")[2].startswith("\x1b\\\x1b[0m")


def test_without_links_nothing_but_the_text_is_sent() -> None:
    output, tty = terminal(links=False)
    output.write(Linked("a", "http://a.example"))
    assert sent(output, tty) == "a"


@pytest.mark.parametrize(
    ("environment", "takes"),
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "xterm-kitty"}, True),
        ({"TERM": "tmux-256color"}, True),
        ({"TERM": "screen-256color", "TMUX": "x"}, True),
        ({"TERM": "screen-256color"}, False),
        ({"TERM": "linux"}, False),
        ({"TERM": "vt220"}, False),
        ({"TERM": "eterm-color"}, False),
        ({"TERM": "xterm-256color", "VTE_VERSION": "4601"}, False),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, True),
        ({"TERM": "xterm-256color", "VTE_VERSION": "?"}, True),
        ({}, True),
    ],
)
def test_terminals_that_would_print_the_sequence_get_none(
    environment: dict[str, str], takes: bool
) -> None:
    assert takes_links(environment) is takes


@pytest.mark.parametrize("cluster", [FAMILY, "1\ufe0f\u20e3", "\u0915\u094d\u0937\u093f"])
def test_text_behind_a_cluster_is_in_its_column_whatever_the_terminal_draws(cluster: str) -> None:
    output, tty = terminal()
    output.write("<")
    output.write(cluster)
    output.write(">")
    screen = pyte.Screen(20, 2)  # which joins nothing
    pyte.Stream(screen).feed(sent(output, tty))
    assert (screen.buffer[0][0].data, screen.buffer[0][3].data) == ("<", ">")


@pytest.mark.parametrize("text", ["\x1b]8;;http://evil\x07", "\u4f60", "e\u0301", "abc"])
def test_other_text_is_written_as_it_is_but_for_escapes(text: str) -> None:
    output, tty = terminal()
    output.write(text)
    assert sent(output, tty) == text.replace("\x1b", "?")


@pytest.mark.parametrize(
    ("columns", "joins"),
    [
        ((3, 3, 3), Joins(True, True, True)),
        ((5, 5, 5), Joins(False, False, False)),
        ((3, 5, 3), Joins(True, False, True)),
    ],
)
def test_the_terminal_is_asked_what_it_joins(columns: tuple[int, ...], joins: Joins) -> None:
    output, tty = terminal()
    assert output.answer("\x1b[1;3R") is None  # not asked yet
    output.enter_alternate_screen()
    asked = sent(output, tty)
    assert asked.count("\x1b[6n") == SAMPLES and asked.endswith("\x1b[H")
    answers = [output.answer(f"\x1b[1;{column}R") for column in columns]
    assert answers == [None, None, joins]
    assert output.answer("\x1b[1;3R") is None


def test_answers_are_awaited_for_a_bounded_time() -> None:
    output, _ = terminal()
    assert not output.awaits_answers(time.monotonic())
    output.enter_alternate_screen()
    asked = time.monotonic()
    assert output.awaits_answers(asked - ANSWERS_WITHIN)
    assert not output.awaits_answers(asked + ANSWERS_WITHIN)
    for _ in range(SAMPLES):
        output.answer("\x1b[1;3R")
    assert not output.awaits_answers(asked - ANSWERS_WITHIN)


def test_a_copied_text_is_one_sequence() -> None:
    output, tty = terminal()
    output.copy("http://a.example/\x07")
    start, _, rest = tty.getvalue().partition("]52;c;")
    assert start == "\x1b" and b64decode(rest.removesuffix("\x07")) == b"http://a.example/\x07"
