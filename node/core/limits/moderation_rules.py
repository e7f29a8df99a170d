"""What moderators have ordered: bans, kicks and closed rooms."""

from collections.abc import Iterable
from ipaddress import ip_network

from node.core.limits.admission import parse
from node.core.model import ModerationRule


class ModerationRules:
    """The rules that are in force, as they are asked for.

    A network is found by its length and its first bits, so that many of them cost no more than few:
    they are looked through for each connection.
    """

    def __init__(self, rules: Iterable[ModerationRule] = ()) -> None:
        self._by_kind: dict[str, dict[str, ModerationRule]] = {}
        self._networks: dict[tuple[int, int], dict[int, ModerationRule]] = {}
        for rule in rules:
            self._by_kind.setdefault(rule.kind, {})[rule.what] = rule
            if rule.kind == "net":
                network = ip_network(rule.what)
                bits = network.max_prefixlen - network.prefixlen
                length = (network.version, bits)
                first = int(network.network_address) >> bits
                self._networks.setdefault(length, {})[first] = rule

    def __len__(self) -> int:
        return sum(map(len, self._by_kind.values()))

    def of(self, kind: str) -> dict[str, ModerationRule]:
        """Return the rules of a kind, by what they are about."""
        return self._by_kind.get(kind, {})

    def against(self, address: str, now: float) -> ModerationRule | None:
        """Return the ban that an address falls under."""
        if not self._networks:
            return None
        if (found := parse(address)) is None:  # a connection that has none
            return None
        for (version, bits), networks in self._networks.items():
            if version == found.version and (rule := networks.get(int(found) >> bits)):
                if now < rule.until:
                    return rule
        return None

    def holding(self, kind: str, what: str, now: float) -> ModerationRule | None:
        """Return the rule about something, if it is not over."""
        rule = self.of(kind).get(what)
        return rule if rule is not None and now < rule.until else None

    def closed(self, room: str, birth: bytes) -> ModerationRule | None:
        """Return the rule that closed a room, if it was the one of this birth."""
        rule = self.of("room").get(room)
        return rule if rule is not None and rule.birth == birth else None
