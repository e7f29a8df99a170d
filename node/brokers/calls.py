"""Calls of scripts: what the pipeline runs, as often as it takes."""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, Protocol

from node.brokers import keys
from node.brokers.lanes import CHANGES, Lane
from node.brokers.malformed import read
from node.core.model import Failure, Unavailable

READ_WITHIN = 4.0
"""Seconds for a call that no client waits for: the node makes it again later anyway."""


class Next(Enum):
    """What is to be done with a call after a reply."""

    NOTHING = "nothing: it is done"
    MORE = "make it again: there is more to do"
    WAIT = "make it again a little later"


class Call(Protocol):
    """A script to be run, and repeated after a failure until its deadline.

    ``lane`` is the queue in which it waits; it counts there for ``weight`` calls.
    """

    script: str
    lane: Lane
    weight: int

    @property
    def tag(self) -> str:
        """The hash tag of its keys."""

    def args(self) -> Sequence[Any] | None:
        """Return number of keys, keys and arguments; None if there is nothing to do any more."""

    def reply(self, reply: Any) -> Next:
        """Handle the reply of Redis."""

    def lost(self) -> None:
        """The connection failed: Redis may have run the script or not. It will be repeated."""

    def refuse(self, refused: Failure) -> None:
        """Give the call up: Redis refuses it for good."""

    def expire(self, now: float) -> None:
        """Give up what is past its deadline."""


Args = Sequence[Any] | Callable[[], Sequence[Any] | None]
"""The arguments of a call, or a function that makes them each time when the call goes out."""


def as_it_is(reply: Any) -> Any:
    """Return a reply that needs no reading."""
    return reply


class SimpleCall:
    """A call with one reply; ``done`` gets what ``parse`` returns for it, or a Failure.

    ``parse`` only reads, because whatever it raises is the fault of the reply. ``declared``: the
    keys that the script declares.
    """

    __slots__ = ("script", "lane", "weight", "_args", "_deadline", "_done", "_parse", "_declared")

    def __init__(
        self,
        script: str,
        args: Args,
        deadline: float,
        done: Callable[[Any], None],
        lane: Lane = CHANGES,
        weight: int = 1,
        parse: Callable[[Any], Any] = as_it_is,
        declared: Sequence[str] = keys.CONTROL,
    ) -> None:
        self.script = script
        self.lane = lane
        self.weight = weight
        self._declared = declared
        self._args = args
        self._deadline = deadline
        self._done: Callable[[Any], None] | None = done
        self._parse = parse

    @property
    def tag(self) -> str:
        """The hash tag of its keys."""
        return keys.tag_of(self._declared[0])

    def args(self) -> Sequence[Any] | None:
        """Return the arguments; None if the call has been answered already."""
        if self._done is None:
            return None
        args = self._args() if callable(self._args) else self._args
        if args is None:
            return None
        return (len(self._declared), *self._declared, *args)

    def reply(self, reply: Any) -> Next:
        """Hand the reply to ``done``, once. Raises Malformed; then a refusal has to follow."""
        if (done := self._done) is not None:
            found = read(self._parse, reply)
            self._done = None
            done(found)
        return Next.NOTHING

    def lost(self) -> None:
        """Do nothing: the script finds out by itself that it is a repeat."""

    def refuse(self, refused: Failure) -> None:
        """Hand the refusal to ``done``."""
        if (done := self._done) is not None:
            self._done = None
            done(refused)

    def expire(self, now: float) -> None:
        """Refuse the call if it is past its deadline."""
        if now >= self._deadline:
            self.refuse(Unavailable.UNREACHABLE)


class ScriptReader(Protocol):
    """Runs a script, and hands what ``parse`` returns for the reply, or a Failure, to ``done``."""

    def __call__(
        self,
        script: str,
        args: Args,
        deadline: float,
        done: Callable[[Any], None],
        parse: Callable[[Any], Any],
        lane: Lane = ...,
    ) -> None: ...
