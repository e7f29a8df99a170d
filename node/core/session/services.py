"""What the connections and requests of a node use in common."""

from collections.abc import Callable, Mapping

from node.core.config import Config, CoreCounts
from node.core.interfaces import Accounts, Broker, FanOut
from node.core.limits.admission import TokenBuckets
from node.core.limits.moderation_rules import ModerationRules
from node.core.rooms.followed import FollowedRooms
from node.core.session.ownership import OwnershipCheck
from node.core.session.states import StateRow


class Services:
    """The surroundings of a connection.

    ``clock`` returns seconds that do not go back; ``now`` is what it returned at the last tick, for
    all that need not be exact. ``random_id`` makes ids that are unique in the whole system. A hello
    needs one of the ``tokens`` (their SHA-256), if there are any. ``full``: the node is short of
    memory, and takes no newcomers.
    """

    __slots__ = (
        *("name", "config", "broker", "counts", "clock", "random_id", "rows", "rooms"),
        *("ownership", "directs", "rules", "accounts", "tokens", "full", "now"),
    )

    def __init__(
        self,
        name: str,
        config: Config,
        broker: Broker,
        fan_out: FanOut,
        counts: CoreCounts,
        clock: Callable[[], float],
        random_id: Callable[[], str],
        rows: Mapping[type, StateRow],
    ) -> None:
        self.name = name
        self.config = config
        self.broker = broker
        self.counts = counts
        self.clock = clock
        self.random_id = random_id
        self.rows = rows
        self.rooms = FollowedRooms(broker, fan_out, counts, config)
        self.ownership = OwnershipCheck(broker)
        self.directs: TokenBuckets[str] = TokenBuckets(config.direct_rate)
        self.rules = ModerationRules()
        self.accounts: Accounts | None = None
        self.tokens: tuple[bytes, ...] = ()
        self.full = False
        self.now = clock()

    def tick(self) -> float:
        """Look at the clock; return the time."""
        self.now = self.clock()
        return self.now

    def admit(self, tokens: tuple[bytes, ...], accounts: Accounts | None) -> None:
        """From now on these tokens and accounts count."""
        self.tokens, self.accounts = tokens, accounts

    def heed_memory(self, full: bool) -> None:
        """Take newcomers from now on, or not."""
        self.full = full

    def moderate(self, rules: ModerationRules) -> ModerationRules:
        """Let other moderation rules be in force; return those that were."""
        before, self.rules = self.rules, rules
        return before
