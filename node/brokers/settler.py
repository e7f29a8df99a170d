"""Settles what was decided about sessions in rooms, whatever the rooms answer.

What decides is one script in the slot of sessions, what announces is one in the slot of each room:
there is no step that does both. Each may be repeated, and a node may die between any two.
"""

from collections.abc import Callable, Sequence
from math import inf
from typing import Any

from node.brokers import decode_seats
from node.brokers.calls import READ_WITHIN
from node.brokers.context import BrokerContext
from node.brokers.decode_seats import Ahead, Departure, Held, Other, Outcome, Settled, Verdict
from node.brokers.holds import Holds
from node.brokers.seats import Item, RoomSeats
from node.core.log_names import room_log
from node.core.model import Done, Failure, Unavailable

TRIES = 5
"""Answers to one item that ask for something else first: after a loss, some in a row."""


class Settler:
    """Takes the answers of rooms for all operations."""

    def __init__(self, context: BrokerContext) -> None:
        self._context = context
        self.holds = Holds()
        self._seats: dict[str, RoomSeats] = {}

    def put(self, room: str, item: Item) -> None:
        """Queue an item for its room, with the other items of this turn."""
        seats = self._seats.get(room)
        if seats is None:
            seats = self._seats[room] = RoomSeats(room, self._context)
        if seats.add(item):
            self._context.shards.of(room_log(room)).pipeline.call(seats)

    def forget_idle(self) -> None:
        """Forget the rooms for which nothing is queued."""
        self._seats = {room: one for room, one in self._seats.items() if one.queued}

    # Sessions that come in

    def seat(self, room: str, item: Item, done: Done[tuple[Settled, bytes]]) -> None:
        """Settle that a session is in a room; the reply has the birth of the room it is in."""
        tries = TRIES

        def on_outcome(found: Outcome | Failure) -> None:
            nonlocal tries
            tries -= 1
            if isinstance(found, Settled):
                done((found, item.birth))
            elif not isinstance(found, (Ahead, Held, Other)):
                done(found)
            elif tries == 0:
                done(Unavailable.UNREACHABLE)
            elif isinstance(found, Ahead):
                args = [item.session, item.owner, found.gen]
                self._ask("raise", args, item.deadline, on_raised, decode_seats.raised)
            elif isinstance(found, Other):
                args = [item.session, room, item.birth, found.birth]
                adopt = self._adopting(room, found.birth, item, again, done)
                self._ask("adopt", args, item.deadline, adopt, decode_seats.adopted)
            else:
                self._clear(room, item, found, again)

        def on_raised(found: int | Failure) -> None:
            if isinstance(found, int):
                item.rise(found)
                self.holds.rise(item.session, item.owner, found)
                again()
            else:
                done(found)

        def again() -> None:
            self.put(room, item)

        item.answer_to(on_outcome)
        again()

    def _adopting(
        self, room: str, there: bytes, item: Item, again: Callable[[], None], done: Done[Any]
    ) -> Done[bytes]:
        def on_adopted(found: bytes | Failure) -> None:
            if isinstance(found, Failure):
                done(found)
                return
            item.turn_to(found)
            if found == there:
                again()
            else:
                self.drop(room, there, lambda reply: again())

        return on_adopted

    def _clear(self, room: str, item: Item, other: Held, again: Callable[[], None]) -> None:
        """Correct the seat of a session that has a nick which belongs to another one by now."""

        def on_verdict(found: list[Verdict] | Failure) -> None:
            if isinstance(found, Failure):
                again()
                return
            self.correct(room, item.birth, other, found[0], lambda reply: again())

        args = [room, item.birth, *other]
        self._ask("verify", args, item.deadline, on_verdict, decode_seats.verdicts)

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
            if not isinstance(outcome, Failure):
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
            reply = _at(place, on_outcome)
            self.put(
                one.room,
                Item(
                    *(one.session, one.gen, one.life, one.reason, one.id, one.birth, deadline),
                    reply,
                    why=one.why,
                ),
            )
        if not departures:
            done(found)

    def _forget(self, settled: dict[str, list[Any]]) -> None:
        deadline = self._context.clock() + READ_WITHIN
        for session, rooms in settled.items():
            self._context.call("outdone", [session, *rooms], deadline, _ignore)

    def finish(self, session: str, deadline: float, done: Callable[[], None]) -> None:
        """Settle all departures of a session that ends, so that its nick becomes free."""

        def on_outs(found: Any) -> None:
            departures = [] if isinstance(found, Failure) else found.departures
            self.depart(departures, deadline, lambda settled: done())

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

    def _ask(
        self,
        script: str,
        args: Sequence[Any],
        deadline: float,
        done: Done[Any],
        parse: Callable[[Any], Any],
    ) -> None:
        self._context.ask(script, args, deadline, done, parse)


def _at(place: int, on_outcome: Callable[[int, Any], None]) -> Callable[[Any], None]:
    return lambda found: on_outcome(place, found)


def _ignore(_reply: Any) -> None:
    """Take the place of a ``done`` where no reply is wanted."""
