"""The buffers: one for each room, and one for each person with direct messages. Pure."""

from collections.abc import Callable, Iterator

from msgspec import Struct

from client.protocol.names import fold
from client.tui.rows import Mark, Row

MOST_ROWS = 10_000
"""Rows that a buffer keeps; older ones can be fetched from a node, if it still has them. While the
user has scrolled up, up to twice as many are kept, so that the rows on the screen stay."""
MOST_BUFFERS = 100
"""Buffers that others may open by direct messages: twice the limit of rooms."""
MOST_NICKS = 1000
"""Nicks per buffer for completion; the most recent ones are kept."""
PERSON = "@"
"""Prefix of the name of a buffer for one person; no room has such a name."""


class Anchor(Struct, frozen=True):
    """The last visible line of a buffer that is scrolled up.

    It is a row and the number of its lines that are ``hidden`` below, counted from its end, because
    the lines at the start of a row may change (a new day, the mark of unread messages).
    """

    row: Row
    hidden: int = 0


class Buffer:
    """The rows of one room or person, and how far they were read.

    ``rows`` are in the order of the room; ``pending`` are our own messages without a place in it
    yet, by their ids. ``unread_after`` is the last row that was read. ``fetched`` are the positions
    of rows that were fetched: they may be delivered as well. ``is_whole`` means that no older rows
    are available.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows: list[Row] = []
        self.pending: dict[str, Row] = {}
        self.unread = 0
        self.mentions = 0
        self.unread_after: Row | None = None
        self.anchor: Anchor | None = None
        self.nicks: dict[str, None] = {}
        self.oldest: str | None = None
        self.fetched: set[str] = set()
        self.is_whole = False
        self._is_new = True
        self._waiting: list[Callable[[list[Row]], None]] = []

    @property
    def person(self) -> str | None:
        """The nick of the other person, if this buffer is for one person."""
        return self.name[len(PERSON) :] if self.name.startswith(PERSON) else None

    @property
    def positions(self) -> set[str]:
        """The positions of all rows."""
        return {row.position for row in self.rows if row.position}

    @property
    def everything(self) -> list[Row]:
        """All rows as shown on the screen."""
        return [*self.rows, *self.pending.values()] if self.pending else self.rows

    def add(self, row: Row) -> None:
        """Append a row."""
        self.rows.append(row)
        if row.position and self.oldest is None:
            self.oldest = row.position
        if len(self.rows) > (MOST_ROWS if self.anchor is None else 2 * MOST_ROWS):
            self._drop(len(self.rows) - MOST_ROWS * 9 // 10)

    def _drop(self, count: int) -> None:
        gone, self.rows = self.rows[:count], self.rows[count:]
        if self.anchor is not None and self.anchor.row in gone:
            self.anchor = Anchor(self.rows[0])
        self.oldest = next((row.position for row in self.rows if row.position), None)
        self.fetched &= self.positions
        self.is_whole = False

    @property
    def is_fetching(self) -> bool:
        """Whether older rows were requested."""
        return bool(self._waiting)

    def await_older(self, then: Callable[[list[Row]], None]) -> None:
        """Have ``then`` called with the next older rows."""
        self._waiting.append(then)

    def give_up_older(self) -> None:
        """Note that the request for older rows failed."""
        self._waiting = []

    def put_before(self, rows: list[Row], more: bool) -> None:
        """Insert older rows above all others; ``more``: there are still older ones."""
        waiting, self._waiting = self._waiting, []
        self.rows[:0] = rows
        self.oldest = next((row.position for row in rows if row.position), self.oldest)
        self.fetched.update(row.position for row in rows if row.position)
        self.is_whole = not more or len(self.rows) >= 2 * MOST_ROWS
        for then in waiting:
            then(rows)

    def scroll_to(self, anchor: Anchor | None) -> None:
        """Make ``anchor`` the last visible line; with None, follow new rows."""
        self.anchor = anchor

    def is_first_look(self) -> bool:
        """Return whether the buffer was never looked at; the caller shows it now."""
        is_new, self._is_new = self._is_new, False
        return is_new

    def spoke(self, nick: str) -> None:
        """Note the author of a message; completion offers the latest author first."""
        self.nicks.pop(nick, None)
        self.came(nick)

    def came(self, nick: str) -> None:
        """Note a member who has said nothing yet."""
        self.nicks.setdefault(nick)
        if len(self.nicks) > MOST_NICKS:
            del self.nicks[next(iter(self.nicks))]

    def looked_at(self) -> None:
        """Note that the user looks at this buffer, at its end."""
        self.unread = self.mentions = 0
        self.anchor = None

    def left(self) -> None:
        """Note that the user looks at another buffer."""
        self.unread_after = None

    def gone(self, nick: str) -> None:
        """Note that a member has left."""
        self.nicks.pop(nick, None)

    def miss(self, called: bool) -> None:
        """Count a message that is about to be added as unread; ``called``: it mentions the user.

        The mark of unread rows is above the first unread message; notices alone do not set it.
        """
        if not self.unread:
            self.unread_after = self.rows[-1] if self.rows else None
        self.unread += 1
        self.mentions += called

    # Our own messages

    def post(self, row: Row) -> None:
        """Show a message of our own that is on its way; it has an id."""
        self.pending[row.id or ""] = row
        self.anchor = None

    def place(self, id: str, at: int | None, position: str | None) -> bool:
        """Move a pending message to its place in the room; return whether there was one."""
        if (row := self.pending.pop(id, None)) is None:
            return False
        row.at, row.position = at, position
        self.add(row)
        return True

    def place_acknowledged(self) -> None:
        """Move acknowledged pending messages into the room: they will not be delivered any more."""
        for id, row in list(self.pending.items()):
            if row.mark is Mark.NONE:
                self.add(self.pending.pop(id))

    def fail(self, id: str, why: str) -> None:
        """Mark a pending message as not delivered."""
        if (row := self.pending.pop(id, None)) is not None:
            row.mark, row.why = Mark.FAILED, why
            self.add(row)

    def failed(self) -> list[Row]:
        """Return the messages that were not delivered."""
        return [row for row in self.rows if row.mark is Mark.FAILED]

    def take_failed(self, row: Row) -> None:
        """Remove an undelivered message, which is about to be posted again."""
        self.rows.remove(row)
        row.mark, row.why = Mark.PENDING, ""


class Buffers:
    """All buffers in the order of opening, and the current one.

    There always is a current one: without any room it is a buffer without a name. Names are
    compared without case.
    """

    def __init__(self) -> None:
        self._home = Buffer("")
        self._open: dict[str, Buffer] = {}
        self.current = self._home

    def __iter__(self) -> Iterator[Buffer]:
        return iter(self._open.values())

    def __len__(self) -> int:
        return len(self._open)

    def get(self, name: str) -> Buffer | None:
        """Return an open buffer."""
        return self._open.get(fold(name))

    def open(self, name: str) -> Buffer:
        """Return a buffer, opened if necessary; the first one becomes the current one."""
        if (buffer := self.get(name)) is None:
            buffer = self._open[fold(name)] = Buffer(name)
            if self.current is self._home:
                buffer.rows, self._home.rows = self._home.rows, []
                self.current = buffer
        return buffer

    @property
    def is_full(self) -> bool:
        """Whether direct messages may open no more buffers."""
        return len(self) >= MOST_BUFFERS

    def close(self, name: str) -> None:
        """Close a buffer; if it was the current one, its neighbour becomes that."""
        if (buffer := self.get(name)) is None:
            return
        place = list(self).index(buffer)
        del self._open[fold(name)]
        if buffer is self.current:
            left = list(self)
            self._look_at(left[min(place, len(left) - 1)] if left else self._home)

    def rename(self, old: str, new: str) -> None:
        """Rename the buffer of a person who has a new nick."""
        buffer, other = self.get(PERSON + old), self.get(PERSON + new)
        if buffer is not None and other in (None, buffer):
            buffer.name = PERSON + new
            self._open = {fold(each.name): each for each in self}

    def turn_to(self, name: str) -> None:
        """Make a buffer the current one."""
        if (buffer := self.get(name)) is not None:
            self._look_at(buffer)

    def turn_to_number(self, number: int) -> None:
        """Make a buffer the current one, by its number in the bar, from 1."""
        if 1 <= number <= len(self):
            self._look_at(list(self)[number - 1])

    def turn(self, steps: int) -> None:
        """Move by so many buffers, forwards or backwards."""
        buffers = list(self)
        if self.current in buffers:
            self._look_at(buffers[(buffers.index(self.current) + steps) % len(buffers)])

    def _look_at(self, buffer: Buffer) -> None:
        if buffer is not self.current:
            self.current.left()
            self.current = buffer
        buffer.looked_at()
