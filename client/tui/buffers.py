"""The buffers: one for each room, and one for each person with direct messages. Pure."""

from collections.abc import Callable, Iterable, Iterator

from client.protocol.names import fold
from client.tui.own_messages import OwnMessages
from client.tui.people import People
from client.tui.rows import Anchor, Row

MOST_ROWS = 10_000
"""Rows that a buffer keeps; older ones can be fetched from a node, if it still has them. While the
user has scrolled up, up to twice as many are kept, so that the rows on the screen stay."""
MOST_CHARACTERS = 2_000_000
"""Characters of all rows of a buffer: ten thousand rows of an ordinary length have half of them."""
MOST_BUFFERS = 100
"""Buffers that others may open by direct messages: twice the limit of rooms."""
MOST_NICKS = 1000
"""Nicks per buffer for completion; the most recent ones are kept."""
MOST_LISTED = 1000
"""Names of rooms for completion."""
PERSON = "@"
"""Prefix of the name of a buffer for one person; no room has such a name."""


class Buffer(OwnMessages):
    """The rows of one room or person, and how far they were read.

    ``rows`` are in the order of the room. ``unread_after`` is the last row that was read.
    ``fetched`` are the positions of rows that were fetched: they may be delivered as well.
    ``is_whole`` means that no older rows are available.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.unread = 0
        self.mentions = 0
        self.unread_after: Row | None = None
        self.nicks: dict[str, None] = {}
        self.people = People()
        self.oldest: str | None = None
        self.fetched: set[str] = set()
        self.is_whole = False
        self._is_new = True
        self._characters = 0
        self._read_until: str | None = None
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
        row.follow(self.rows[-1] if self.rows else None)
        self.rows.append(row)
        self._characters += len(row.text)
        if row.position and self.oldest is None:
            self.oldest = row.position
        if self._characters > MOST_CHARACTERS:
            self._drop(len(self.rows) // 2)
        elif len(self.rows) > (MOST_ROWS if self.anchor is None else 2 * MOST_ROWS):
            self._drop(len(self.rows) - MOST_ROWS * 9 // 10)

    def grew(self, characters: int) -> None:
        """Note that a row has so many characters more."""
        self._characters += characters

    def _drop(self, count: int) -> None:
        gone, self.rows = self.rows[:count], self.rows[count:]
        if self.anchor is not None and self.anchor.row in gone:
            self.anchor = Anchor(self.rows[0])
        self.oldest = next((row.position for row in self.rows if row.position), None)
        self.fetched &= self.positions
        self.is_whole = False
        self._characters = sum(len(row.text) for row in self.rows)

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

    def put_before(self, rows: list[Row], more: bool, oldest: str | None = None) -> None:
        """Insert older rows above all others; ``more``: there are still older ones.

        ``oldest`` is the position from which to fetch on, which may be that of a hidden message.
        """
        waiting, self._waiting = self._waiting, []
        self.rows[:0] = rows
        self._characters += sum(len(row.text) for row in rows)
        first = next((row.position for row in rows if row.position), self.oldest)
        self.oldest = oldest or first
        self.fetched.update(row.position for row in rows if row.position)
        self.is_whole = not more or len(self.rows) >= 2 * MOST_ROWS
        if rows and self._read_until is not None:
            until, self._read_until = self._read_until, None
            self.unread_after = next((row for row in rows if row.position == until), rows[-1])
        for then in waiting:
            then(rows)

    def was_read_until(self, position: str) -> None:
        """Note that an earlier client read up to a position: what follows it is marked as unread.

        The mark is set with the first older rows. They end there, unless newer ones came with them.
        """
        self._read_until = position

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
        self.people.looked_at()

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


class Buffers:
    """All buffers in the order of opening, and the current one.

    There always is a current one: without any room it is a buffer without a name. Names are
    compared without case.
    """

    def __init__(self) -> None:
        self._home = Buffer("")
        self._had_room = False
        self._open: dict[str, Buffer] = {}
        self._visited: list[Buffer] = []
        """Open buffers that were looked at before the current one, the latest last."""
        self.current = self._home
        self.listed: dict[str, None] = {}
        """Names of rooms that a node has listed, for completion."""

    def note_rooms(self, rooms: Iterable[str]) -> None:
        """Note rooms that a node has listed; the most recent ones are kept."""
        for room in rooms:
            self.listed.pop(room, None)
            self.listed[room] = None
        while len(self.listed) > MOST_LISTED:
            del self.listed[next(iter(self.listed))]

    def __iter__(self) -> Iterator[Buffer]:
        return iter(self._open.values())

    def __len__(self) -> int:
        return len(self._open)

    def get(self, name: str) -> Buffer | None:
        """Return an open buffer."""
        return self._open.get(fold(name))

    def open(self, name: str) -> Buffer:
        """Return a buffer, opened if necessary; without a room, a room becomes the current one.

        A person never does: the next line would go to that person alone. The first room of all
        takes over the rows of the start.
        """
        if (buffer := self.get(name)) is None:
            buffer = self._open[fold(name)] = Buffer(name)
            if self.current is self._home and buffer.person is None:
                if not self._had_room:
                    buffer.rows = self._home.rows
                self._had_room = True
                self._home = Buffer("")
                self.current = buffer
        return buffer

    @property
    def is_full(self) -> bool:
        """Whether direct messages may open no more buffers."""
        return len(self) >= MOST_BUFFERS

    def close(self, name: str) -> None:
        """Close a buffer; if it was the current one, the one looked at before becomes that.

        While there is a room, it is a room: otherwise the next line would go to one person.
        """
        if (buffer := self.get(name)) is None:
            return
        place = list(self).index(buffer)
        del self._open[fold(name)]
        self._visited = [each for each in self._visited if each is not buffer]
        if buffer is self.current:
            left = list(self)
            # Behind those looked at: the others, the nearest neighbours first.
            order = [*reversed(self._visited), *left[place:], *reversed(left[:place])]
            rooms = [each for each in order if each.person is None]
            self._look_at((rooms or order or [self._home])[0])

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
        elif buffers:
            self._look_at(buffers[0])

    def turn_to_news(self) -> None:
        """Look at the next buffer with unread messages, first at those with mentions."""
        buffers = list(self)
        place = buffers.index(self.current) + 1 if self.current in buffers else 0
        following = [each for each in (*buffers[place:], *buffers[:place]) if each.unread]
        following.sort(key=lambda each: not each.mentions)
        if following:
            self._look_at(following[0])

    def _look_at(self, buffer: Buffer) -> None:
        if buffer is not self.current:
            self.current.left()
            if self.current in self._open.values():
                self._visited = [each for each in self._visited if each is not self.current]
                self._visited.append(self.current)
            self.current = buffer
            self._visited = [each for each in self._visited if each is not buffer]
        buffer.looked_at()
