"""The links of a window: a list of them, and copying one. Pure but for what it calls."""

from collections.abc import Callable, Iterator

from client.text.links import links
from client.text.sanitize import safe_line, safe_word
from client.tui.buffers import Buffer
from client.tui.commands import LINKS_SHOWN, CommandError
from client.tui.notices import Notices


class LinkList:
    """Lists the links in a buffer's messages; ``copy`` gets the one that is chosen.

    The numbers are those of the last list, so that a message that comes in between changes none.
    """

    def __init__(self, notices: Notices, copy: Callable[[str], None]) -> None:
        self._notices = notices
        self._copy = copy
        self._listed: tuple[Buffer, list[str]] | None = None

    def show(self, buffer: Buffer) -> None:
        """Show the newest links. Raises CommandError if there are none."""
        found = _newest(buffer)
        self._listed = buffer, list(found)
        rows = [f"    {n}  {url} ({who})" for n, (url, who) in enumerate(found.items(), 1)]
        self._notices.answer("\n".join(["Links, newest first; /url N copies one:", *rows]))

    def copy(self, buffer: Buffer, number: int) -> None:
        """Copy a link of the last list, or of a new one. Raises CommandError without that link."""
        if self._listed is None or self._listed[0] is not buffer:
            self._listed = buffer, list(_newest(buffer))
        _, urls = self._listed
        if number > len(urls):
            raise CommandError(f"There is no link {number} here; /url lists the links.")
        self._copy(urls[number - 1])
        self._notices.notice(f"Copied, if your terminal allows it: {urls[number - 1]}")


def _newest(buffer: Buffer) -> dict[str, str]:
    """Return the newest links, each once, and who wrote them."""
    found: dict[str, str] = {}
    for url, who in _links(buffer):
        found.setdefault(url, who)
        if len(found) == LINKS_SHOWN:
            break
    if not found:
        raise CommandError("There are no links here.")
    return found


def _links(buffer: Buffer) -> Iterator[tuple[str, str]]:
    for row in reversed(buffer.everything):
        if row.is_message and "://" in row.text:
            shown = safe_line(row.text.replace("\n", " "))
            for start, end in reversed(links(shown)):
                yield shown[start:end], safe_word(row.nick)
