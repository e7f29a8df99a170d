"""A session that comes into rooms, as decided, or has another nick or owner in them."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from node.brokers.context import BrokerContext
from node.brokers.decode_seats import Row, Settled
from node.brokers.decode_sessions import Change
from node.brokers.holds import Holds
from node.brokers.seats import Item
from node.brokers.settler import Settler
from node.core.log_names import room_log
from node.core.model import Done, Failure, FencingToken, Membership


class _Seating:
    """Gathers what the rooms answer."""

    __slots__ = (
        *("_context", "_holds", "_token", "_rows", "_done", "_places", "_failure", "_left"),
    )

    def __init__(
        self,
        context: BrokerContext,
        holds: Holds,
        token: FencingToken,
        rows: Sequence[Row],
        done: Done[list[Membership]],
    ) -> None:
        self._context = context
        self._holds = holds
        self._token = token
        self._rows = rows
        self._done = done
        self._places: list[Membership | None] = [None] * len(rows)
        self._failure: Failure | None = None
        self._left = len(rows)

    def reply(self, place: int, found: tuple[Settled, Item] | Failure) -> None:
        """Take the answer of a room; after the last one, answer."""
        self._left -= 1
        if isinstance(found, tuple):
            settled, item = found
            row = self._rows[place]
            self._context.births[room_log(row.room)] = item.birth
            self._holds.raised(self._token, item.gen)
            self._places[place] = Membership(
                *(row.room, settled.position, settled.members, row.created, settled.quiet),
                *(item.birth, row.fresh),
            )
        else:
            self._failure = found
        if self._left == 0:
            self.answer()

    def answer(self) -> None:
        """Answer with the places in all rooms, or why there is none in one."""
        places = [one for one in self._places if one is not None]
        self._done(places if self._failure is None else self._failure)


def seat(
    context: BrokerContext,
    settler: Settler,
    holds: Holds,
    token: FencingToken,
    change: Change,
    op: str,
    nick: str,
    fold: str,
    rows: Sequence[Row],
    deadline: float,
    done: Done[list[Membership]],
    positions: Mapping[str, str] | None = None,
) -> None:
    """Settle that a session is in rooms; ``positions`` are those that Redis has lost."""
    seating = _Seating(context, holds, token, rows, done)
    for place, row in enumerate(rows):
        # What the room knows may be of before a loss: then its log says the rest when it is healed.
        position = (positions or {}).get(row.room, "")
        want = "back" if position and context.unhealed(room_log(row.room)) else "in"
        if want == "back":
            # What the log does not tell once it is healed is told then.
            context.healed.add(room_log(row.room))
        item = Item(
            *(token.session, change.gen, change.life, want, f"{op}j{place}", row.birth),
            *(deadline, _unanswered, fold, nick, token.owner),
            position=position,
            members=row.members,
        )
        settler.seat(row.room, item, partial(seating.reply, place))
    if not rows:
        seating.answer()


def _unanswered(_reply: Any) -> None:
    """Take the place of the ``done`` of an item that was not queued yet."""
