"""A client of the protocol, written from docs/protocol.md alone, that notes all that it sees."""

import hashlib
import json
from collections.abc import Callable
from random import Random
from typing import Any, Protocol

from tests.labs.simulation.loop import VirtualLoop
from tests.labs.simulation.network import Line
from tests.labs.simulation.notes import Notes, is_own
from tests.labs.simulation.plan import Act, Person

PATIENCE = 5.0
"""Seconds without a line, though there was a ping, after which a node is given up."""
ANSWER_WITHIN = 5.5
"""Seconds after which it is noted that a request has not been answered."""
AGAIN = ("unavailable", "rate-limited", "internal")
"""Errors after which a message is sent again."""

Event = dict[str, Any]


class Place(Protocol):
    """Where clients connect."""

    loop: VirtualLoop
    given_up: dict[int, str]
    """By person: the nick that it has just given up, as far as it knows."""

    def dial(self, client: "Client", node: int) -> Line | None:
        """Return a connection to a node, None if it is refused."""


class Client:
    """One person at one device; after a quit, the next session has another key."""

    def __init__(self, place: Place, person: Person, random: Random, notes: Notes) -> None:
        self.person = person
        self.notes = notes
        self.nick = person.nick
        self.wanted: dict[str, None] = dict.fromkeys(person.rooms)
        self.positions: dict[str, str] = {}
        self.outbox: dict[str, Event] = {}
        """Messages that are not acknowledged, by room ('@': directs) and id."""
        self.waiting: dict[str, tuple[str, float]] = {}
        self.leaving: dict[str, None] = {}
        self.bouncing: dict[str, None] = {}
        self.welcome = False
        self.finished = False
        self.session = 0
        self.dials = 0
        self.line: Line | None = None
        self._place = place
        self._loop = place.loop
        self._random = random
        self._node = person.node
        self._attempt = 0
        self._bytes = b""
        self._heard = 0.0
        self._numbers: dict[str, int] = {}
        self._resting_until = 0.0
        self._calling = False
        self._answered = ""
        self._new_session()

    def _new_session(self) -> None:
        self.session += 1
        self._key = f"{self._random.getrandbits(96):024x}"
        self.sid = hashlib.sha256(self._key.encode()).hexdigest()[:40]
        self.nick = self.person.nick
        self.positions.clear()
        self.outbox.clear()
        self.leaving.clear()
        self.wanted = dict.fromkeys(self.person.rooms)

    # Life

    def begin(self) -> None:
        """Connect, and do what was planned."""
        self._dial()
        for act in self.person.acts:
            self._loop.call_at(act.at, self.act, act)
        self._watch()

    def _dial(self) -> None:
        self._calling = False
        if self.finished or self.line is not None:
            return
        self.line = self._place.dial(self, self._node)
        if self.line is None:
            self._node = (self._node + 1) % 3
            self._come_back(0.2)
            return
        self.dials += 1
        self._bytes = b""
        self._heard = self._loop.now
        self._attempt += 1
        self.notes.greeted(self)
        hello = {"type": "hello", "nick": self.nick, "key": self._key, "attempt": self._attempt}
        self._ask({**hello, "rooms": list(self.wanted), "positions": dict(self.positions)})

    def _come_back(self, seconds: float) -> None:
        if not self._calling:
            self._calling = True
            self._loop.call_later(seconds, self._dial)

    def lost(self, line: Line) -> None:
        """The connection is gone."""
        if line is self.line:
            self._drop("lost", self._random.uniform(0.0, 0.3))

    def _drop(self, reason: str, pause: float | None, reset: bool = False) -> None:
        """Give the connection up, and go to the next node after a pause."""
        if self.line is None:
            return
        self.notes.dropped(self, reason)
        self.line.hang_up(reset)
        self.line = None
        self.welcome = False
        self._resting_until = 0.0
        self.waiting.clear()
        self._node = (self._node + 1) % 3
        if pause is not None:
            self._come_back(pause)

    def _watch(self) -> None:
        """Look about once a second whether the node still answers."""
        now = self._loop.now
        if self.line is not None and now >= self._resting_until:
            for what, since in self.waiting.values():
                # Who takes too slowly what was written is not read from.
                waited = now - max(since, self.line.free_since)
                if waited > ANSWER_WITHIN:
                    self.notes.late(self, what, waited)
            if not self.person.patient and now - self._heard > PATIENCE:
                self._drop("silent", 0.0, reset=True)
            elif now - self._heard > 1.5:
                self._write({"type": "ping", "ref": "p"})
        if not self.finished:
            self._loop.call_later(1.0, self._watch)

    # Acts

    def act(self, act: Act) -> None:
        """Do what was planned, as far as it is possible now."""
        if self.finished:
            return
        deed = getattr(self, f"do_{act.name}")
        self.notes.trace(f"p{self.person.number} {act.name} {act.args}")
        deed(*act.args)

    def do_send(self, room: str, length: int = 5) -> None:
        """Say something."""
        if room in self.wanted and room not in self.leaving:
            id = self._next("m", room)
            self._post({"type": "send", "room": room, "text": "x" * length, "id": id})

    def do_burst(self, room: str, count: int, length: int) -> None:
        """Say much."""
        for _ in range(count):
            self.do_send(room, length)

    def do_direct(self, number: int) -> None:
        """Say something to one."""
        id = self._next("m" if self.person.counts_anew else "d", "@")
        self._post({"type": "direct", "to": f"p{number}", "text": "psst", "id": id})

    def do_join(self, room: str) -> None:
        """Join a room, or make it."""
        if room in self.wanted and room not in self.leaving:
            return
        if self.welcome and not self.leaving:
            how = self._random.choice(("join", "create"))
            self._ask({"type": how, "room": room})

    def do_leave(self, room: str) -> None:
        """Leave a room."""
        if room in self.positions and room not in self.leaving:
            self.leaving[room] = None
            if self.welcome:
                self._ask({"type": "leave", "room": room})

    def do_nick(self, nick: str) -> None:
        """Take another nick."""
        if self.welcome:
            self._ask({"type": "nick", "nick": nick})

    def do_cede(self, how: str, other: str) -> None:
        """Give up a nick: for another one, or by ending the session in some way."""
        self._place.given_up[self.person.number] = self.nick
        if how == "nick":
            self.do_nick(other)
        elif how == "again":
            self.do_again(0.0)
        else:
            self.do_vanish_for(float(other))

    def do_covet(self, number: int, anew: bool) -> None:
        """Want the nick that somebody has just given up: as another nick, or for a new session."""
        nick = self._place.given_up.get(number)
        if nick is None:
            return
        if not anew:
            self.do_nick(nick)
        elif self.welcome and not self.outbox:
            self.do_again(0.0)
            self.nick = nick

    def do_bounce(self, room: str) -> None:
        """Leave a room, and join it again at once."""
        if self.welcome and room in self.positions and room not in self.leaving:
            self.bouncing[room] = None
            self.do_leave(room)

    def do_flee(self, away: float) -> None:
        """Break the connection, and say elsewhere no more what has not been answered."""
        for id in [id for id in self.outbox if "room" in self.outbox[id]]:
            del self.outbox[id]
        self._drop("flee", away)

    def do_vanish_for(self, away: float) -> None:
        """Go away without a word for some time, perhaps for longer than a session lives."""
        self._drop("abort", away, reset=True)

    def do_ask(self, room: str) -> None:
        """Ask who is in a room, and what has been said there."""
        if self.welcome:
            self._ask({"type": "members", "room": room})
            self._ask({"type": "history", "room": room, "limit": 5})

    def do_abort(self, away: float) -> None:
        """Break the connection; come back later."""
        self._drop("abort", away, reset=self._random.random() < 0.5)

    def do_rest(self, seconds: float) -> None:
        """Read nothing for a while."""
        if (line := self.line) is not None:
            self._resting_until = self._loop.now + seconds
            line.read(False)
            self._loop.call_later(seconds, self._read_on, line)

    def _read_on(self, line: Line) -> None:
        self._heard = self._loop.now
        if line is self.line:
            # Who does not read is not read from either: its requests came to the node only now.
            self.waiting = {ref: (what, self._loop.now) for ref, (what, _) in self.waiting.items()}
        line.read(True)

    def do_again(self, away: float) -> None:
        """End the session, and begin another one."""
        if self.welcome and not self.outbox:
            self.do_quit()
            self.finished = False
            self._new_session()
            self._come_back(away + 0.1)
            self._watch()

    def do_quit(self) -> None:
        """End the session."""
        if self.welcome and not self.outbox:
            self._write({"type": "quit"})
            self.notes.ended(self, "quit")
            self._drop("quit", None)
            self.finished = True

    def do_vanish(self) -> None:
        """Go away for good."""
        self.notes.ended(self, "lost")
        self._drop("vanish", None, reset=True)
        self.finished = True

    # Out

    def _next(self, letter: str, room: str = "") -> str:
        count = room if self.person.counts_anew else ""
        number = self._numbers[count] = self._numbers.get(count, 0) + 1
        return f"{letter}{self.person.number}-{number}"

    def _write(self, request: Event) -> None:
        if self.line is not None:
            self.line.send(json.dumps(request).encode() + b"\n")

    def _ask(self, request: Event) -> None:
        """Send a request that has to be answered."""
        ref = self._next("r")
        what = _key(request) if "id" in request else request["type"]
        self.waiting[ref] = (what, self._loop.now)
        self._write({**request, "ref": ref})

    def _post(self, request: Event) -> None:
        self.outbox[_key(request)] = request
        if self.welcome:
            self._send(request)

    def _send(self, request: Event) -> None:
        self.notes.sent(self, request)
        self._ask(request)

    def _send_again(self, line: Line) -> None:
        if line is self.line and self.welcome:
            under_way = {what for what, _ in self.waiting.values()}
            for request in self.outbox.values():
                if _key(request) not in under_way:
                    self._send(request)

    # In

    def received(self, line: Line, data: bytes) -> None:
        """Take what the node says."""
        if line is not self.line:
            return
        self._heard = self._loop.now
        *lines, self._bytes = (self._bytes + data).split(b"\n")
        for text in lines:
            if self.line is line:
                self._take(json.loads(text))

    def _take(self, event: Event) -> None:
        kind = event["type"]
        self.notes.heard(self, event)
        if event.get("ref") in self.waiting:
            self._answered, _ = self.waiting.pop(event["ref"])
        answer: Callable[[Event], None] | None = getattr(self, f"_on_{kind}", None)
        if answer is not None:
            answer(event)
        elif "position" in event:
            self.positions[event.get("room", "@")] = event["position"]

    def _on_gap(self, _event: Event) -> None:
        """A gap's position is not stored."""

    def _on_ping(self, event: Event) -> None:
        self._write({"type": "pong", "ref": event.get("ref", "-")})

    def _on_welcome(self, event: Event) -> None:
        self.nick = event["nick"]
        self.welcome = True
        if not event["resumed"]:
            self.positions.pop("@", None)
        for room in self.leaving:
            self._ask({"type": "leave", "room": room})
        for request in self.outbox.values():
            self._send(request)

    def _on_joined(self, event: Event) -> None:
        room = event["room"]
        self.wanted[room] = None
        self.positions[room] = event["position"]

    def _on_left(self, event: Event) -> None:
        room = event["room"]
        if is_own(event):
            for known in (self.positions, self.wanted, self.leaving):
                known.pop(room, None)
            if room in self.bouncing and self.welcome:
                self._ask({"type": "join", "room": room})
            self.bouncing.pop(room, None)
        elif room in self.positions:
            self.positions[room] = event["position"]

    def _on_renamed(self, event: Event) -> None:
        if "room" in event:
            self.positions[event["room"]] = event["position"]
        else:
            self.nick = event["nick"]

    def _on_ack(self, event: Event) -> None:
        self.outbox.pop(_key(event), None)

    def _on_bye(self, event: Event) -> None:
        wait = event.get("retry_after_ms", 1000) / 1000
        self._drop("bye " + event["reason"], wait)

    def _on_error(self, event: Event) -> None:
        code, wait = event["code"], event.get("retry_after_ms", 500) / 1000
        if "id" in event:
            if code not in AGAIN:
                self.outbox.pop(self._answered, None)
            elif self.line is not None:
                self._loop.call_later(wait, self._send_again, self.line)
        elif not self.welcome:
            if code == "nick-taken":
                # Others want its nicks as well: one of three may be free.
                own = self.person.nick
                self.nick = {own: own + "_b", own + "_b": own + "_c"}.get(self.nick, own)
            self._drop(f"hello {code}", wait)
        elif code == "not-in-room" and event.get("room") in self.leaving:
            self.leaving.pop(event["room"], None)
            self.wanted.pop(event["room"], None)
            self.positions.pop(event["room"], None)
        elif code in AGAIN and event.get("room") in self.leaving:
            self._loop.call_later(wait, self._leave_again, self.line, event["room"])

    def _leave_again(self, line: Line | None, room: str) -> None:
        if line is not None and line is self.line and room in self.leaving:
            self._ask({"type": "leave", "room": room})


def _key(event: Event) -> str:
    """Return what distinguishes a message, or the `ack` of one, from all others of its author."""
    return f"{event['id']} in {event.get('room', '@')}"
