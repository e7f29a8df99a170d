"""Requests that are not answered yet; messages are in the outbox. Pure."""

from client.protocol.names import fold
from wire.messages import Event, Leave, Request


class Unanswered:
    """Keeps requests by their ``ref`` until they are answered, to repeat them after a reconnect.

    During a handover, new requests are held back until it is known which node gets them.
    """

    def __init__(self) -> None:
        self._requests: dict[str, Request] = {}
        self._held: list[Request] | None = None

    def __len__(self) -> int:
        return len(self._requests)

    def add(self, ref: str, request: Request) -> bool:
        """Keep a request under a new ``ref``; return whether it may be written now."""
        request.ref = ref
        self._requests[ref] = request
        if self._held is None:
            return True
        self._held.append(request)
        return False

    def get(self, ref: str | None) -> Request | None:
        """Return the request with this ``ref``, if it is one of ours."""
        return self._requests.get(ref or "")

    def all(self) -> tuple[Request, ...]:
        """Return all of them, oldest first."""
        return tuple(self._requests.values())

    def settle(self, event: Event) -> str | None:
        """Forget the request that an event answers; return its ``ref``, None if there is none."""
        ref = event.ref
        return ref if ref is not None and self._requests.pop(ref, None) is not None else None

    def rooms_being_left(self) -> set[str]:
        """Return the folded names of rooms that we asked to leave."""
        return {fold(ask.room) for ask in self._requests.values() if isinstance(ask, Leave)}

    def hold(self) -> None:
        """Hold back what is asked from now on."""
        self._held = []

    def release(self) -> tuple[Request, ...]:
        """Stop holding back; return the requests that were held."""
        held, self._held = self._held, None
        return tuple(held or ())
