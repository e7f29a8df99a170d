"""What is remembered because it may have overtaken the reply to a claim."""

from typing import Generic, TypeVar

from wire import limits

K = TypeVar("K")

REMEMBERED_FOR = 2 * limits.ANSWER_WITHIN
"""Seconds for which it is remembered what overtook a claim: none is under way for longer."""


class Expiring(Generic[K]):
    """A set that forgets its members after some time."""

    def __init__(self) -> None:
        self._added: dict[K, float] = {}

    def __contains__(self, member: K) -> bool:
        return member in self._added

    def add(self, member: K, now: float) -> None:
        """Remember a member from now on."""
        self._added[member] = now

    def pop(self, member: K) -> bool:
        """Forget a member; return whether it was remembered."""
        return self._added.pop(member, None) is not None

    def tick(self, now: float) -> None:
        """Forget the members that were added too long ago."""
        if self._added:
            self._added = {
                member: at for member, at in self._added.items() if now - at < REMEMBERED_FOR
            }
