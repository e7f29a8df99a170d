"""What a node does about the events of its broker."""

from collections.abc import Sequence

from node.core.entries import Append, Frame, Position
from node.core.hub import moderation
from node.core.hub.registry import Registry
from node.core.interfaces import FanOut
from node.core.limits.moderation_rules import ModerationRules
from node.core.log_names import is_room, room_name
from node.core.model import FencingToken, ModerationRule, NodeFacts
from node.core.rooms.witness import Witness
from node.core.session.errors import RETRY_MS
from node.core.session.services import Services
from wire.errors import Reason


class BrokerListener:
    """Passes the broker's events on to the rooms and connections that they are for."""

    def __init__(
        self, services: Services, registry: Registry, witness: Witness, fan_out: FanOut
    ) -> None:
        self._services = services
        self._registry = registry
        self._witness = witness
        self._fan_out = fan_out
        self._inboxes = registry.inboxes
        self._rooms = services.rooms.by_log

    # Logs

    def frame(self, frame: Frame) -> None:
        """Entries were appended to a log."""
        room = self._rooms.get(frame.log)
        if room is None:
            room = self._inboxes.receive(frame, self._services.now)
        if room is not None:
            room.receive(frame)

    def confirmed(self, log: str) -> None:
        """The frames of a log are delivered from now on; earlier ones may have been missed."""
        if (room := self._rooms.get(log)) is not None:
            room.sync()

    def seen(self, log: str) -> Position | None:
        """Return the newest position of a log that this node knows."""
        room = self._rooms.get(log)
        return None if room is None else room.newest

    def appended(self, append: Append) -> bool:
        """This node has appended entries to a log, and answers its clients afterwards."""
        if append.frame.log[0] == "i":
            # Also of a recipient here: its inbox is forgotten when it leaves.
            self._witness.remember(append, self._services.now)
        room = self._rooms.get(append.frame.log)
        if room is None and not append.guarded:
            # The client in the notice is the first member of that room at this node.
            room = self._services.rooms.room(room_name(append.frame.log))
        return room is not None and room.appended(append)

    def rewound(self, log: str) -> None:
        """A log does not continue what this node saw."""
        if (room := self._rooms.get(log)) is not None:
            room.rewound()

    def heads(self) -> list[tuple[str, Position]]:
        """Return the position that this node knows of each log that it follows."""
        return [(log, top) for log, room in self._rooms.items() if (top := room.top) is not None]

    def inboxes(self) -> list[str]:
        """Return the inboxes of sessions here that this node does not follow yet."""
        return self._inboxes.unseen()

    def differs(self, log: str) -> None:
        """The newest position of a log is not the one that this node knows."""
        self._inboxes.look_up(log)

    # Sessions

    def holds(self, session: str) -> bool:
        """Say whether the connection of a session is here."""
        return session in self._registry.holders

    def present(self, log: str) -> int:
        """Return how many sessions here are in a room and are not just leaving it."""
        room = self._rooms.get(log)
        if room is None or not is_room(log):
            return 0
        return room.present

    def absent(self, log: str) -> None:
        """The broker has fewer members of a room than are here: it is told of them again."""
        for connection in list(self._registry.holders.values()):
            if room_name(log) in connection.session.rooms:
                connection.recovery.restore(forgotten=False)

    def moved(self, token: FencingToken) -> None:
        """A session went on in another connection; ``token`` is no longer valid."""
        self._registry.move(token)

    def forgotten(self, lost: bool) -> None:
        """Sessions of this node have to be put back.

        ``lost``: the broker lost them. Otherwise this node's lease was over: some may have ended.
        """
        for connection in list(self._registry.holders.values()):
            connection.recovery.restore(forgotten=lost)

    def vanished(self, session: str) -> None:
        """The broker lost one session of this node."""
        if (found := self._registry.holders.get(session)) is not None:
            found.recovery.restore(forgotten=True)

    def estranged(self) -> None:
        """The broker's data are no longer ours to touch: clients go on where they are known."""
        for connection in list(self._registry.holders.values()):
            connection.end(Reason.CUT_OFF, RETRY_MS)
        self._services.rooms.clear()

    # Moderators

    def moderated(self, rules: Sequence[ModerationRule]) -> None:
        """These moderation rules are in force now; they replace the previous ones."""
        self._services.tick()
        moderation.enforce(self._services, self._registry, ModerationRules(rules))

    def announced(self, text: str, room: str | None, at: int) -> None:
        """A moderator sends an announcement to everybody, or to everybody in a room."""
        moderation.announce(self._registry, self._fan_out, text, room, at)

    def facts(self) -> NodeFacts:
        """Return what moderators are told about this node."""
        registry, services = self._registry, self._services
        sizes = len(registry.connections), len(registry.holders), len(services.rooms)
        return NodeFacts(services.name, *sizes)
