"""Checks how Redis stores its data: when a node starts, and once a minute."""

import logging
from collections.abc import Callable, Mapping
from enum import StrEnum
from math import inf
from typing import Any, Protocol

from node.brokers import decode_upkeep
from node.brokers.calls import READ_WITHIN, ScriptReader
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
    """Checks Redis once a minute, and logs each fault when it appears and when it is gone."""

    def __init__(
        self, call: ScriptReader, counts: HealthCounts, clock: Callable[[], float]
    ) -> None:
        self.found: list[Fault] = []
        self._call = call
        self._counts = counts
        self._clock = clock
        self._checked_at = -inf
        self._allowed = True

    def look(self) -> None:
        """Check Redis if it is time to; to be called about once a second."""
        now = self._clock()
        if now - self._checked_at >= CHECK_EVERY:
            self._checked_at = now
            self._call("look", [], now + READ_WITHIN, self._on_look, _shown, UPKEEP)

    def _on_look(self, found: tuple[bool, list[Fault]] | Failure) -> None:
        if isinstance(found, Failure):
            self._checked_at = -inf
            return
        is_shown, faults = found
        if not is_shown and self._allowed:
            self._allowed = False
            log.debug("Redis does not tell this node how it stores its data")
        self._log_changes(faults)

    def _log_changes(self, now: list[Fault]) -> None:
        for fault in now:
            if fault not in self.found:
                log.warning("this Redis has a problem: %s", MEANING[fault])
        for fault in self.found:
            if fault not in now:
                log.info("this Redis no longer has the problem: %s", fault)
        self.found = now
        self._counts.redis_faults = {fault: int(fault in now) for fault in Fault}
