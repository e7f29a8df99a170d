"""Bugs to be planted in the node, each to be caught by the judge; test_planted.py does it."""

from collections.abc import Callable, Sequence
from hashlib import sha1
from typing import Any

import pytest

from node.brokers import scripts
from node.brokers.logs import RedisLogs
from node.core.entries import Cursor, Entry, Frame, Position
from node.core.hub.broker_listener import BrokerListener
from node.core.hub.hub import Hub
from node.core.model import Membership, PendingMessage, Stored
from node.core.requests import replies, welcome
from node.core.rooms.follower import LogFollower
from node.core.rooms.known_log import KnownLog
from node.core.rooms.member import Member
from node.core.rooms.readers import Readers
from node.core.rooms.room import Room
from node.core.session.connection import ClientConnection
from wire.messages import Ack, Gap

Patch = pytest.MonkeyPatch
Plant = Callable[[Patch], None]


def delivering(change: Callable[[list[Entry]], list[Entry]]) -> Plant:
    """Return what lets nodes deliver something else to those who read along."""
    deliver = Readers.deliver

    def planted(readers: Readers, entries: list[Entry]) -> None:
        deliver(readers, change(entries))

    return lambda patch: patch.setattr(Readers, "deliver", planted)


def script(old: str, new: str) -> Plant:
    """Return what changes some scripts."""
    real = scripts.source

    def source(name: str) -> str:
        return real(name).replace(old, new)

    def plant(patch: Patch) -> None:
        assert any(old in real(name) for name in scripts.names())
        patch.setattr(scripts, "source", source)
        patch.setattr(scripts, "digest", lambda name: sha1(source(name).encode()).hexdigest())

    return plant


def acknowledging_without_keeping(patch: Patch) -> None:
    """Answer a message now and then without having put it into the log."""
    publish = RedisLogs.publish

    def planted(logs: RedisLogs, room: str, post: PendingMessage) -> None:
        if post.message_id.endswith("5"):
            post.done(Stored("r:" + room, f"x-1-{post.id.decode()}", 0, ""))
        else:
            publish(logs, room, post)

    patch.setattr(RedisLogs, "publish", planted)


def looking_in_the_wrong_room(patch: Patch) -> None:
    """Look up in another room whether a message that would be refused was sent before."""
    sent = RedisLogs.sent

    def planted(logs: RedisLogs, room: str | None, *args: Any) -> None:
        sent(logs, "general" if room else room, *args)

    patch.setattr(RedisLogs, "sent", planted)


def answering_not(patch: Patch) -> None:
    """Forget an `ack` now and then."""
    send = ClientConnection.send

    def planted(connection: ClientConnection, event: Any) -> None:
        if not isinstance(event, Ack) or not event.id.endswith("5"):
            send(connection, event)

    patch.setattr(ClientConnection, "send", planted)


def saying_false_gaps(patch: Patch) -> None:
    """Tell who joins of a gap where there is none."""
    add = Room.add

    def planted(room: Room, member: Member, start: Position, cursor: Cursor | None = None) -> None:
        gap = Gap(room=room.name, after=str(start), position=str(start))
        member.transport.write(member.encoder.event(gap))
        add(room, member, start, cursor)

    patch.setattr(Room, "add", planted)


def going_on_at_the_wrong_place(patch: Patch) -> None:
    """Let who comes back read on after the newest entry, not after the last one it had."""

    def planted(
        connection: ClientConnection, membership: Membership, cursor: Cursor | None = None
    ) -> None:
        room = connection.services.rooms.room(membership.room)
        replies.enter_room(
            connection, membership, Cursor(room.top) if cursor and room.top else cursor
        )

    patch.setattr(welcome, "enter_room", planted)


def believing_every_frame(patch: Patch) -> None:
    """Take frames as they come, whatever is missing before them."""

    def planted(follower: LogFollower, frame: Frame) -> None:
        if follower._known.ring is not None:
            follower._accept(frame.entries)

    patch.setattr(LogFollower, "receive", planted)


def healing_nothing(patch: Patch) -> None:
    """Do not put back what Redis forgot."""
    patch.setattr("node.core.rooms.healing.lost", lambda *_: None)


