"""What the parts of a node's broker share: settings, the way to Redis, the clock, the events."""

from collections.abc import Callable, Iterable
from typing import Any

from node.brokers import keys, scripts
from node.brokers.calls import Args, SimpleCall, as_it_is
from node.brokers.config import BrokerConfig
from node.brokers.contact import Contact
from node.brokers.decode_sessions import refusal
from node.brokers.lanes import CHANGES, Lane
from node.brokers.pipeline import Pipeline
from node.core.interfaces import BrokerEvents
from node.core.model import Done

LONG = 8
"""The weight of a change to all rooms of a session, however many there are: 32 fill a pipeline."""


class BrokerContext:
    """Runs scripts for the parts of a broker, and knows to whom they report.

    ``events`` is set by ``bind``, before anything runs.
    """

    __slots__ = ("config", "pipeline", "contact", "clock", "random_id", "events")

    events: BrokerEvents

    def __init__(
        self,
        config: BrokerConfig,
        pipeline: Pipeline,
        contact: Contact,
        clock: Callable[[], float],
        random_id: Callable[[], str],
    ) -> None:
        self.config = config
        self.pipeline = pipeline
        self.contact = contact
        self.clock = clock
        self.random_id = random_id

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
        self.pipeline.call(SimpleCall(script, args, deadline, done, lane, weight, parse, declared))

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

    def unhealed(self, part: float = 1.0) -> bool:
        """Say whether other nodes may still be putting back what Redis lost.

        ``part``: after which part of the time for that they count as done.
        """
        within = self.config.heal_within * part
        return not (self.config.alone or self.contact.unbroken(self.clock(), within))
