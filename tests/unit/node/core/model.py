"""A log kept by the real scripts, without Redis: for tests that draw its history at random."""

from collections.abc import Sequence
from hashlib import sha1
from random import Random
from typing import Any

from node.brokers import decode_logs, keys, scripts
from node.brokers.logs import healing
from node.core.entries import Compared, Entry, Frame, Lost, Position, Slice
from node.core.model import Fenced
from tests.labs.simulation.shell import Shell

_APPEND = """
-- PARTS append
local entries = {}
for n = 3, #ARGV do
  entries[#entries + 1] = {'m', ARGV[n], '-', '"from":"ana","text":"' .. ARGV[n] .. '"}'}
end
return {append(ARGV[1], 'live', tonumber(ARGV[2]), entries, 'k1')}
"""


class ModelLog:
    """Appends, heals and reads by the scripts; ``kept`` is how many entries are not trimmed."""

    def __init__(self, log: str = "r:lobby", kept: int = 1000) -> None:
        self.log = log
        self.kept = kept
        self._told: list[Frame] = []
        self._now = 17.0
        self._shell = Shell(lambda: self._now, Random(0), self._publish, lambda *_: None)
        self._sources = {name: scripts.source(name) for name in ("read", "tail", "heal", "compare")}
        self._sources["append"] = scripts.with_parts(_APPEND)
        for source in self._sources.values():
            self._shell.run("SCRIPT", "LOAD", source)
        self._fresh = 0
        meta = {b"epoch": b"k1", b"top": b"0", b"id": b"0"}
        self._shell.store.keys[self._key] = meta

    @property
    def _key(self) -> bytes:
        return b"chat:{%b}" % self.log.encode()

    def _publish(self, _channel: bytes, payload: bytes) -> None:
        self._told.append(decode_logs.frame(payload))

    def _run(self, name: str, *args: Any) -> Any:
        digest = sha1(self._sources[name].encode()).hexdigest()
        names = scripts.key_names(name) if name != "append" else ()
        declared = keys.of_log(self.log, names)
        found = self._shell.run("EVALSHA", digest, len(declared), *declared, *args)
        assert not isinstance(found, Exception), found
        return found

    def _frame(self) -> Frame | None:
        told, self._told = self._told, []
        return told[0] if told else None

    @property
    def state(self) -> Any:
        """All that a snapshot holds."""
        return self._shell.snapshot()

    def go_back(self, state: Any) -> None:
        """Take the log back to a snapshot."""
        stored, ends = state
        copies = {name: _copy(value) for name, value in stored.items()}
        self._shell.store.load((copies, dict(ends)))

    @property
    def top(self) -> Position:
        """The newest position."""
        meta = self._shell.store.keys[self._key]
        return Position(meta[b"epoch"], int(meta[b"top"]), meta[b"id"])

    def entries(self) -> list[Entry]:
        """Return all entries, in order."""
        return self.tail(10_000).entries

    def ids(self) -> list[bytes]:
        """Return the ids of all entries, in order."""
        return [entry.id for entry in self.entries()]

    def append(self, ids: Sequence[bytes]) -> Frame:
        """Append entries; return the frame that tells of them."""
        self._now += 0.001
        self._run("append", self.log, self.kept, *ids)
        frame = self._frame()
        assert frame is not None
        return frame

    def agrees(self, seen: Position | None) -> bool:
        """Say whether the log continues what a node saw (publish.lua)."""
        if seen is None:
            return True
        top = self.top
        if seen.epoch != top.epoch or seen.offset > top.offset:
            return False
        at = {entry.offset: entry.id for entry in self.entries()} | {top.offset: top.id}
        return at.get(seen.offset, seen.id) == seen.id

    def heal(self, lost: Lost) -> tuple[int | Fenced, Frame | None]:
        """Put lost entries back; return the reply and the frame."""
        self._fresh += 1
        rest = healing(lost, f"b{self._fresh}", 0, b"", anew=True)
        found = self._run("heal", self.log, self.kept, *rest)
        if found[0] == b"ok":
            return int(found[1]), self._frame()
        return {b"again": Fenced.AGAIN, b"gone": Fenced.GONE}[found[0]], None

    def compare(self, base: Position, branch: bytes, ids: Sequence[bytes]) -> Compared | None:
        """Find the newest common entry."""
        return decode_logs.compared(
            self._run("compare", self.log, base.epoch, branch or base.epoch, base.offset, *ids)
        )

    def read(self, position: Position, branch: bytes, limit: int) -> Slice:
        """Read after a position."""
        return decode_logs.slice_of(self._run("read", self.log, *position, limit, branch))

    def tail(self, limit: int) -> Slice:
        """Read the newest entries."""
        return decode_logs.slice_of(self._run("tail", self.log, limit))


def _copy(value: Any) -> Any:
    return dict(value) if isinstance(value, dict) else value