def healing_at_once(patch: Patch) -> None:
    """Put a lost log back at once, however little of it is remembered."""
    patch.setattr(KnownLog, "forgotten", 0.0)


def forgetting_own_entries(patch: Patch) -> None:
    """Acknowledge messages whose frames have not come, and remember nothing of them."""
    patch.setattr(BrokerListener, "appended", lambda events, append: False)


def doubling_directs(patch: Patch) -> None:
    """Deliver each direct twice."""
    _with_inboxes(patch, lambda entries: [*entries, *entries])


def losing_directs(patch: Patch) -> None:
    """Deliver no direct to who reads along."""
    _with_inboxes(patch, lambda entries: [])


def _with_inboxes(patch: Patch, change: Callable[[list[Entry]], list[Entry]]) -> None:
    deliver = Readers.deliver

    def planted(readers: Readers, entries: list[Entry]) -> None:
        deliver(readers, change(entries) if readers._log.startswith("i:") else entries)

    patch.setattr(Readers, "deliver", planted)


def crashing(patch: Patch) -> None:
    """End with an error after a while."""
    tick = Hub.tick

    def planted(hub: Hub) -> None:
        tick(hub)
        if hub.services.now > 5.0:
            raise ZeroDivisionError

    patch.setattr(Hub, "tick", planted)


def _without(kind: bytes, entries: Sequence[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.kind != kind]


_OUT = "redis.call('HDEL', seats, sid)\n    redis.call('ZREM', members, member_of(seat))"
_LEFT = "if count > set.notices or item.position then return '', '' end"
_ENDS = "if ends or redis.call"
_TAKEN = "if theirs and string.find("
_SENT = "KEYS[1] .. ':sent:'"
_STAMP = "local owners, entries, results, untended"

PLANTS: dict[str, tuple[str, Plant]] = {
    "an entry is dropped": ("lost", delivering(lambda entries: entries[:-1])),
    "a message is skipped": ("skipped", delivering(lambda entries: _without(b"m", entries[:1]))),
    "entries come twice": ("doubled", delivering(lambda entries: [*entries, *entries])),
    "entries change places": ("disorder", delivering(lambda entries: entries[::-1])),
    "left is not delivered": ("skipped", delivering(lambda entries: _without(b"l", entries))),
    "left is not told": ("presence", script(_LEFT, "if true then return '', '' end")),
    "who leaves stays listed": ("presence", script(_OUT, "")),
    "a repeat is another message": (
        "doubled",
        script(
            "  if not value then return nil, found[2] end",
            "  if true then return nil, found[2] end",
        ),
    ),
    "the id of a repeat is looked up in another room": (
        "doubled",
        script(
            "tended = said_before(sent .. sid", "tended = said_before('chat:{r:ink}:sent:' .. sid"
        ),
    ),
    "the id of a refused repeat is looked up in another room": ("stuck", looking_in_the_wrong_room),
    "an id counts in all rooms": ("lost", script(_SENT, "'chat:{c}:sent:'")),
    "an ack is a lie": ("lost", acknowledging_without_keeping),
    "an ack is forgotten": ("stuck", answering_not),
    "a gap is a lie": ("false gap", saying_false_gaps),
    "a session goes on elsewhere in its log": ("skipped", going_on_at_the_wrong_place),
    "holes are not looked for": ("skipped", believing_every_frame),
    "what was forgotten is not put back": ("lost", healing_nothing),
    "a log is put back by a node that remembers little of it": ("lost", healing_at_once),
    "what was acknowledged is forgotten until its frame comes": ("lost", forgetting_own_entries),
    "a nick is held twice": ("nick", script(_TAKEN, "if false and string.find(")),
    "a lost connection ends the session": ("session", script(_ENDS, "if true or redis.call")),
    "a direct comes twice": ("doubled", doubling_directs),
    "a direct is dropped": ("lost", losing_directs),
    "a node crashes": ("crashed", crashing),
    "a script touches a key that it did not declare": (
        "publish touches",
        script(_STAMP, f"redis.call('HLEN', KEYS[1] .. ':back')\n{_STAMP}"),
    ),
}
"""By what is wrong: what the judge has to call it, and what does it."""
