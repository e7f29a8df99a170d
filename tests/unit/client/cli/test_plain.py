"""What is printed without the full screen fits the terminal."""

import os
import pty

from client.cli.plain import cut, fitted
from client.text.width import columns

SENTENCE = "chat: No connection: nothing listens at 127.0.0.1:9999. Trying again."


def test_no_word_is_broken_where_the_screen_is_narrow() -> None:
    assert cut(SENTENCE, 40).split("\n") == [
        "chat: No connection: nothing listens at",
        "127.0.0.1:9999. Trying again.",
    ]


def test_the_rest_of_an_indented_line_is_indented() -> None:
    assert cut("exit status:\n  1    a message was not sent", 20).split("\n") == [
        "exit status:",
        "  1    a message was",
        "  not sent",
    ]


def test_wide_characters_count_as_two() -> None:
    lines = cut("\u4f60\u597d " * 9, 10).split("\n")
    assert all(columns(line) <= 10 for line in lines) and len(lines) == 5


def test_what_fits_and_what_is_no_terminal_stays_as_it_is() -> None:
    assert cut(SENTENCE, 80) == SENTENCE
    reading, writing = os.pipe()
    try:
        assert fitted(SENTENCE * 9, writing) == SENTENCE * 9
    finally:
        os.close(reading)
        os.close(writing)


def test_a_terminal_without_a_known_size_gets_the_text_as_it_is() -> None:
    master, slave = pty.openpty()
    try:
        assert fitted(SENTENCE * 9, slave) == SENTENCE * 9
    finally:
        os.close(master)
        os.close(slave)
