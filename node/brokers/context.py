"""What the parts of a node's broker share: settings, the way to Redis, the clock, the events."""

from collections.abc import Callable, Iterable
from typing import Any

from node.brokers import keys, scripts
from node.brokers.broker_counts import BrokerCounts
from node.brokers.calls import Args, SimpleCall, as_it_is
from node.brokers.config import BrokerConfig
from node.brokers.contact import Contact
from node.brokers.decode_sessions import refusal
from node.brokers.lanes import CHANGES, Lane
from node.brokers.shards import Shards
from node.core.interfaces import BrokerEvents
from node.core.model import Done

LONG = 8
"""The weight of a change to all rooms of a session, however many there are: 32 fill a pipeline."""


class BrokerContext:
    """Runs scripts for the parts of a broker, and knows to whom they report.

    ``events`` is set by ``bind``, before anything runs. ``births`` are those of the rooms that this
    node follows, by their logs; ``healed`` are logs whose seats have to be looked through;
    ``subscriptions`` counts how often this node's own channels were subscribed.
    """

    __slots__ = (
        *("config", "shards", "clock", "random_id", "events", "births", "healed"),
        *("subscriptions", "counts"),
    )

    events: BrokerEvents

    def __init__(
        self,
        config: BrokerConfig,
        shards: Shards,
        clock: Callable[[], float],
        random_id: Callable[[], str],
    ) -> None:
        self.config = config
        self.shards = shards
        self.clock = clock
        self.random_id = random_id
        self.births: dict[str, bytes] = {}
        self.healed: set[str] = set()
        self.subscriptions = 0
        self.counts = BrokerCounts()

    def subscribed(self) -> None:
        """Note that this node's own channels were subscribed."""
        self.subscriptions += 1

    def bind(self, events: BrokerEvents) -> None:
        """Report to ``events`` from now on."""
        self.events = events

    def call(
        self,
        script: str,
        args: Args,
        deadline: float,
        done: Callable[[Any], None],
        parse: Callable[[Any], Any] = as_it_is,
        lane: Lane = CHANGES,
        weight: int = 1,
        log: str = "",
        authors: Iterable[str] = (),
    ) -> None:
        """Run a script; ``done`` gets what ``parse`` reads in its reply, or a Failure.

        ``log``: the one whose keys the script declares; '' if it is about sessions. ``authors``:
        those of whom it may look for ids.
        """
        declared = keys.of_log(log, scripts.key_names(script), authors) if log else keys.CONTROL
        call = SimpleCall(script, args, deadline, done, lane, weight, parse, declared)
        self.shards.call(call)

    def ask(
        self,
        script: str,
        args: Args,
        deadline: float,
        done: Done[Any],
        parse: Callable[[Any], Any],
        lane: Lane = CHANGES,
        weight: int = 1,
        log: str = "",
    ) -> None:
        """Run a script whose reply is {'ok', ...} or the name of a refusal."""

        def read(reply: Any) -> Any:
            refused = refusal(reply)
            return parse(reply) if refused is None else refused

        self.call(script, args, deadline, done, read, lane, weight, log)

    @property
    def contact(self) -> Contact:
        """Since when the server with the sessions answers."""
        return self.shards.control.contact

    def unhealed(self, log: str, part: float = 1.0) -> bool:
        """Say whether other nodes may still be putting back what Redis lost of a log.

        ``part``: after which part of the time for that they count as done.
        """
        within = self.config.heal_within * part
        contact = self.shards.of(log).contact
        return not (self.config.alone or contact.unbroken(self.clock(), within))

    def unhealed_for(self, log: str, part: float) -> float:
        """Return for how many seconds more that is so, unless the connection breaks again."""
        return self.shards.of(log).contact.left(self.clock(), self.config.heal_within * part)

    def any_unhealed(self) -> bool:
        """Say whether that may be so for any log."""
        now, within = self.clock(), self.config.heal_within
        steady = [shard.contact.unbroken(now, within) for shard in self.shards.in_use]
        return not (self.config.alone or all(steady))
