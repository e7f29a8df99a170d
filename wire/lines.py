"""Splits a stream of bytes into lines of limited length."""

from wire.errors import Code, WireError


class LineReader:
    r"""Cuts a stream of bytes into lines ended by ``\n`` or ``\r\n``.

    ``limit`` is the longest line in bytes, without its end. Between two calls it keeps at most one
    unfinished line of that length. Each byte is searched for a line end only once, so a peer that
    sends single bytes costs no more than one that sends pages.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._length = 0

    @property
    def pending(self) -> int:
        """Bytes of the unfinished line."""
        return self._length

    def feed(self, data: bytes) -> tuple[list[bytes], WireError | None]:
        """Return the lines that ``data`` completes, and the error that ends the stream, if any.

        The error is returned rather than raised because the lines before it still count.
        """
        lines = data.split(b"\n")
        rest = lines.pop()
        if lines and self._parts:
            lines[0] = b"".join([*self._parts, lines[0]])
            self._parts.clear()
            self._length = 0
        for number, line in enumerate(lines):
            if line.endswith(b"\r"):
                lines[number] = line = line[:-1]
            if len(line) > self._limit:
                return lines[:number], self._too_long()
        if rest:
            self._parts.append(rest)
            self._length += len(rest)
            # One byte more may be the "\r" of the line's end.
            over = self._length - self._limit
            if over > 1 or over == 1 and not rest.endswith(b"\r"):
                self._parts.clear()
                return lines, self._too_long()
            if len(self._parts) > 64:
                self._parts = [b"".join(self._parts)]
        return lines, None

    def _too_long(self) -> WireError:
        return WireError(
            Code.LINE_TOO_LONG, f"A line is at most {self._limit} bytes long.", fatal=True
        )
