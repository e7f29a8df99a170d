"""The rows of a buffer, and how they are drawn as lines. Pure."""

from collections.abc import Iterator
from enum import Enum, auto

from msgspec import Struct

from client.text.actions import spoken
from client.text.links import Linked, address, links
from client.text.nicks import mentions
from client.text.sanitize import safe_line, safe_word
from client.text.theme import Theme, nick_colour
from client.text.width import Span, columns, cut, drawable, wrap
from wire import messages as m

NARROW = 50
"""Screens below this width get shorter nicks."""
NICK_COLUMNS, NARROW_NICK_COLUMNS = 12, 8
HANG = 2
"""Indentation of the wrapped lines of a notice, so that the entries of lists stand out."""
HANGING = 20
"""Least width of a text for that indentation."""

TAB = 4
"""Columns from one stop of a tab to the next."""

LATE = "\u2191"
"""The sign before a row that is older than those above it: it belongs further up."""
LATE_MS = 1000
"""Milliseconds by which an entry is older than one above it, to be marked as late. Less happens in
the window of a person: each of the two messages that cross has a time of its own."""

Fragment = tuple[str, str]
Line = list[Fragment]
"""Pieces of text, each with its style, as prompt_toolkit expects them."""


class Kind(Enum):
    """What a row is."""

    MESSAGE = auto()
    ACTION = auto()
    NOTICE = auto()
    ERROR = auto()


class Mark(Enum):
    """The state of a message of our own: the sign before its text, and the style of that."""

    NONE = ("\u2502", "class:rule")
    PENDING = ("\u2026", "class:pending")
    FAILED = ("\u2717", "class:failed")


class Row(Struct, eq=False):
    """One row of a buffer. ``at`` is in milliseconds; ``position`` is that of the room's entry.

    ``id`` is that of a message of our own; ``why`` is the reason why it was not delivered.
    ``newest_at`` is the time of the newest entry above it, or of itself. ``since`` is the time of
    its first entry, if it is a row for several. ``quotes``: it is a notice that has what somebody
    said, as a private message in another window than that of the person.
    """

    kind: Kind
    text: str
    nick: str = ""
    at: int | None = None
    position: str | None = None
    id: str | None = None
    mark: Mark = Mark.NONE
    mine: bool = False
    mention: bool = False
    why: str = ""
    newest_at: int = 0
    since: int | None = None
    quotes: bool = False

    @property
    def is_message(self) -> bool:
        """Whether it is a message."""
        return self.kind in (Kind.MESSAGE, Kind.ACTION)

    @property
    def spoken(self) -> str:
        """The text, with the author if it is an action."""
        return spoken(self.text, self.nick, self.kind is Kind.ACTION)

    def tell(self, text: str) -> None:
        """Say something else."""
        self.text = text

    def call(self) -> None:
        """Note that it mentions us."""
        self.mention = True

    @property
    def is_late(self) -> bool:
        """Whether it is older than an entry above it, because a node put it back after a loss."""
        return self.position is not None and (self.at or self.newest_at) < self.newest_at - LATE_MS

    def follow(self, above: "Row | None") -> None:
        """Stand below another row."""
        at = self.at if self.position is not None else None
        self.newest_at = max(above.newest_at if above is not None else 0, at or 0)

    def acknowledge(self) -> None:
        """Note that the nodes have stored it."""
        self.mark, self.why = Mark.NONE, ""

    def fail(self, why: str) -> None:
        """Note that it was not delivered."""
        self.mark, self.why = Mark.FAILED, why

    def resend(self) -> None:
        """Note that it is sent again."""
        self.mark, self.why = Mark.PENDING, ""

    def place(self, at: int | None, position: str | None) -> None:
        """Note the time and the position of the room's entry."""
        self.at, self.position = at, position


class Anchor(Struct, frozen=True):
    """The last visible line of a buffer that is scrolled up.

    It is a row and the number of its lines that are ``hidden`` below, counted from its end, because
    the lines at the start of a row may change (a new day, the mark of unread messages).
    """

    row: Row
    hidden: int = 0


def message_row(event: m.Message | m.Past | m.Direct, me: str) -> Row:
    """Return the row of a message; ``me`` is our own nick."""
    mine = event.from_ == me
    return Row(
        Kind.ACTION if event.kind == "action" else Kind.MESSAGE,
        event.text,
        event.from_,
        event.at,
        event.position,
        mine=mine,
        mention=not mine and mentions(event.text, me),
    )


