"""The data of a Redis, and the commands about whole keys."""

from collections.abc import Callable, Sequence
from typing import Any

Data = tuple[dict[bytes, Any], dict[bytes, float]]
"""Keys with their values, and when some of them end."""


class Keyspace:
    """Keys, their values, and when they end. ``told`` hears of keys that are deleted."""

    def __init__(
        self,
        clock: Callable[[], float],
        told: Callable[[str, Sequence[bytes]], None],
    ) -> None:
        self.keys: dict[bytes, Any] = {}
        self._ends: dict[bytes, float] = {}
        self._clock = clock
        self._told = told

    def _expire(self, keys: Sequence[bytes]) -> None:
        for key in keys:
            if (end := self._ends.get(key)) is not None and end <= self._clock():
                self._remove(key)

    def _remove(self, key: bytes) -> int:
        self._ends.pop(key, None)
        return int(self.keys.pop(key, None) is not None)

    def copy(self) -> Data:
        """Return a copy of all data."""
        values = self.keys.items()
        copies = {key: one.copy() if isinstance(one, dict) else one for key, one in values}
        return copies, dict(self._ends)

    def load(self, data: Data) -> None:
        """Take data in place of what there is."""
        self.keys, self._ends = data

    # Parts of it, which a Redis Cluster moves to another server

    def take(self, chosen: Callable[[bytes], bool]) -> Data:
        """Take keys out, and return them."""
        values = {key: self.keys.pop(key) for key in list(self.keys) if chosen(key)}
        return values, {key: self._ends.pop(key) for key in values if key in self._ends}

    def add(self, data: Data) -> None:
        """Take keys in."""
        self.keys.update(data[0])
        self._ends.update(data[1])

    # Keys

    def do_get(self, key: bytes) -> bytes | None:
        return self.keys.get(key)

    def do_set(self, key: bytes, value: bytes, *how: bytes) -> bytes | None:
        if how == (b"NX",) and key in self.keys:
            return None
        self.keys[key] = value
        if how[:1] in ((b"EX",), (b"PX",)):
            self._ends[key] = self._clock() + int(how[1]) / (1 if how[0] == b"EX" else 1000)
        return b"OK"

    def do_exists(self, *keys: bytes) -> int:
        self._expire(keys)
        return sum([key in self.keys for key in keys])

    def do_del(self, *keys: bytes) -> int:
        self._told("del", keys)
        return sum([self._remove(key) for key in keys])

    def do_pexpire(self, key: bytes, ms: bytes) -> int:
        if key in self.keys:
            self._ends[key] = self._clock() + int(ms) / 1000
        return int(key in self.keys)
