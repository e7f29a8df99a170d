"""The lines of a pipe, as texts."""

import pytest

from client.cli.input_lines import InputLines


class Pipe:
    """An input, and what is said about its lines."""

    def __init__(self) -> None:
        self.failed: list[tuple[int, str]] = []
        self.notes: list[str] = []
        self._count = 0
        self.lines = InputLines(lambda *trouble: self.failed.append(trouble), self.notes.append)

    def read(self, *lines: bytes | None) -> list[str]:
        """Return the texts of lines."""
        texts = []
        for line in lines:
            self._count += 1
            texts.append(self.lines.text(self._count, line))
        return texts


@pytest.fixture
def pipe() -> Pipe:
    """An input."""
    return Pipe()


def test_utf_8_is_sent_as_it_is_and_blank_lines_are_skipped(pipe: Pipe) -> None:
    assert pipe.read("gr\u00fc\u00df\tdich".encode(), b"", b"  ") == [
        "gr\u00fc\u00df\tdich",
        "",
        "",
    ]
    pipe.lines.end()
    assert pipe.failed == [] and pipe.notes == []


def test_latin_1_is_one_error_with_the_number_of_the_line(pipe: Pipe) -> None:
    assert pipe.read(b"fine", *[b"gr\xfc\xdf"] * 3, b"fine too") == ["fine", "", "", "", "fine too"]
    pipe.lines.end()
    ((number, why),) = pipe.failed
    assert number == 2 and why.startswith(
        "It is not UTF-8 (byte 0xFC in column 3); such lines are not sent."
    )
    assert "iconv -f latin1 -t utf-8" in why
    assert pipe.notes == ["3 lines are not UTF-8 and were not sent."]


def test_colours_and_control_characters_are_removed_and_that_is_said_once(pipe: Pipe) -> None:
    assert pipe.read(b"one", b"\x1b[31mred\x1b[0m\x07", b"a\x08b", b"\x1b[0m") == [
        "one",
        "red",
        "ab",
        "",
    ]
    pipe.lines.end()
    assert pipe.notes == [
        "line 2: removed 2 escape sequences, 1 control character; likewise in all other lines."
    ]
    assert pipe.failed == []


def test_a_carriage_return_begins_a_line_except_at_the_end(pipe: Pipe) -> None:
    assert pipe.read(b"10%\r50%\r", b"\r\r") == ["10%\n50%", ""]
    pipe.lines.end()
    assert pipe.failed == [] and pipe.notes == []


def test_colours_do_not_count_for_the_length(pipe: Pipe) -> None:
    assert pipe.read(b"\x1b[1;31mx\x1b[0m" * 1000) == ["x" * 1000]


def test_a_line_that_is_too_long_is_named(pipe: Pipe) -> None:
    assert pipe.read(None, b"x" * 5000) == ["", ""]
    assert [number for number, _ in pipe.failed] == [1, 2]
    assert all("4096 bytes" in why for _, why in pipe.failed)
