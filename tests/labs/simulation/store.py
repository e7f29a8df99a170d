"""The commands of Redis that the broker's scripts use, over dictionaries.

test_store.py compares them with a real Redis.

fakeredis spends five times as long: on locks, watchers, versions and types that nobody needs here.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from redis.exceptions import ResponseError

from tests.labs.simulation.keyspace import Keyspace

Stream = dict[int, list[bytes]]
"""What XADD was given, by the first part of the id; the second one is always 0."""

_TOLD = b"chat:{c}:nicks", b"chat:{c}:out:"
"""How the hashes begin whose changes are told."""


class Store(Keyspace):
    """Runs one command at a time. ``told`` hears of what happens to streams and keys."""

    def __init__(
        self,
        clock: Callable[[], float],
        random: Random,
        publish: Callable[[bytes, bytes], None],
        told: Callable[[str, Sequence[bytes]], None],
    ) -> None:
        super().__init__(clock, told)
        self._random = random
        self._publish = publish

    def call(self, name: str, fields: list[bytes]) -> Any:
        """Run a command."""
        if self._ends:
            self._expire(fields[:1])
        return getattr(self, "do_" + name)(*fields)

    def do_time(self) -> list[bytes]:
        micros = round(self._clock() * 1_000_000)
        return [b"%d" % (micros // 1_000_000), b"%d" % (micros % 1_000_000)]

    def do_spublish(self, channel: bytes, message: bytes) -> int:
        self._publish(channel, message)
        return 0

    def do_info(self, _section: bytes) -> bytes:
        return b"# Nothing"

    # Hashes

    def do_hget(self, key: bytes, field: bytes) -> bytes | None:
        return self.keys[key].get(field) if key in self.keys else None

    def do_hexists(self, key: bytes, field: bytes) -> int:
        return int(field in self.keys.get(key, ()))

    def do_hmget(self, key: bytes, *fields: bytes) -> list[bytes | None]:
        found = self.keys.get(key, {})
        return [found.get(field) for field in fields]

    def do_hset(self, key: bytes, *pairs: bytes) -> int:
        found = self.keys.setdefault(key, {})
        before = len(found)
        found.update(zip(pairs[::2], pairs[1::2], strict=True))
        if key.startswith(_TOLD):
            self._told("hset", (key, *pairs))
        return len(found) - before

    def do_hsetnx(self, key: bytes, field: bytes, value: bytes) -> int:
        return 0 if field in self.keys.get(key, ()) else self.do_hset(key, field, value)

    def do_hdel(self, key: bytes, *fields: bytes) -> int:
        return self._take(key, fields)

    def do_hincrby(self, key: bytes, field: bytes, by: bytes) -> int:
        value = int(self.do_hget(key, field) or 0) + int(by)
        self.do_hset(key, field, b"%d" % value)
        return value

    def do_hkeys(self, key: bytes) -> list[bytes]:
        return list(self.keys.get(key, ()))

    def do_hlen(self, key: bytes) -> int:
        return len(self.keys.get(key, ()))

    def do_hgetall(self, key: bytes) -> list[bytes]:
        return [part for pair in self.keys.get(key, {}).items() for part in pair]

    def do_hscan(self, key: bytes, _cursor: bytes, *_count: bytes) -> list[Any]:
        return [b"0", self.do_hgetall(key)]

    def _take(self, key: bytes, fields: Sequence[bytes]) -> int:
        """Take members out of a hash or a set; an empty one is no key any more."""
        found = self.keys.get(key, {})
        before = len(found)
        for field in fields:
            found.pop(field, None)
        count = before - len(found)
        if before and not found:
            self._remove(key)
        return count

    # Sets

    def do_sadd(self, key: bytes, *members: bytes) -> int:
        found = self.keys.setdefault(key, {})
        before = len(found)
        found.update(dict.fromkeys(members))
        return len(found) - before

    do_sismember = do_hexists
    do_srem = do_hdel
    do_smembers = do_hkeys
    do_scard = do_hlen

    def do_sscan(self, key: bytes, _cursor: bytes, *_count: bytes) -> list[Any]:
        return [b"0", self.do_smembers(key)]

    def do_spop(self, key: bytes, count: bytes) -> list[bytes]:
        members = self.do_smembers(key)
        chosen = self._random.sample(members, min(len(members), int(count)))
        self._take(key, chosen)
        return chosen

    # Sorted sets

    def do_zadd(self, key: bytes, *fields: bytes) -> int:
        only_new = fields[0] == b"NX"
        pairs = fields[1:] if only_new else fields
        found = self.keys.setdefault(key, {})
        before = len(found)
        for score, member in zip(pairs[::2], pairs[1::2], strict=True):
            if member not in found or not only_new:
                found[member] = float(score)
            self._told("zadd", (key, score, member))
        return len(found) - before

    do_zrem = do_hdel
    do_zcard = do_hlen

    def do_zscore(self, key: bytes, member: bytes) -> bytes | None:
        score = self.keys.get(key, {}).get(member)
        return None if score is None else b"%.17g" % score

    def _sorted(self, key: bytes) -> list[tuple[float, bytes]]:
        return sorted((score, member) for member, score in self.keys.get(key, {}).items())

    def do_zrange(self, key: bytes, start: bytes, end: bytes) -> list[bytes]:
        if (start, end) != (b"0", b"-1"):
            raise ResponseError("only all of it is asked for")
        return [member for _, member in self._sorted(key)]

    def do_zrangebyscore(self, key: bytes, low: bytes, high: bytes, *how: bytes) -> list[bytes]:
        scores = how[0] == b"WITHSCORES"
        start, most = map(int, how[-2:])
        rows = [row for row in self._sorted(key) if float(low) <= row[0] <= float(high)]
        pairs = [(member, b"%.17g" % score) for score, member in rows[start : start + most]]
        return [part for pair in pairs for part in (pair if scores else pair[:1])]

    def do_zcount(self, key: bytes, low: bytes, high: bytes) -> int:
        return sum(float(low) <= score <= float(high) for score, _ in self._sorted(key))

    def do_zremrangebyscore(self, key: bytes, low: bytes, high: bytes) -> int:
        found = self.keys.get(key, {})
        least, most = float(low), float(high)
        return self._take(key, [name for name, score in found.items() if least <= score <= most])

    def do_zrangebylex(self, key: bytes, low: bytes, high: bytes, *how: bytes) -> list[bytes]:
        names = [name for _, name in self._sorted(key)]
        if low != b"-":
            is_in = low[:1] == b"["
            names = [name for name in names if name > low[1:] or (is_in and name == low[1:])]
        if high != b"+":
            names = [name for name in names if name < high[1:]]
        start, most = map(int, how[1:])
        return names[start : start + most]

    # Streams

    do_xlen = do_hlen

    def do_xadd(self, key: bytes, id: bytes, *fields: bytes) -> bytes:
        offset = int(id[:-2])
        stream: Stream = self.keys.setdefault(key, {})
        if stream and offset <= next(reversed(stream)):
            raise ResponseError("The ID specified in XADD is equal or smaller than the last one")
        stream[offset] = list(fields)
        self._told("xadd", (key, id, *fields))
        return id

    def do_xtrim(self, key: bytes, _maxlen: bytes, most: bytes) -> int:
        stream = self.keys.get(key, {})
        old = list(stream)[: -int(most)]
        for offset in old:
            del stream[offset]
        if old:
            self._told("xtrim", (key, most))
        return len(old)

    def do_xrange(self, key: bytes, start: bytes, end: bytes, *how: bytes) -> list[Any]:
        stream: Stream = self.keys.get(key, {})
        if start == end:
            if (offset := int(start[:-2])) < 0:
                raise ResponseError("Invalid stream ID specified as stream command argument")
            return [[start, stream[offset]]] if offset in stream else []
        return self._rows(stream, list(stream), start, end, how)

    def do_xrevrange(self, key: bytes, end: bytes, start: bytes, *how: bytes) -> list[Any]:
        stream: Stream = self.keys.get(key, {})
        return self._rows(stream, list(reversed(stream)), start, end, how)

    def _rows(
        self, stream: Stream, offsets: list[int], start: bytes, end: bytes, how: Sequence[bytes]
    ) -> list[Any]:
        if start != b"-":
            first = int(start[:-2])
            offsets = [offset for offset in offsets if offset >= first]
        if end != b"+":
            last = int(end[:-2])
            offsets = [offset for offset in offsets if offset <= last]
        if how:
            offsets = offsets[: int(how[1])]
        return [[b"%d-0" % offset, stream[offset]] for offset in offsets]
