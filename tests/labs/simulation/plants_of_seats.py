"""Bugs to be planted in what sessions and rooms do in steps of their own; test_planted.py does it.

They show in worlds with several servers, more or less rarely.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from node.brokers.claiming import Claiming
from node.brokers.decode_seats import Settled
from node.brokers.decode_sessions import Change
from node.brokers.janitor import Janitor
from node.brokers.seat_audit import SeatAudit
from node.brokers.seats import RoomSeats
from node.brokers.sessions import RedisSessions
from node.core.model import Claimed, Failure, Membership, Unavailable
from node.core.session.recovery import Recovery
from tests.labs.simulation.plants import Patch, Plant, script


def welcoming_before_settling(patch: Patch) -> None:
    """Answer a claim that goes on with a session as soon as that is decided."""
    decided = Claiming._on_decided

    def planted(claiming: Claiming, found: Any) -> None:
        known = {log: str(position) for log, position in claiming._claim.known}
        rows = found.result.rows if isinstance(found, Change) else []
        if not rows or not all("r:" + row.room in known for row in rows):
            decided(claiming, found)
            return
        done, greeted = claiming._done, found.result
        claiming._done = _ignore
        decided(claiming, found)
        rooms = [
            Membership(
                *(row.room, known["r:" + row.room], row.members, False, False, row.birth, False)
            )
            for row in rows
        ]
        claim = greeted.resumed, greeted.nick, greeted.claim, greeted.inbox, greeted.refused
        done(Claimed(*claim, rooms))

    patch.setattr(Claiming, "_on_decided", planted)


def settling_own_departures_only(patch: Patch) -> None:
    """Leave the departures of other nodes' sessions alone."""
    patch.setattr(Janitor, "settle", lambda janitor, wait_ms=0: None)


def looking_through_no_seats(patch: Patch) -> None:
    """Never compare seats with what was decided."""
    patch.setattr(SeatAudit, "look", lambda audit: None)


def believing_a_lost_settle(patch: Patch) -> None:
    """Take a call that was not answered for one that was done."""

    def planted(seats: RoomSeats) -> None:
        items, seats._under_way = seats._under_way, []
        for item in items:
            outcome: Settled | Failure = Settled("")
            item.done(outcome if item.want != "in" else Unavailable.UNREACHABLE)

    patch.setattr(RoomSeats, "lost", planted)


def believing_a_refusal(patch: Patch) -> None:
    """Take a session that Redis does not know for one that has ended."""

    def planted(recovery: Recovery, reply: bool | Failure) -> None:
        recovery._give_up()

    patch.setattr(Recovery, "_on_confirmed", planted)


def telling_again_at_once(patch: Patch) -> None:
    """Tell rooms of the end of a session that Redis has brought back before their logs are back."""
    patch.setattr(RedisSessions, "release", RedisSessions.part)


def _ignore(_reply: Any) -> None:
    """Take the place of a ``done`` that is not wanted."""


_GONE = "redis.call('ZADD', key .. ':gone', int(math.max(item.gone or 0, item.gen)), item.sid)"
_ENDING = "if redis.call('EXISTS', 'chat:{c}:out:' .. sid) == 1 then\n    for name"
_RENAMED = "take_names(sid, wanted)\nreturn answer"
_FREED = (
    "redis.call('HDEL', key, 'old')\ntake_names(sid, wanted)\n"
    "release(sid, table.concat(old, ' '))\nreturn answer"
)
_LATER = "(seat and seat.gen > item.gen) or "
_FENCE = "elseif owners[sid] ~= owner then"
_RESEAT = "local function reseat(entry, position)"
_EARLIER = "local is_earlier = not is_ours"
_CLOSED = "if not birth or rule_of"

_WAITING = "if not set.unhealed or"

_PRESENCE = ("presence", "unsettled")


class Told(NamedTuple):
    """What the judge may call a bug, and within how many worlds of so many servers it does.

    ``first``: the seed to begin with, if only one world in some hundreds shows it.
    """

    kinds: Sequence[str]
    plant: Plant
    worlds: int
    servers: int = 3
    first: int = 0


PLANTS: dict[str, Told] = {
    "who left may be seated by an older call": Told(_PRESENCE, script(_GONE, ""), 60, first=105),
    "the nick of a session that ends is free at once": Told(
        _PRESENCE, script(_ENDING, "if false then\n    for name"), 20
    ),
    "the former nick is free at once": Told(_PRESENCE, script(_RENAMED, _FREED), 80, first=165),
    "a welcome comes before the seats": Told(_PRESENCE, welcoming_before_settling, 100, first=105),
    "departures are not settled by others": Told(_PRESENCE, settling_own_departures_only, 40),
    "a departure is told before the log is back": Told(
        ("presence",), script(_WAITING, "if true or"), 30, first=31000060
    ),
    "an end that a log tells is told again": Told(
        ("presence",), telling_again_at_once, 10, servers=1, first=52000420
    ),
    "an older decision counts": Told(_PRESENCE, script(_LATER, ""), 60, first=2050),
    "seats are not looked through": Told(_PRESENCE, looking_through_no_seats, 60, first=335),
    "anybody who has a seat may speak for it": Told(
        _PRESENCE, script(_FENCE, "elseif not owners[sid] then"), 60, first=540
    ),
    "what is put back seats nobody": Told(
        _PRESENCE, script(_RESEAT, f"{_RESEAT}\n  do return end"), 60
    ),
    "a settle whose reply is lost counts as done": Told(
        _PRESENCE, believing_a_lost_settle, 60, first=255
    ),
    "a log of a room that was made again is not put back": Told(
        ("lost",),
        script(_CLOSED, "if not birth or (there and there ~= birth) or rule_of"),
        120,
        1,
        190,
    ),
    "a session that was put back once is gone if Redis goes back": Told(
        ("session",), script(_EARLIER, "local is_earlier = false"), 120, 1, 270
    ),
    "a session that Redis lost counts as one that has ended": Told(
        ("session",), believing_a_refusal, 20, 1, 5150
    ),
}
"""By what is wrong."""
