"""Checks how Redis stores its data: when a node starts, and once a minute."""

import logging
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial
from math import inf
from typing import Any, Protocol

from node.brokers import decode_upkeep, keys
from node.brokers.calls import READ_WITHIN, SimpleCall
from node.brokers.lanes import UPKEEP
from node.core.model import Failure

log = logging.getLogger(__name__)

CHECK_EVERY = 60.0
"""Seconds between two checks; after one without a reply the next one is made at once."""
NEARLY = 0.9
"""The part of its memory above which Redis is nearly full."""


class Fault(StrEnum):
    """What may be wrong, as metrics and `chat-node status --json` name it."""

    EVICTS = "evicts"
    FORGETS = "forgets"
    SNAPSHOTS = "snapshots-only"
    WRITES = "write-failed"
    MEMORY = "memory"


MEANING: Mapping[str, str] = {
    Fault.EVICTS: "its maxmemory-policy evicts messages and sessions when maxmemory is reached; set"
    " maxmemory-policy noeviction",
    Fault.FORGETS: "it has no append-only file, and has written no snapshot since its start: all"
    " data are lost when it stops; set appendonly yes",
    Fault.SNAPSHOTS: "it has no append-only file: changes since the last snapshot are lost when it"
    " crashes; set appendonly yes",
    Fault.WRITES: "its last snapshot, or write to its append-only file, has failed: see its log,"
    " and whether its disk is full",
    Fault.MEMORY: "more than nine tenths of its maxmemory are used: a full Redis accepts no"
    " messages; raise maxmemory, or lower --history",
}
"""The description of each fault in the log."""


class HealthCounts(Protocol):
    """Publishes the faults as metrics."""

    redis_faults: dict[Fault, int]


def faults(info: bytes) -> list[Fault]:
    """Return the faults that sections of INFO show; a field that is missing shows none."""
    fields = dict(
        line.split(":", 1)
        for line in info.decode(errors="replace").splitlines()
        if ":" in line and not line.startswith("#")
    )
    found = []
    most = int(fields.get("maxmemory", 0))
    if most and fields.get("maxmemory_policy", "noeviction") != "noeviction":
        found.append(Fault.EVICTS)
    if fields.get("aof_enabled") == "0":
        # Only the number of snapshots shows whether any are made; an older Redis does not count.
        made = int(fields.get("rdb_saves", 1)) or int(fields.get("rdb_bgsave_in_progress", 0))
        found.append(Fault.SNAPSHOTS if made else Fault.FORGETS)
    states = ("rdb_last_bgsave_status", "aof_last_bgrewrite_status", "aof_last_write_status")
    if any(fields.get(state, "ok") != "ok" for state in states):
        found.append(Fault.WRITES)
    if most and int(fields.get("used_memory", 0)) > NEARLY * most:
        found.append(Fault.MEMORY)
    return found


def _shown(reply: Any) -> tuple[bool, list[Fault]]:
    """Return whether Redis shows anything in the reply of look.lua, and the faults."""
    memory, persistence = decode_upkeep.sections(reply)
    return bool(memory or persistence), faults(memory + b"\n" + persistence)


class Health:
    """Checks each Redis once a minute, and logs each fault when it appears and when it is gone.

    ``servers`` returns their names, and hash tags whose keys they keep.
    """

    def __init__(
        self,
        call: Callable[[SimpleCall], None],
        counts: HealthCounts,
        clock: Callable[[], float],
        servers: Callable[[], Mapping[str, str]] = lambda: {"": keys.CONTROL_TAG},
    ) -> None:
        self._call = call
        self._counts = counts
        self._clock = clock
        self._servers = servers
        self._found: dict[str, list[Fault]] = {}
        self._checked_at: dict[str, float] = {}
        self._allowed = True

    @property
    def found(self) -> list[Fault]:
        """The faults of all servers."""
        return sorted({fault for faults in self._found.values() for fault in faults})

    def look(self) -> None:
        """Check each Redis if it is time to; to be called about once a second."""
        now, servers = self._clock(), self._servers()
        self._found = {name: faults for name, faults in self._found.items() if name in servers}
        for name, tag in servers.items():
            if now - self._checked_at.get(name, -inf) < CHECK_EVERY:
                continue
            self._checked_at[name] = now
            declared = keys.CONTROL if tag == keys.CONTROL_TAG else (keys.never(tag),)
            done = partial(self._on_look, name)
            self._call(
                SimpleCall(
                    *("look", [], now + READ_WITHIN, done, UPKEEP), parse=_shown, declared=declared
                )
            )

    def _on_look(self, name: str, found: tuple[bool, list[Fault]] | Failure) -> None:
        if isinstance(found, Failure):
            self._checked_at[name] = -inf
            return
        is_shown, faults = found
        if not is_shown and self._allowed:
            self._allowed = False
            log.debug("Redis does not tell this node how it stores its data")
        self._log_changes(name, faults)

    def _log_changes(self, name: str, now: list[Fault]) -> None:
        before, which = self._found.get(name, []), f"the Redis {name}" if name else "this Redis"
        for fault in now:
            if fault not in before:
                log.warning("%s has a problem: %s", which, MEANING[fault])
        for fault in before:
            if fault not in now:
                log.info("%s no longer has the problem: %s", which, fault)
        self._found[name] = now
        self._counts.redis_faults = {fault: int(fault in self.found) for fault in Fault}
