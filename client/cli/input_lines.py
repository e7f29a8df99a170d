"""Turns lines of standard input into texts, and says once what was changed or left out. Pure."""

from collections.abc import Callable

from client.text.sanitize import clean
from wire import limits
from wire import text as texts
from wire.errors import Code

LONGEST = 4 * limits.TEXT
"""Bytes of a line that are read: escape sequences do not count for the length of a text."""


class InputLines:
    """The lines of one input.

    ``fail`` is called with the number of a line that is not sent, and why; ``note`` with a remark.
    """

    def __init__(self, fail: Callable[[int, str], None], note: Callable[[str], None]) -> None:
        self._fail = fail
        self._note = note
        self._undecodable = 0
        self._was_cleaned = False

    def text(self, number: int, line: bytes | None) -> str:
        """Return the text to send for a line, "" for none; None is a line too long to read."""
        if line is None:
            self._fail(number, f"A text is at most {limits.TEXT} bytes of UTF-8 long.")
            return ""
        try:
            raw = line.decode()
        except UnicodeDecodeError as error:
            self._refuse(number, line[error.start], error.start + 1)
            return ""
        cleaned = clean(raw)
        if cleaned.removed and not self._was_cleaned:
            self._was_cleaned = True
            self._note(f"line {number}: removed {cleaned.removed}; likewise in all other lines.")
        # Line ends within a line were carriage returns.
        text = cleaned.text.rstrip("\n")
        if found := texts.check(text):
            if found[0] is not Code.EMPTY_TEXT:
                self._fail(number, found[1])
            return ""
        return text

    def end(self) -> None:
        """Say how many lines were not UTF-8, if it was more than the one that was named."""
        if self._undecodable > 1:
            self._note(f"{self._undecodable} lines are not UTF-8 and were not sent.")

    def _refuse(self, number: int, byte: int, column: int) -> None:
        self._undecodable += 1
        if self._undecodable == 1:
            self._fail(
                number,
                f"It is not UTF-8 (byte 0x{byte:02X} in column {column}); such lines are not sent."
                " For Latin-1: iconv -f latin1 -t utf-8 FILE | chat ...",
            )
