"""What the session wants done after an event, as plain data."""

from msgspec import Struct

from wire import messages as m


class Disconnect(Struct, frozen=True):
    """The end of a connection: whether, and after how many seconds, to reconnect.

    ``refusal`` is the error that ended it; ``reason`` and ``text`` are those of the node's bye.
    """

    reconnect: bool
    after: float = 0.0
    reason: str = ""
    refusal: m.Error | None = None
    text: str = ""


class Effect(Struct, frozen=True):
    """What to do after one event.

    ``write`` are requests for the node, in this order. ``show`` is False for an event that was
    delivered before or is of no interest to a reader. ``settled`` is the ``ref`` or ``id`` of the
    request that the event finally answers. ``doubts`` are errors for messages that are given up.
    ``move`` is the number of seconds left for a handover to another node.
    """

    write: tuple[m.Request, ...] = ()
    show: bool = True
    settled: str | None = None
    doubts: tuple[m.Error, ...] = ()
    disconnect: Disconnect | None = None
    move: float | None = None
