"""What the core stands on in its tests: a broker that answers when told, outlets, a clock."""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any, NamedTuple

from node.core.entries import Compared, Cursor, Entry, Frame, Position, SeenBranch, Slice
from node.core.hub.hub import Config, Hub
from node.core.interfaces import Transport
from node.core.model import Claimed, Membership, Restored
from node.core.rooms.member import Member
from node.core.rooms.room import Room, RoomMember
from node.core.session.connection import ClientConnection
from node.core.session.session import Session
from node.protocols.native import NativeEncoder
from node.telemetry.metrics import Metrics
from wire import codec
from wire import messages as m

EPOCH = b"k1"
BIRTH = b"b1"
"""That of all rooms."""
RESTORED = Restored({})
NATIVE = NativeEncoder()


def entry(
    offset: int, id: str = "", *, kind: str = "m", original: str = "", text: str = ""
) -> Entry:
    """Return an entry; its id is made of its offset, unless it is given."""
    id = id or f"x{offset}"
    head = f"{kind} {id} 17 -" + (f" {original}" if original else "")
    body = f'"from":"ana","text":"{text or id}"}}'
    if kind in "el":
        body = f'"nick":"{id}"' + (',"reason":"left"}' if kind == "l" else "}")
    return Entry(offset, head.encode(), body.encode())


def entries(first: int, last: int) -> list[Entry]:
    """Return the entries from one offset to another, both included."""
    return [entry(offset) for offset in range(first, last + 1)]


def at(offset: int, id: str = "", epoch: bytes = EPOCH) -> Position:
    """Return the position after an entry as ``entry`` makes it."""
    return Position(epoch, offset, (id or (f"x{offset}" if offset else "0")).encode())


def frame(found: Sequence[Entry], prev: str = "", log: str = "r:lobby") -> Frame:
    """Return the frame of entries; the entry before them is as ``entry`` makes it."""
    first = found[0].offset
    prev = prev or (f"x{first - 1}" if first > 1 else "0")
    return Frame(log, EPOCH, first, prev.encode(), list(found), EPOCH)


class Call(NamedTuple):
    """A call of the broker; ``done`` answers it, if it wants an answer."""

    name: str
    args: tuple[Any, ...]
    done: Callable[[Any], None]


class FakeBroker:
    """Records calls; a test takes them one by one, and answers them."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._owners = 0
        self.away = False

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("_"):
            raise AttributeError(name)
        return partial(self._record, name)

    def _record(self, name: str, *args: Any, **named: Any) -> None:
        args = (*args, *named.values())
        dones = [getattr(arg, "done", arg) for arg in args]
        done = next((done for done in dones if callable(done)), lambda reply: None)
        self.calls.append(Call(name, args, done))

    def any_unhealed(self) -> bool:
        return self.unhealed("")

    def unhealed(self, log: str, part: float = 1.0) -> bool:
        """Say whether others may still put back what Redis forgot."""
        return self.away and part > 0

    def owner(self) -> str:
        """Return a new name for a hold."""
        self._owners += 1
        return f"inc.{self._owners}"

    def take(self, name: str) -> Call:
        """Return the oldest call of that name that was not taken yet."""
        call = next((call for call in self.calls if call.name == name), None)
        assert call is not None, f"no {name} among {self.names()}"
        self.calls.remove(call)
        return call

    def answer(self, name: str, reply: Any) -> Call:
        """Take a call and answer it."""
        call = self.take(name)
        call.done(reply)
        return call

    def differ(
        self, whole: Sequence[Entry], epoch: bytes = EPOCH, fork: int = 0, branch: bytes = b""
    ) -> None:
        """Answer the read of a log that is another one than the room knows: it has ``whole``."""
        last = whole[-1] if whole else None
        top = Position(epoch, last.offset, last.id) if last else Position(epoch, 0, b"0")
        self.answer("read", Slice(False, top, [], epoch, 0, fork, EPOCH))
        call = self.take("compare")
        _, base, _, ids = call.args[:4]
        there = {held.offset: held.id for held in whole if not held.is_ambiguous} | {0: b"0"}
        common = [place for place, id in enumerate(ids, base.offset) if there.get(place) == id]
        common = [place for place in common if not whole or place >= whole[0].offset - 1]
        newest = max(common) if common and base.epoch == epoch else -1
        oldest = (whole[0].offset, whole[0].id) if whole else (0, b"")
        call.done(Compared(top, epoch, *oldest, newest))
        rest = [held for held in whole if held.offset > newest]
        moved = max([held.offset for held in whole if held.original_positions], default=0)
        self.answer("read", Slice(newest >= 0, top, rest, branch or epoch, moved))

    def names(self) -> list[str]:
        """Return the names of the calls that wait, oldest first."""
        return [call.name for call in self.calls]


class FakeOutlet:
    """Keeps what is written; ``hungry``: the session wants to hear when more may come."""

    def __init__(self) -> None:
        self.data = b""
        self.paused = False
        self.address = "192.0.2.1"
        self.hungry = False
        self.closed = False
        self.unread = 0
        self.reads_on = 0
        self.lines: list[tuple[str, str | None, dict[str, str]]] = []

    def write(self, data: bytes) -> None:
        assert not self.closed, "written after the end"
        self.data += data

    def feed(self, data: bytes) -> None:
        self.hungry = True
        self.write(data)

    def log(self, what: str, nick: str | None = None, **facts: str) -> None:
        """Keep the line."""
        self.lines.append((what, nick, facts))

    def read_on(self) -> None:
        self.reads_on += 1

    def close(self) -> None:
        self.closed = True

    def take(self) -> list[m.AnyEvent]:
        """Return the events written since the last time."""
        lines, self.data = self.data.splitlines(), b""
        events = [codec.decode_event(line) for line in lines]
        assert None not in events
        return [event for event in events if event is not None]

    def texts(self) -> list[str]:
        """Return the events since the last time in short: texts of messages, names of others."""
        return [_short(event) for event in self.take()]


def _short(event: m.AnyEvent) -> str:
    if isinstance(event, m.Message | m.Direct):
        return event.text
    if isinstance(event, m.Gap):
        return f"gap {event.after} {event.position}"
    if isinstance(event, m.Entered | m.Left):
        return f"{type(event).__name__.lower()} {event.nick}"
    if isinstance(event, m.Error):
        return f"error {event.code}"
    if isinstance(event, m.Bye):
        return f"bye {event.reason}"
    return type(event).__name__.lower()


def fan_out(outlets: Collection[Transport], data: bytes) -> None:
    """Write the same bytes at once."""
    for outlet in outlets:
        outlet.write(data)


class FakeReader:
    """Whose member reads, without a session."""

    def __init__(self) -> None:
        self.transport = FakeOutlet()
        self.encoder = NATIVE
        self.lookups = 0

    def looked_up(self) -> None:
        self.lookups += 1


class RoomBench:
    """A room over a fake broker."""

    def __init__(self, most: int = 1000, log: str = "r:lobby") -> None:
        self.broker = FakeBroker()
        self.metrics = Metrics()
        self.room = Room("lobby", log, self.broker, fan_out, self.metrics, most)

    def begin(self, offset: int = 0) -> FakeOutlet:
        """Follow the log from an offset on, with one live member."""
        self.room.begin(at(offset))
        return self.member(at(offset)).transport  # type: ignore[return-value]

    def member(
        self, position: Position, seen: SeenBranch | None = None, resumed: bool = False
    ) -> RoomMember:
        """Add a member that reads on after a position; ``resumed``: its client names that."""
        member = RoomMember(FakeReader(), self.room, str(position), BIRTH)
        self.room.add(member, position, Cursor(position, seen) if resumed else None)
        return member


def outlet_of(member: Member) -> FakeOutlet:
    """Return where the bytes for a member of a RoomBench go."""
    outlet = member.transport
    assert isinstance(outlet, FakeOutlet)
    return outlet


class Client:
    """A connection to a HubBench's hub."""

    def __init__(self, bench: "HubBench") -> None:
        self.bench = bench
        self.outlet = FakeOutlet()
        self.connection: ClientConnection = bench.hub.connect(self.outlet, NATIVE)

    @property
    def session(self) -> Session:
        """The session that the connection holds."""
        return self.connection.session

    def says(self, *requests: m.AnyRequest) -> None:
        """Say something."""
        for request in requests:
            self.connection.handle(request)

    def hears(self) -> list[str]:
        """Return what came since the last time, in short."""
        return self.outlet.texts()

    def events(self) -> list[m.AnyEvent]:
        """Return what came since the last time."""
        return self.outlet.take()

    def error(self) -> m.Error:
        """Return the one event that came since the last time, an error."""
        [event] = self.events()
        assert isinstance(event, m.Error)
        return event


