"""The buffers of the screen: one for each room, one for each person one talks to alone. Pure."""

from collections.abc import Callable, Iterator

from msgspec import Struct

from client.protocol.names import fold
from client.tui.rows import Mark, Row

MOST_ROWS = 10_000
"""Rows of a buffer that are kept; older ones can be had from a node, as long as it keeps them.
While one reads further up it may be twice as many: what one reads should stay."""
MOST_BUFFERS = 100
"""Buffers that are opened by what others say: twice as many as the rooms one can be in."""
MOST_NICKS = 1000
"""Nicks of a buffer that can be completed; those who were last heard of stay."""
PERSON = "@"
"""Before the nick, in the name of a buffer for one person; no room's name can begin so."""


class Anchor(Struct, frozen=True):
    """The last line seen in a buffer that is scrolled up: a row, how many of its lines are below.

    So it is the same line when rows are put above: those at the beginning of a row come and go.
    """

    row: Row
    hidden: int = 0


class Buffer:
    """What was said in one place, and how far one has read it.

    ``rows`` are in the order of the room; ``pending`` are one's own messages that have no place in
    it yet, by their ids. ``unread_after`` is the row after which one stopped reading. ``fetched``
    are the positions of rows that were asked for: they may come by themselves as well. One that
    ``is_whole`` has all that it can.
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
        """Who one talks to here, if it is one person."""
        return self.name[len(PERSON) :] if self.name.startswith(PERSON) else None

    @property
    def positions(self) -> set[str]:
        """The positions of all rows."""
        return {row.position for row in self.rows if row.position}

    @property
    def everything(self) -> list[Row]:
        """All rows as they stand on the screen."""
        return [*self.rows, *self.pending.values()] if self.pending else self.rows

    def add(self, row: Row) -> None:
        """Put a row at the end of what the room said."""
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
        """Whether older rows were asked for, and are on their way."""
        return bool(self._waiting)

    def await_older(self, then: Callable[[list[Row]], None]) -> None:
        """Have ``then`` called with the older rows that come next."""
        self._waiting.append(then)

    def give_up_older(self) -> None:
        """No older rows come: they may be asked for again."""
        self._waiting = []

    def put_before(self, rows: list[Row], more: bool) -> None:
        """Put older rows above all others; ``more`` tells whether there are still older ones."""
        waiting, self._waiting = self._waiting, []
        self.rows[:0] = rows
        self.oldest = next((row.position for row in rows if row.position), self.oldest)
        self.fetched.update(row.position for row in rows if row.position)
        self.is_whole = not more or len(self.rows) >= 2 * MOST_ROWS
        for then in waiting:
            then(rows)

    def scroll_to(self, anchor: Anchor | None) -> None:
        """Let ``anchor`` be the last line seen; with None, follow what is added."""
        self.anchor = anchor

    def is_first_look(self) -> bool:
        """Return whether it was never looked at before; now it is."""
        is_new, self._is_new = self._is_new, False
        return is_new

    def spoke(self, nick: str) -> None:
        """Note who is here; who spoke last is offered first."""
        self.nicks.pop(nick, None)
        self.came(nick)

    def came(self, nick: str) -> None:
        """Note who is here and said nothing yet."""
        self.nicks.setdefault(nick)
        if len(self.nicks) > MOST_NICKS:
            del self.nicks[next(iter(self.nicks))]

    def looked_at(self) -> None:
        """Somebody reads here, from the end."""
        self.unread = self.mentions = 0
        self.anchor = None

    def left(self) -> None:
        """Nobody reads here any more."""
        self.unread_after = None

    def gone(self, nick: str) -> None:
        """Note who is not here any more."""
        self.nicks.pop(nick, None)

    def miss(self, called: bool) -> None:
        """Something is about to be added while one looks elsewhere; ``called``: one is meant.

        The first of it is where one stopped reading: who comes and goes is not worth a line.
        """
        if not self.unread:
            self.unread_after = self.rows[-1] if self.rows else None
        self.unread += 1
        self.mentions += called

    # Our own messages

    def post(self, row: Row) -> None:
        """Show a message that is on its way; it has an id."""
        self.pending[row.id or ""] = row
        self.anchor = None

    def place(self, id: str, at: int | None, position: str | None) -> bool:
        """Give a pending message its place in the room; return whether there is one."""
        if (row := self.pending.pop(id, None)) is None:
            return False
        row.at, row.position = at, position
        self.add(row)
        return True

    def place_acknowledged(self) -> None:
        """Give pending messages a place that were acknowledged, and do not come any more."""
        for id, row in list(self.pending.items()):
            if row.mark is Mark.NONE:
                self.add(self.pending.pop(id))

    def fail(self, id: str, why: str) -> None:
        """A message could not be delivered."""
        if (row := self.pending.pop(id, None)) is not None:
            row.mark, row.why = Mark.FAILED, why
            self.add(row)

    def failed(self) -> list[Row]:
        """Return the messages that could not be delivered."""
        return [row for row in self.rows if row.mark is Mark.FAILED]

    def take_failed(self, row: Row) -> None:
        """Take a message out of the rows: it is about to be posted again."""
        self.rows.remove(row)
        row.mark, row.why = Mark.PENDING, ""


class Buffers:
    """All buffers, in the order of opening, and the one that is looked at.

    There always is one: before the first room, and after the last, it is one without a name. Names
    are the same in capitals: rooms have none, and a person is the same one however typed.
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
        """Return a buffer that is open."""
        return self._open.get(fold(name))

    def open(self, name: str) -> Buffer:
        """Return a buffer, opened if need be; the first one is looked at from then on."""
        if (buffer := self.get(name)) is None:
            buffer = self._open[fold(name)] = Buffer(name)
            if self.current is self._home:
                buffer.rows, self._home.rows = self._home.rows, []
                self.current = buffer
        return buffer

    @property
    def is_full(self) -> bool:
        """Whether there are as many as others may open."""
        return len(self) >= MOST_BUFFERS

    def close(self, name: str) -> None:
        """Forget a buffer; if it was looked at, its neighbour is from now on."""
        if (buffer := self.get(name)) is None:
            return
        place = list(self).index(buffer)
        del self._open[fold(name)]
        if buffer is self.current:
            left = list(self)
            self._look_at(left[min(place, len(left) - 1)] if left else self._home)

    def rename(self, old: str, new: str) -> None:
        """Who one talks to alone has another nick: the buffer stays with the person."""
        buffer, other = self.get(PERSON + old), self.get(PERSON + new)
        if buffer is not None and other in (None, buffer):
            buffer.name = PERSON + new
            self._open = {fold(each.name): each for each in self}

    def turn_to(self, name: str) -> None:
        """Look at a buffer."""
        if (buffer := self.get(name)) is not None:
            self._look_at(buffer)

    def turn_to_number(self, number: int) -> None:
        """Look at a buffer by its place in the bar, counted from 1."""
        if 1 <= number <= len(self):
            self._look_at(list(self)[number - 1])

    def turn(self, steps: int) -> None:
        """Look at the next buffer, or the one before."""
        buffers = list(self)
        if self.current in buffers:
            self._look_at(buffers[(buffers.index(self.current) + steps) % len(buffers)])

    def _look_at(self, buffer: Buffer) -> None:
        if buffer is not self.current:
            self.current.left()
            self.current = buffer
        buffer.looked_at()
