"""Lists of rooms and members, from Redis."""

from node.brokers import decode_sessions
from node.brokers.context import BrokerContext
from node.brokers.lanes import PAGES
from node.core.log_names import room_log
from node.core.model import Done, MemberPage, RoomPage

PAGE = 1000
"""Rooms or members in one reply: with the longest names a tenth of the longest line."""


class RedisDirectory:
    """Implements ``interfaces.Directory``."""

    def __init__(self, context: BrokerContext) -> None:
        self._context = context

    def members(self, room: str, after: str, deadline: float, done: Done[MemberPage]) -> None:
        """List a room's nicks by the code points of their folded form."""
        args, parse, log = [after, PAGE], decode_sessions.members, room_log(room)
        self._context.call("members", args, deadline, done, parse, PAGES, log=log)

    def rooms(self, after: str, deadline: float, done: Done[RoomPage]) -> None:
        """List rooms with their number of members."""
        self._context.call("rooms", [after, PAGE], deadline, done, decode_sessions.rooms, PAGES)
