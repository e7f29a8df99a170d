"""What a node does about the rules and announcements of moderators."""

from node.core.hub.registry import Registry
from node.core.interfaces import Encoder, FanOut, Transport
from node.core.limits.moderation_rules import ModerationRules
from node.core.model import ModerationRule
from node.core.rooms.room import Room
from node.core.session.connection import ClientConnection
from node.core.session.kicks import kick, send_closed
from node.core.session.services import Services
from node.core.session.states import State
from wire.messages import Announcement


def enforce(services: Services, registry: Registry, rules: ModerationRules) -> None:
    """Put moderation rules into force, and apply those that are new to whom is here."""
    before, now = services.moderate(rules), services.now
    for session, rule in rules.of("kick").items():
        if (connection := registry.holders.get(session)) is not None:
            kick(connection, rule)
    if any(_is_new(rule, before, now) for rule in rules.of("net").values()):
        for connection in list(registry.connections):
            admit(services, connection)
    for name, rule in rules.of("room").items():
        room = services.rooms.get(name)
        if room is not None and _is_new(rule, before, now):
            _close(services, registry, room)


def _is_new(rule: ModerationRule, before: ModerationRules, now: float) -> bool:
    held = before.holding(rule.kind, rule.what, now)
    return held is None or held.birth != rule.birth


def admit(services: Services, connection: ClientConnection) -> None:
    """End a connection that comes from a banned address."""
    ban = services.rules.against(connection.transport.address, services.now)
    if ban is not None:
        kick(connection, ban)


def _close(services: Services, registry: Registry, room: Room) -> None:
    """Put all members out of a room that was closed; members of a new one of that name stay."""
    for connection in list(registry.holders.values()):
        member = connection.session.rooms.get(room.name)
        if member is None:
            continue
        if (rule := services.rules.closed(room.name, member.birth)) is not None:
            connection.session.leave(room.name)
            leaves = member.done is not None  # and gets a `left` anyway
            room.release(member)
            if not leaves:
                send_closed(connection, room.name, rule)
    if room.empty and services.rules.closed(room.name, room.birth) is not None:
        services.rooms.drop(room.log)


def announce(registry: Registry, fan_out: FanOut, text: str, room: str | None, at: int) -> None:
    """Send an announcement to all clients here, except those that do not read just now."""
    event = Announcement(text=text, room=room, at=at)
    readers: dict[Encoder, list[Transport]] = {}
    for connection in registry.holders.values():
        wanted = room is None or room in connection.session.rooms
        if wanted and connection.state is State.WELCOME and not connection.transport.paused:
            readers.setdefault(connection.encoder, []).append(connection.transport)
    for encoder, transports in readers.items():
        fan_out(transports, encoder.event(event))
