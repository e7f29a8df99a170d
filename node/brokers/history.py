"""Reads a page of a room's messages, in several calls if other entries stand between them."""

from typing import Literal

from node.brokers import decode_logs, keys, scripts
from node.brokers.calls import SimpleCall
from node.brokers.decode_logs import Page
from node.brokers.lanes import PAGES
from node.brokers.shards import Shards
from node.core.entries import Entry
from node.core.log_names import room_log
from node.core.model import Done, Failure, HistoryPage

PAGE_BYTES = 900 * 1024
"""Bytes of messages in one reply: as an event they are less than the longest line."""
ENTRY_BYTES = 256
"""Bytes for which an entry counts in addition to its body."""

Way = Literal["before", "upto", "after"]


class HistoryRead:
    """One page that is being read. Its later calls overtake other reads, as its entries wait.

    It is no set of closures: they would refer to each other, and so each page would stay in memory
    until the garbage collector finds it.
    """

    __slots__ = ("_shards", "_room", "_limit", "_deadline", "_done", "_page", "_found", "_size")

    def __init__(
        self,
        shards: Shards,
        room: str,
        limit: int,
        deadline: float,
        done: Done[HistoryPage],
    ) -> None:
        self._shards = shards
        self._room = room
        self._limit = limit
        self._deadline = deadline
        self._done = done
        self._page: Way = "before"
        self._found: list[Entry] = []
        self._size = 0

    def run(self, page: Way, position: str) -> None:
        """Read the messages before, up to or after a position."""
        self._page = page
        self._shards.call(self._call(page, position))

    def _call(self, page: Way, position: str | bytes) -> SimpleCall:
        left = self._limit - len(self._found)
        log, parse = room_log(self._room), decode_logs.page
        args = [log, page, position, left, PAGE_BYTES - self._size]
        done, within = self._on_reply, self._deadline
        declared = keys.of_log(log, scripts.key_names("history"))
        return SimpleCall("history", args, within, done, PAGES, parse=parse, declared=declared)

    def _on_reply(self, reply: Page | Failure) -> None:
        if isinstance(reply, Failure):
            self._done(reply)
            return
        epoch, new, more, rest = reply
        onward = self._page == "after"
        self._found = self._found + new if onward else new + self._found
        if rest:
            self._size += sum(len(entry.body) + ENTRY_BYTES for entry in new)
            self._shards.call_next(self._call("after" if onward else "before", rest))
        else:
            self._done(HistoryPage(epoch, self._found, more))
