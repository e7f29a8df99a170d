"""What a client reads: the events of the nodes, and those that it makes itself."""

from msgspec import Struct

from wire.messages import AnyEvent


class Disconnected(Struct, frozen=True):
    """The connection is lost, or could not be made; the client tries again by itself.

    It stands among the events of the nodes, once until the next ``welcome``.
    """

    why: str


class Received(Struct, frozen=True):
    """An event, and the line it came in.

    ``event`` is None where the client does not know the type; ``line`` is empty for events of the
    client itself: ``Disconnected``, and its own errors. ``is_end`` marks the event that ended the
    connection or the attempt to connect: a ``Disconnected`` or an exception reports that as well.
    """

    event: AnyEvent | Disconnected | None
    line: bytes = b""
    is_end: bool = False