class HubBench:
    """A hub over a fake broker, on a clock that stands still."""

    def __init__(self, **rules: Any) -> None:
        self.time = 1000.0
        self.broker = FakeBroker()
        self.metrics = Metrics(lambda: self.time)
        self.ids = 0
        tokens = rules.pop("tokens", ())
        self.hub = Hub(
            "node-1",
            Config(**{"rate": (0.0, 0.0), **rules}),
            self.broker,
            fan_out,
            self.metrics,
            lambda: self.time,
            self._id,
        )
        self.services, self.registry = self.hub.services, self.hub.registry
        self.events, self.rooms = self.hub.events, self.services.rooms.by_log
        self.services.admit(tokens, None)

    def _id(self) -> str:
        self.ids += 1
        return f"id{self.ids}"

    def pass_time(self, seconds: float) -> None:
        """Let time pass, with a tick at its end."""
        self.time += seconds
        self.hub.tick()

    def welcome(
        self, nick: str = "ana", rooms: Sequence[str] = ("general",), key: str | None = "k" * 16
    ) -> Client:
        """Return a client that was welcomed; its rooms are followed from offset 1 on."""
        client = Client(self)
        client.says(m.Hello(nick=nick, key=key, rooms=list(rooms)))
        self.broker.answer("claim", claimed(nick, rooms))
        for room in rooms:
            self.follow("r:" + room)
        client.outlet.take()
        return client

    def follow(self, log: str) -> None:
        """Answer the first look at a room."""
        room = self.rooms[log]
        if room.top is None:
            self.events.confirmed(log)
            found = [entry(1, kind="e")]
            self.broker.answer("tail", slice_(found))
        self.broker.calls[:] = [call for call in self.broker.calls if call.name != "watch"]


def slice_(found: Sequence[Entry], on: bool = True, top: Position | None = None) -> Slice:
    """Return a slice whose top is its last entry, unless it is given."""
    if top is None:
        assert found
        top = Position(EPOCH, found[-1].offset, found[-1].id)
    return Slice(on, top, list(found))


def membership(
    room: str, offset: int = 1, created: bool = False, quiet: bool = False, birth: bytes = BIRTH
) -> Membership:
    """Return a place in a room, as the broker gives it."""
    return Membership(room, str(at(offset)), 1, created, quiet, birth)


def claimed(
    nick: str = "ana",
    rooms: Sequence[str] = (),
    resumed: bool = False,
    inbox: Position | None = None,
    refused: Sequence[str] = (),
    claim: int = 1,
) -> Claimed:
    """Return the broker's reply to a claim."""
    return Claimed(resumed, nick, claim, inbox, list(refused), [membership(room) for room in rooms])
