"""What a session answers to an event, as plain data."""

from msgspec import Struct

from wire import messages as m


class Disconnect(Struct, frozen=True):
    """The connection is over: whether, and after how many seconds, to come back.

    ``refusal`` is the error that ended it, ``reason`` and ``text`` are those of the node's bye.
    """

    come_back: bool
    after: float = 0.0
    reason: str = ""
    refusal: m.Error | None = None
    text: str = ""


class Effect(Struct, frozen=True):
    """What one event leads to.

    ``write`` is for the node, in this order. ``show`` is False for what was seen before and for
    what is nobody's news. ``settled`` is the ``ref`` or ``id`` of the request that the event
    answers for good. ``doubts`` are messages given up, as errors of the client's own. ``move`` is
    how many seconds are left to go on at another node.
    """

    write: tuple[m.Request, ...] = ()
    show: bool = True
    settled: str | None = None
    doubts: tuple[m.Error, ...] = ()
    disconnect: Disconnect | None = None
    move: float | None = None
