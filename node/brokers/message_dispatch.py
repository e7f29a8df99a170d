"""Takes the messages of Redis channels, and reports them to the core."""

import logging
from collections.abc import Callable
from functools import partial

from node.brokers import decode_logs, decode_upkeep, keys
from node.brokers.context import BrokerContext
from node.brokers.head_poll import HeadPoll
from node.brokers.malformed import WRONG, ProblemLog, malformed
from node.brokers.moderation_sync import ModerationSync
from node.brokers.publish_batch import Taken
from node.brokers.readiness import Readiness

log = logging.getLogger(__name__)


class MessageDispatch:
    """Hands each message to the part of the broker, or of the core, that it concerns."""

    def __init__(
        self,
        context: BrokerContext,
        readiness: Readiness,
        taken: Taken,
        moderation: ModerationSync,
        heads: HeadPoll,
        problems: ProblemLog,
    ) -> None:
        self._context = context
        self._readiness = readiness
        self._taken = taken
        self._moderation = moderation
        self._heads = heads
        self._problems = problems
        self._probed: dict[int, Callable[[], None]] = {}

    def expect(self, shard: int, heard: Callable[[], None]) -> None:
        """Hand the probes of a server without sessions to ``heard``."""
        self._probed[shard] = heard

    def take(self, payload: bytes) -> None:
        """Take a message of a channel."""
        if self._readiness.refused:
            return
        kind = b""
        events = self._context.events
        tell: Callable[[], object] | None
        try:
            kind, _, rest = payload.partition(b" ")
            # Read it before anything is called: an error of the core is no malformed message.
            if kind == b"log":
                if self._taken.has(rest):
                    return
                frame = decode_logs.frame(payload)
                tell = None
            elif kind == b"probe":
                tell = partial(self._hear_probe, decode_upkeep.probe(rest))
            elif kind == b"shard":
                if (tell := self._probed.get(int(rest))) is None:
                    return
            elif kind == b"moved":
                tell = partial(events.moved, decode_upkeep.moved(rest))
            elif kind == b"orders":
                tell = partial(self._moderation.newest, rest)
            elif kind == b"announce":
                tell = partial(self._announce, *decode_upkeep.announcement(rest))
            else:
                return  # A node of a later version may send other kinds.
        except WRONG as error:
            self._problems.dropped("message of a channel: " + kind.decode(), malformed(error))
            if kind == b"log":
                self._look_again(payload)
            return
        if tell is None:
            events.frame(frame)
        else:
            tell()

    def _announce(self, text: str, room: str | None, at: int) -> None:
        log.info("order of a moderator", extra={"order": "announce", "room": room or "(all)"})
        self._context.events.announced(text, room, at)

    def _hear_probe(self, sent: int) -> None:
        self._readiness.probe_heard(self._context.clock(), sent)

    def _look_again(self, payload: bytes) -> None:
        """Have the log of a malformed frame read: the frame may have stood for entries."""
        try:
            log = decode_logs.log_of(payload)
        except WRONG:
            return
        self._context.events.differs(log)

    def confirm(self, channel: bytes) -> None:
        """Report that the messages of a channel are received from now on."""
        if self._readiness.refused:
            return
        if (name := keys.log_of_channel(channel)) is not None:
            self._context.events.confirmed(name)
        else:
            # Directs, which come by this node's own channel, may have been missed as well.
            self._context.subscribed()
            self._heads.compare_inboxes()
            self._heads.compare()
