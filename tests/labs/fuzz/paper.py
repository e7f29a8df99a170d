"""A broker of paper: it keeps just enough for sessions to talk, and refuses now and then."""

from collections import defaultdict
from random import Random
from typing import Any

from node.core.entries import Entry, Position
from node.core.hub.hub import Hub
from node.core.model import Denied, Fenced, Membership, SessionState, Stored, Unavailable
from tests.unit.node.core.fakes import EPOCH, Call, FakeBroker, claimed, entry, frame, slice_

REFUSALS = [Unavailable.UNREACHABLE, Unavailable.INTERNAL, Fenced.GONE]
OFTEN = 0.03
"""How often a call is refused."""
MOST = 50
"""Entries that are kept of a log."""
ALWAYS_DONE = ("restore", "check", "standing", "part", "watch", "unwatch")


class PaperBroker(FakeBroker):
    """Answers calls when ``serve`` is called, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.hub: Hub
        self.rng = Random(0)
        self.refuses = 0.0
        self.logs: dict[str, list[Entry]] = {}
        self.anew(self.rng)
        self.refuses = 0.0

    def anew(self, rng: Random) -> None:
        """Begin a new input, with a log in which the honest one is; other logs are forgotten."""
        self.rng = rng
        self.refuses = OFTEN
        fresh: dict[str, list[Entry]] = defaultdict(lambda: [entry(1, kind="e")])
        fresh["r:general"] = self.logs.get("r:general", [entry(1, kind="e")])[-MOST:]
        self.logs = fresh

    def serve(self) -> bool:
        """Answer what waits; return whether there was anything."""
        calls, self.calls = self.calls, []
        for call in calls:
            if call.name not in ALWAYS_DONE and self.rng.random() < self.refuses:
                call.done(self.rng.choice(REFUSALS))
            else:
                getattr(self, f"do_{call.name}")(call)
        return bool(calls)

    def top(self, log: str) -> Position:
        """Return the newest position of a log."""
        last = self.logs[log][-1]
        return Position(EPOCH, last.offset, last.id)

    def seat(self, room: str, created: bool = False) -> Membership:
        """Return a place at the end of a room's log."""
        return Membership(room, str(self.top("r:" + room)), 2, created, False)

    def do_claim(self, call: Call) -> None:
        claim = call.args[0]
        rooms = claim.rooms or ([claim.default_room] if claim.default_room else [])
        if not claim.nick or claim.fold == "honest" and self.hub.registry.holders:
            call.done(Denied.TAKEN if claim.nick else Denied.NAMELESS)
            return
        reply = claimed(claim.nick, [], claim=self.rng.randrange(1, 9))
        call.done(reply._replace(memberships=[self.seat(room) for room in rooms]))

    def do_publish(self, call: Call) -> None:
        room, post = call.args
        log = "r:" + room
        before = self.logs[log][-1]
        head = b"m %b 17 -" % post.id
        new = Entry(before.offset + 1, head, post.body)
        self.logs[log].append(new)
        self.hub.events.frame(frame([new], prev=before.id.decode(), log=log))
        call.done(Stored(log, str(self.top(log)), 17, ""))

    def do_direct(self, call: Call) -> None:
        known = call.args[1] in [one.session.fold for one in self.hub.registry.holders.values()]
        call.done(Stored("i:x", "k1-1-x1", 17, call.args[1]) if known else Denied.NOBODY)

    def do_join(self, call: Call) -> None:
        room, create = call.args[1:3]
        choices: list[Any] = [Denied.EXISTS if create else Denied.MISSING]
        choices += [self.seat(room, create)] * 3
        call.done(self.rng.choice(choices))

    def do_leave(self, call: Call) -> None:
        call.done(self.rng.choice([(str(self.top("r:" + call.args[1])), 17), None]))

    def do_rename(self, call: Call) -> None:
        call.done(self.rng.choice([(call.args[1], 17), Denied.TAKEN]))

    def do_members(self, call: Call) -> None:
        call.done((["honest"], False))

    def do_rooms(self, call: Call) -> None:
        call.done(([("general", 1)], False))

    def do_history(self, call: Call) -> None:
        found = [one for one in self.logs["r:" + call.args[0]] if one.kind == b"m"]
        call.done((EPOCH, found[-call.args[3] :], False))

    def do_tail(self, call: Call) -> None:
        call.done(slice_(self.logs[call.args[0]][-call.args[1] :]))

    def do_read(self, call: Call) -> None:
        log, position = call.args[:2]
        found = [one for one in self.logs[log] if one.offset > position.offset]
        call.done(slice_(found, top=self.top(log)))

    def do_standing(self, call: Call) -> None:
        session = next(
            (
                one.session
                for one in self.hub.registry.holders.values()
                if one.session.token == call.args[0]
            ),
            None,
        )
        if session is None:
            call.done(Fenced.GONE)
        else:
            call.done(SessionState(session.nick, 17, [self.seat(room) for room in session.rooms]))

    def do_sent(self, call: Call) -> None:
        call.done(None)

    def do_check(self, call: Call) -> None:
        call.done(False)

    def do_restore(self, call: Call) -> None:
        call.done(self.rng.choice([True, True, Fenced.GONE]))

    def do_begin(self, call: Call) -> None:
        call.done(True)

    def do_heal(self, call: Call) -> None:
        call.done(0)

    def do_part(self, call: Call) -> None:
        if len(call.args) > 2 and call.args[2] is not None:
            call.args[2]()

    def do_watch(self, call: Call) -> None:
        self.hub.events.confirmed(call.args[0])

    def do_unwatch(self, call: Call) -> None:
        pass
