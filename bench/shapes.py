"""What is measured: how many clients and rooms, and who says how much."""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a shape is about."""

    CLOSED = "deliveries for each CPU second of the server, in a closed loop"
    PACED = "latency at a fixed rate"
    IDLE = "what it costs to be there"
    STORM = "how soon all are served again after their node was killed"


NODES = ("node", "node-websocket")


@dataclass(frozen=True)
class Shape:
    """A load. Client n is in room n modulo ``rooms``; the first ``senders`` of each room talk.

    ``window`` is how many messages each has under way; with ``spread`` so many are under way in
    all, and the senders take turns; ``rate`` is messages a second in all.
    """

    name: str
    title: str
    kind: Kind
    clients: int
    rooms: int = 1
    senders: int = 1
    window: int = 1
    spread: int = 0
    rate: float = 0.0
    nodes: int = 1
    history: int = 1000
    warm: float = 1.0
    seconds: float = 3.0
    drain: float = 10.0
    """Seconds after which what has not arrived is lost."""
    rounds: int = 3
    only: tuple[str, ...] = ()
    """The servers that this is for; all if empty."""
    x: float = 0.0
    """The place on the axis, in a series."""
    controls: int = 0
    """Clients of another node, who talk meanwhile."""


SHAPES = (
    Shape(
        *("room-500", "One room of 500: 10 senders, 10 messages each under way", Kind.CLOSED, 500),
        senders=10,
        window=10,
    ),
    Shape("one-at-a-time", "One room of 500: one message at a time", Kind.CLOSED, 500),
    Shape(
        *("rooms-of-5", "200 rooms of 5: everybody sends, one message each", Kind.CLOSED, 1000),
        *(200, 5),
    ),
    Shape(
        *("paced", "100 messages a second into 10 rooms of 100", Kind.PACED, 1000, 10),
        rate=100,
        seconds=5,
    ),
    Shape(
        *("room-5000", "One room of 5,000: 10 messages a second", Kind.PACED, 5000),
        senders=10,
        rate=10,
        seconds=6,
        rounds=2,
    ),
    Shape(
        *("idle", "10,000 idle clients in 1,000 rooms", Kind.IDLE, 10000, 1000, 0),
        seconds=3,
        rounds=2,
    ),
    Shape(
        *("storm", "5,000 clients in 100 rooms resume at once", Kind.STORM, 5000, 100, 0),
        controls=20,
        rate=100,
        nodes=2,
        seconds=30,
        only=NODES,
    ),
    Shape(
        *("two-nodes", "One room of 500 over two nodes: 10 senders, 10 each", Kind.CLOSED, 500),
        senders=10,
        window=10,
        nodes=2,
        only=(*NODES, "socketio", "python-socketio", "channels"),
    ),
    Shape(
        *("two-nodes-rooms", "200 rooms of 5 over two nodes: everybody sends", Kind.CLOSED, 1000),
        *(200, 5),
        nodes=2,
        only=(*NODES, "socketio", "python-socketio", "channels"),
    ),
)


@dataclass(frozen=True)
class Series:
    """How cost grows with something."""

    name: str
    title: str
    axis: str
    shapes: tuple[Shape, ...]


def _members(count: int) -> Shape:
    return Shape(
        *(f"members-{count}", f"One room of {count}", Kind.CLOSED, count),
        senders=10,
        window=10,
        seconds=2,
        rounds=1,
        only=("node",),
        x=count,
    )


def _rooms(count: int) -> Shape:
    return Shape(
        *(f"rooms-{count}", f"{count} rooms of one", Kind.CLOSED, count, count),
        spread=100,
        seconds=2,
        rounds=1,
        only=("node",),
        x=count,
    )


def _history(kept: int) -> Shape:
    return Shape(
        *(f"history-{kept}", f"One room of 50, {kept} messages kept", Kind.CLOSED, 50),
        senders=10,
        window=10,
        history=kept,
        warm=3,
        seconds=2,
        rounds=1,
        only=("node",),
        x=kept,
    )


def _nodes(count: int) -> Shape:
    return Shape(
        *(f"nodes-{count}", f"200 rooms of 5 over {count} nodes", Kind.CLOSED, 1000, 200, 5),
        nodes=count,
        seconds=2,
        rounds=1,
        only=("node",),
        x=count,
    )


SERIES = (
    Series(
        "members",
        "Cost of a message by members of the room",
        "members",
        tuple(_members(count) for count in (10, 30, 100, 300, 1000, 3000, 5000)),
    ),
    Series(
        "rooms",
        "Cost of a message by rooms, 100 messages under way in all",
        "rooms",
        tuple(_rooms(count) for count in (1, 10, 100, 1000, 10000)),
    ),
    Series(
        "history",
        "Cost of a message by messages kept (room of 50)",
        "messages kept",
        # A node keeps one at least.
        tuple(_history(kept) for kept in (1, 10, 100, 1000, 10000)),
    ),
    Series(
        "nodes",
        "Cost of a message by nodes (200 rooms of 5, each room over all of them)",
        "nodes",
        tuple(_nodes(count) for count in (1, 2, 3, 4)),
    ),
)


def everything() -> list[Shape]:
    """Return all shapes, those of the series too."""
    return [*SHAPES, *(shape for series in SERIES for shape in series.shapes)]