class Painter:
    """Draws rows as lines of a given width."""

    def __init__(self, theme: Theme, width: int, word: str = "") -> None:
        self._theme = theme
        self._width = width
        self._word = word.casefold()
        self._nick_width = NICK_COLUMNS if width >= NARROW else NARROW_NICK_COLUMNS
        self._time_width = columns(theme.clock(0))

    def lines(self, row: Row, before: Row | None, unread: bool) -> list[Line]:
        """Return the lines of a row; ``before`` is the row above it.

        A new day, and the start of ``unread`` rows, are marked by a line of their own.
        """
        lines: list[Line] = []
        day = self._theme.day(row.at)
        if day and not row.is_late and day != self._theme.day(before.at if before else None):
            lines.append(self._rule(day, "class:day"))
        if unread:
            lines.append(self._rule("new", "class:unread"))
        body = self._message(row) if row.is_message else self._notice(row)
        return [*lines, *body]

    def _rule(self, text: str, style: str) -> Line:
        text = cut(text, self._width - 4)
        rest = max(0, self._width - columns(text) - 4)
        return [(style, f"\u2500\u2500 {text} {chr(0x2500) * rest}"[: self._width])]

    def _message(self, row: Row) -> list[Line]:
        # The text of an action begins with the nick.
        name = "" if row.kind is Kind.ACTION else row.nick
        nick = cut(drawable(safe_word(name), self._theme.joins), self._nick_width)
        pad = " " * (self._nick_width - columns(nick))
        colour = f"fg:{nick_colour(row.nick)}"
        who = [("", pad), (f"{colour} bold" if row.mine else colour, nick)]
        sign, style = row.mark.value
        if row.is_late and row.mark is Mark.NONE:
            sign = LATE
        head: Line = [("class:time", self._theme.clock(row.at) + " "), *who, (style, f" {sign} ")]
        indent = self._time_width + 1 + self._nick_width
        gutter: Line = [("class:rule", f"{' ' * indent} \u2502 ")]
        text = "class:pending" if row.mark is Mark.PENDING else ""
        if row.kind is Kind.ACTION:
            text = f"{text} italic"
        if row.mention:
            text = f"{text} class:mention"
        lines = self._body(row.spoken, head, gutter, indent + 3, text.strip())
        if row.why:
            why = f"Not delivered: {row.why} /retry sends it again."
            lines += self._body(why, gutter, gutter, indent + 3, "class:failed")
        return lines

    def _notice(self, row: Row) -> list[Line]:
        is_error = row.kind is Kind.ERROR
        style = "class:mention" if row.mention else "class:notice"
        style = "class:failed" if is_error else style
        sign = "!" if is_error else LATE if row.is_late else "\u00b7"
        time = self._theme.clock(row.at)
        if row.since is not None and (first := self._theme.clock(row.since)) != time:
            time = f"{first}\u2013{time}"
        head: Line = [("class:time", f"{time} "), (style, f"{sign} ")]
        indent = columns(time) + 3
        hang = HANG if self._width - indent >= HANGING else 0
        return self._body(row.text, head, [("", " " * indent)], indent, style, hang)

    def _body(
        self, text: str, head: Line, gutter: Line, indent: int, style: str, hang: int = 0
    ) -> list[Line]:
        """Return the lines of a text, the first behind ``head`` and the others behind ``gutter``.

        Wrapped lines are indented by ``hang`` more columns.
        """
        lines: list[Line] = []
        for raw in text.split("\n"):
            part = drawable(safe_line(raw.expandtabs(TAB)), self._theme.joins)
            whole = links(part)
            for number, span in enumerate(wrap(part, self._width - indent, hang, whole)):
                start = gutter if lines else head
                rest: Line = [("", " " * hang)] if number and hang else []
                lines.append([*start, *rest, *self._line(part, span, whole, style)])
        return lines

    def _line(self, text: str, span: Span, whole: list[Span], style: str) -> Iterator[Fragment]:
        """Yield the pieces of a line of a text; those of links lead to the link's address."""
        place, end = span
        for first, last in whole:
            start, stop = max(place, first), min(end, last)
            if start < stop:
                yield from self._found(text[place:start], style)
                url = address(text[first:last])
                for part_style, part in self._found(text[start:stop], style):
                    yield part_style, part if url is None else Linked(part, url)
                place = stop
        yield from self._found(text[place:end], style)

    def _found(self, text: str, style: str) -> Iterator[Fragment]:
        """Yield a piece of text with the searched word highlighted."""
        fold = text.casefold() if self._word else ""
        # If folding changes the length, the indices differ: then nothing is highlighted.
        if not self._word or self._word not in fold or len(fold) != len(text):
            yield style, text
            return
        place = 0
        while (found := fold.find(self._word, place)) >= 0:
            end = found + len(self._word)
            yield style, text[place:found]
            yield f"{style} reverse".strip(), text[found:end]
            place = end
        yield style, text[place:]
