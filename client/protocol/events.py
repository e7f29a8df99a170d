"""What the reader of a chat gets: events of the nodes, and those of the client itself."""

from collections.abc import Callable

from msgspec import Struct

from wire.messages import AnyEvent

Then = Callable[[AnyEvent], None]
"""What the reader of the events does with the answer to a request of its own."""


class Disconnected(Struct, frozen=True):
    """The connection is lost, or could not be made; the client tries again by itself.

    It stands among the events of the nodes, once until the next ``welcome``. ``why`` is a clause,
    for a sentence; ``host`` is the name that could not be looked up, if that is why.
    ``is_no_node``: perhaps what was connected to is no node, but another server.
    """

    why: str
    host: str = ""
    is_no_node: bool = False


class Received(Struct, frozen=True):
    """An event, and the line it came in.

    ``event`` is None where the client does not know the type; ``line`` is empty for events of the
    client itself: ``Disconnected``, and its own errors. ``is_end`` marks the event that ended the
    connection or the attempt to connect: a ``Disconnected`` or an exception reports that as well.
    ``then`` is what was passed with the request that the event settles.
    """

    event: AnyEvent | Disconnected | None
    line: bytes = b""
    is_end: bool = False
    then: Then | None = None
