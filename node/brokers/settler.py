"""Settles what was decided about sessions in rooms, whatever the rooms answer.

What decides is one script in the slot of sessions, what announces is one in the slot of each room:
there is no step that does both. Each may be repeated, and a node may die between any two.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from math import inf
from typing import Any

from node.brokers import decode_seats
from node.brokers.calls import READ_WITHIN
from node.brokers.context import BrokerContext
from node.brokers.decode_seats import Ahead, Departure, Held, Other, Outcome, Settled
from node.brokers.decode_seats import Unhealed, Verdict
from node.brokers.seats import Item, RoomSeats
from node.brokers.told import Told
from node.core.log_names import room_log
from node.core.model import Done, Failure, Unavailable

UNSAID = "unsaid"
"""The reason for which a session has left a room that Redis has brought it back to."""
TRIES = 5
"""Answers to an item that ask for something else first: after a loss, some may come in a row."""


class Settler:
    """Takes the answers of rooms for all operations."""

    def __init__(self, context: BrokerContext) -> None:
        self._context = context
        self._seats: dict[str, RoomSeats] = {}
        self._told = Told()

    def put(self, room: str, item: Item) -> None:
        """Queue an item for its room, with the other items of this turn."""
        seats = self._seats.get(room)
        if seats is None:
            seats = self._seats[room] = RoomSeats(room, self._context)
        if seats.add(item):
            self._context.shards.call(seats)

    def forget_idle(self) -> None:
        """Forget the rooms for which nothing is queued."""
        self._seats = {room: one for room, one in self._seats.items() if one.queued}

    def is_unhealed(self) -> bool:
        """Say whether nodes may still be putting back sessions that Redis lost."""
        return self._context.unhealed("")

    # Sessions that come in

    def seat(self, room: str, item: Item, done: Done[tuple[Settled, Item]]) -> None:
        """Settle that a session is in a room.

        The reply has the item as the room has taken it: its birth and its generation may be others.
        """
        _Seating(self, room, item, done).again()

    def correct(
        self, room: str, birth: bytes, seat: Held, should: Verdict, done: Done[Outcome]
    ) -> None:
        """Settle what the seat of a session should be."""
        context = self._context
        want = "in" if should.nick else "lost"
        self.put(
            room,
            Item(
                *(seat.session, should.gen, seat.life, want, context.random_id(), birth),
                *(context.clock() + READ_WITHIN, done, should.fold, should.nick, should.owner),
            ),
        )

    # Sessions that go out

    def depart(
        self,
        departures: Sequence[Departure],
        deadline: float,
        done: Callable[[list[Settled | None]], None],
    ) -> None:
        """Settle departures; the reply is where each was said, None if it could not be settled.

        Those that are settled are forgotten as such. The others are settled later, by any node.
        """
        found: list[Settled | None] = [None] * len(departures)
        settled: dict[str, list[Any]] = {}
        left = len(departures)

        def on_outcome(place: int, outcome: Outcome | Failure) -> None:
            nonlocal left
            left -= 1
            if not isinstance(outcome, Failure | Unhealed):
                # The seat was taken in a later generation, or is that of another room of this name.
                found[place] = outcome if isinstance(outcome, Settled) else Settled("")
                one = departures[place]
                if isinstance(outcome, Ahead):
                    # Or Redis has lost that generation, and counts from an earlier one.
                    self._context.healed.add(room_log(one.room))
                settled.setdefault(one.session, []).extend((one.gen, one.room))
            if not left:
                self._forget(settled)
                done(found)

        for place, one in enumerate(departures):
            self._tell(one, deadline, _at(place, on_outcome))
        if not departures:
            done(found)

    def _tell(self, one: Departure, deadline: float, done: Done[Outcome]) -> None:
        """Tell a room of a departure."""
        reason = one.reason
        if reason == UNSAID:
            # Its log may say it when it is healed: until then it is left to the janitor.
            if self._context.unhealed(room_log(one.room)):
                done(Unavailable.UNREACHABLE)
                return
            reason = "left"
        self.put(
            one.room,
            Item(
                *(one.session, one.gen, one.life, reason, one.id, one.birth, deadline, done),
                fold=one.fold,
                nick=one.nick,
                why=one.why,
            ),
        )

    def _forget(self, settled: dict[str, list[Any]]) -> None:
        for session, rooms in settled.items():
            if self._told.add(session, rooms):
                self._context.shards.call(self._told)

    def finish(
        self, session: str, deadline: float, done: Callable[[], None], failed: Done[Any]
    ) -> None:
        """Settle all departures of a session that ends, so that its nick becomes free.

        One of ``done`` and ``failed`` is called: the latter if a departure could not be settled.
        """

        def settled(found: list[Settled | None]) -> None:
            if None in found:
                failed(Unavailable.UNREACHABLE)
            else:
                done()

        def on_outs(found: Any) -> None:
            if isinstance(found, Failure):
                failed(found)
                return
            if not found.departures:
                # If they are lost, nothing but this frees its nick.
                self._forget({session: []})
            self.depart(found.departures, deadline, settled)

        self._context.call("outs", ["", session], deadline, on_outs, decode_seats.outs)

    # Rooms that end

    def drop(self, room: str, birth: bytes, done: Done[bool]) -> None:
        """Delete the data of a room."""
        context = self._context
        deadline, log = context.clock() + READ_WITHIN, room_log(room)
        context.ask("drop", [birth], deadline, done, lambda found: True, log=log)

    def dropped(self, marks: Sequence[bytes]) -> None:
        """Forget that the data of rooms were to be deleted."""
        self._context.call("dropped", marks, inf, _ignore)

    def ask(
        self,
        script: str,
        args: Sequence[Any],
        deadline: float,
        done: Done[Any],
        parse: Callable[[Any], Any],
    ) -> None:
        """Run a script about sessions."""
        self._context.ask(script, args, deadline, done, parse)


class _Seating:
    """One session that comes into a room, whatever the room answers at first.

    What is queued refers to it, but it does not refer to what is queued: else each one would stay
    in memory until the garbage collector finds it.
    """

    __slots__ = ("_settler", "_room", "_item", "_done", "_tries")

    def __init__(
        self, settler: Settler, room: str, item: Item, done: Done[tuple[Settled, Item]]
    ) -> None:
        self._settler = settler
        self._room = room
        self._item = item
        self._done = done
        self._tries = TRIES

    def again(self, _reply: object = None) -> None:
        """Ask the room."""
        self._settler.put(self._room, replace(self._item, done=self._on_outcome))

    def _on_outcome(self, found: Outcome | Failure) -> None:
        item, settler = self._item, self._settler
        self._tries -= 1
        if isinstance(found, Settled):
            self._done((found, item))
        elif isinstance(found, Failure):
            self._done(found)
        elif self._tries == 0 or isinstance(found, Unhealed):
            self._done(Unavailable.UNREACHABLE)
        elif isinstance(found, Ahead):
            args: list[Any] = [item.session, item.owner, found.gen]
            settler.ask("raise", args, item.deadline, self._on_raised, decode_seats.raised)
        elif isinstance(found, Other):
            args = [item.session, self._room, item.birth, found.birth]
            adopted = partial(self._on_adopted, found.birth)
            settler.ask("adopt", args, item.deadline, adopted, decode_seats.adopted)
        else:
            args = [self._room, item.birth, *found]
            verdict = partial(self._on_verdict, found)
            parse = partial(decode_seats.verdicts, count=1)
            settler.ask("verify", args, item.deadline, verdict, parse)

    def _on_raised(self, found: int | Failure) -> None:
        if isinstance(found, int):
            self._item = replace(self._item, gen=found)
            self.again()
        else:
            self._done(found)

    def _on_adopted(self, there: bytes, found: bytes | Failure) -> None:
        """Go on in the room that was decided for; the data of another one are deleted."""
        if not isinstance(found, bytes):
            self._done(found)
            return
        self._item = replace(self._item, birth=found)
        if found == there:
            self.again()
        else:
            self._settler.drop(self._room, there, self.again)

    def _on_verdict(self, other: Held, found: list[Verdict] | Failure) -> None:
        """Correct the seat of a session that has a nick which belongs to another one by now."""
        settler = self._settler
        if not isinstance(found, list):
            self.again()
        elif not (found[0].nick or found[0].later) and settler.is_unhealed():
            # Nodes may still be putting back the session that has the nick in the room.
            self._done(Unavailable.UNREACHABLE)
        elif found[0].later:
            # Its departure says why it has left.
            settler.finish(other.session, self._item.deadline, self.again, self._done)
        else:
            self._settler.correct(self._room, self._item.birth, other, found[0], self.again)


def _at(place: int, on_outcome: Callable[[int, Any], None]) -> Callable[[Any], None]:
    return lambda found: on_outcome(place, found)


def _ignore(_reply: Any) -> None:
    """Take the place of a ``done`` where no reply is wanted."""
