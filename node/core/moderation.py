"""What moderators have ordered, and what a node does about it."""

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Protocol

from node.core.entries import Position
from node.core.interfaces import Broker, Encoder, FanOut, Transport
from node.core.limits.admission import parse
from node.core.model import ModerationRule
from node.core.rooms.room import Room
from node.core.session.session import Session
from node.core.session.states import State
from wire.errors import Reason
from wire.messages import Announcement, Left


class ModerationHost(Protocol):
    """Where orders are carried out: the hub, as far as they are concerned."""

    broker: Broker
    fan_out: FanOut
    now: float
    connections: dict[Session, None]
    sessions: dict[str, Session]
    rooms: dict[str, Room]


class ModerationRules:
    """The orders that hold, as they are asked for.

    A network is found by its length and its first bits, so that many of them cost no more than few:
    they are looked through for each connection.
    """

    def __init__(self, orders: Iterable[ModerationRule] = ()) -> None:
        self._by_kind: dict[str, dict[str, ModerationRule]] = {}
        self._networks: dict[tuple[int, int], dict[int, ModerationRule]] = {}
        for order in orders:
            self._by_kind.setdefault(order.kind, {})[order.what] = order
            if order.kind == "net":
                network = ip_network(order.what)
                bits = network.max_prefixlen - network.prefixlen
                length = (network.version, bits)
                first = int(network.network_address) >> bits
                self._networks.setdefault(length, {})[first] = order

    def __len__(self) -> int:
        return sum(map(len, self._by_kind.values()))

    def of(self, kind: str) -> dict[str, ModerationRule]:
        """Return the orders of a kind, by what they are about."""
        return self._by_kind.get(kind, {})

    def against(self, address: str, now: float) -> ModerationRule | None:
        """Return the ban that an address falls under."""
        if not self._networks:
            return None
        if (found := parse(address)) is None:  # a connection that has none
            return None
        for (version, bits), networks in self._networks.items():
            if version == found.version and (order := networks.get(int(found) >> bits)):
                if now < order.until:
                    return order
        return None

    def holding(self, kind: str, what: str, now: float) -> ModerationRule | None:
        """Return the order about something, if it is not over."""
        order = self.of(kind).get(what)
        return order if order is not None and now < order.until else None

    def closed(self, room: str, epoch: bytes) -> ModerationRule | None:
        """Return the order that closed a room, if its log was the one of this epoch."""
        order = self.of("room").get(room)
        return order if order is not None and order.epoch == epoch else None


def carry_out(place: ModerationHost, orders: ModerationRules, before: ModerationRules) -> None:
    """Do what the orders say to all who are here; they have survived those of ``before``."""
    for sid, order in orders.of("kick").items():
        if (session := place.sessions.get(sid)) is not None:
            kick(session, order)
    if any(_is_new(order, before, place.now) for order in orders.of("net").values()):
        for session in list(place.connections):
            if (ban := orders.against(session.outlet.address, place.now)) is not None:
                kick(session, ban)
    for name, order in orders.of("room").items():
        room = place.rooms.get("r:" + name)
        if room is not None and _is_new(order, before, place.now):
            _close(place, room, orders)


def _is_new(order: ModerationRule, before: ModerationRules, now: float) -> bool:
    held = before.holding(order.kind, order.what, now)
    return held is None or held.epoch != order.epoch


def kick(session: Session, order: ModerationRule) -> None:
    """End a session that may not be here."""
    session.end(Reason.KICKED, text=order.why or None)


def _close(place: ModerationHost, room: Room, orders: ModerationRules) -> None:
    """Put everybody out of a room that was closed; who is in a new one of that name stays."""
    for session in list(place.sessions.values()):
        member = session.rooms.get(room.name)
        if member is None:
            continue
        joined = Position.parse(member.joined)
        epoch = room.top.epoch if room.top is not None else joined.epoch if joined else b""
        if (order := orders.closed(room.name, epoch)) is not None:
            session.rooms.pop(room.name)
            leaves = member.done is not None  # and is told so anyway
            room.release(member)
            if not leaves:
                tell_closed(session, room.name, order)
    if room.empty and (room.top is None or orders.closed(room.name, room.top.epoch)):
        del place.rooms[room.log]
        place.broker.unwatch(room.log)


def tell_closed(session: Session, room: str, order: ModerationRule) -> None:
    """Tell someone that the room is gone: there is no log any more to name a position in."""
    left = Left(room=room, nick=session.nick, reason=Reason.KICKED, text=order.why or None)
    session.tell(left)


def announce(place: ModerationHost, text: str, room: str | None, at: int) -> None:
    """Say something to everybody here; who does not read just now is not told."""
    event = Announcement(text=text, room=room, at=at)
    readers: dict[Encoder, list[Transport]] = {}
    for session in place.sessions.values():
        wanted = room is None or room in session.rooms
        if wanted and session.state is State.WELCOME and not session.outlet.paused:
            readers.setdefault(session.encoder, []).append(session.outlet)
    for encoder, outlets in readers.items():
        place.fan_out(outlets, encoder.event(event))
