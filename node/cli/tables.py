"""Formats tables with aligned columns, numbers and times for people. Pure."""

from collections.abc import Sequence
from math import inf

from node.brokers.admin_client import NodeRow, SessionRow, Totals
from node.brokers.health import MEANING
from node.brokers.shard_status import ShardRow
from node.core.model import ModerationRule
from wire.text import escape

SILENT_FROM = 3.0
"""Seconds without a renewal from which on a node is shown as silent: it renews once a second."""

LATE_FROM = 5.0
"""Seconds for which a departure waits until it is shown: it takes some milliseconds, or if its node
has died, two seconds."""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return lines with aligned columns; a column whose title begins with `>` is right-aligned."""
    titles = [title.removeprefix(">") for title in head]
    lines = [titles, *([escape(cell) for cell in row] for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(titles))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if title.startswith(">") else cell.ljust(width)
            for cell, width, title in zip(line, widths, head, strict=True)
        ).rstrip()
        for line in lines
    )


def number(value: float) -> str:
    """Return a whole number with a comma after each three digits."""
    return f"{value:,.0f}"


def count(value: int, thing: str) -> str:
    """Return "1 node", "2 nodes"."""
    return f"{number(value)} {thing}{'' if value == 1 else 's'}"


def lag(ms: float | None) -> str:
    """Return a delay in milliseconds or seconds."""
    if ms is None:
        return "-"
    return f"{ms:.1f} ms" if ms < 1000 else f"{ms / 1000:.1f} s"


def span(seconds: float) -> str:
    """Return a duration in its two largest units."""
    left = max(0, int(seconds))
    parts: list[str] = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        if left >= size or (unit == "s" and not parts):
            parts.append(f"{left // size}{unit}")
            left %= size
        elif parts:
            break
    return " ".join(parts[:2])


def nodes(found: Sequence[NodeRow], now: float) -> str:
    """Return the nodes as a table; ``now`` is Unix time in seconds."""
    head = ("NODE", "VERSION", ">CLIENTS", ">SESSIONS", ">ROOMS", ">LAG", ">UP", "")
    rows = []
    for node in found:
        facts = node.facts
        sizes = (facts.clients, facts.sessions, facts.rooms)
        # What a node told that is dead is no longer true.
        last = [*map(number, sizes), lag(facts.lag_ms), up(node, now)] if node.alive else ["-"] * 5
        rows.append((facts.name, facts.version or "?", *last, state(node)))
    return table(head, rows)


def up(node: NodeRow, now: float) -> str:
    """Return how long a node has been running.

    An older one does not tell; then it is the time since Redis has known the node.
    """
    if node.facts.up is not None:
        return span(node.facts.up)
    return span(now - node.since / 1000) if node.since is not None else "-"


def state(node: NodeRow) -> str:
    """Return what is wrong with a node, "" if nothing is."""
    silent = f"silent for {span(node.silent)}"
    if not node.alive:
        return f"lease over, {silent}"
    return silent if node.silent >= SILENT_FROM else ""


def shards(found: Sequence[ShardRow]) -> str:
    """Return the masters of a cluster as a table."""
    head = ("SHARD", ">SLOTS", ">REPLICAS", ">ROOMS", ">KEYS", ">MEMORY", ">CPU", ">CALLS/S", "")
    rows = []
    for row in found:
        kept = (number(row.slots), str(row.replicas), _known(row.rooms))
        memory = "-" if row.memory is None else f"{number(row.memory / 1e6)} MB"
        cpu = "-" if row.cpu is None else span(row.cpu)
        calls = _known(row.calls)
        rows.append((row.address, *kept, _known(row.keys), memory, cpu, calls, _remarks(row)))
    return table(head, rows)


def _known(value: float | None) -> str:
    return "-" if value is None else number(value)


def _remarks(row: ShardRow) -> str:
    """Return what there is to know about a shard beside its sizes."""
    parts = ["has the sessions"] if row.sessions else []
    if row.moving:
        parts.append(f"{count(row.moving, 'slot')} being moved")
    return ", ".join([*parts, *row.faults, *([row.trouble] if row.trouble else [])])


def totals(found: Sequence[NodeRow], sizes: Totals) -> str:
    """Return the line below the nodes: the numbers of nodes, clients, sessions and rooms."""
    alive = [node.facts for node in found if node.alive]
    versions = f" of {count(len({one.version for one in alive}), 'version')}" if alive else ""
    parts = [
        count(len(alive), "node") + versions,
        count(clients(found, sizes), "client"),
        f"{count(sizes.sessions, 'session')} ({number(sizes.away)} without a connection)",
        count(sizes.rooms, "room"),
    ]
    if sizes.outs_oldest >= LATE_FROM:
        parts.append(
            f"{number(sizes.outs)} departures or closed rooms waiting for {span(sizes.outs_oldest)}"
        )
    return ", ".join(parts)


def clients(found: Sequence[NodeRow], sizes: Totals) -> int:
    """Return the number of connected clients in the whole system.

    The clients of a node that has just died are at other nodes long before its lease is over, and
    what it last told still counts them. Redis has each session once, so sessions are counted there;
    the nodes add their connections that have no session.
    """
    telling = [node.facts for node in found if is_telling(node)]
    strangers = sum(max(0, one.clients - one.sessions) for one in telling)
    return max(0, sizes.sessions - sizes.away) + strangers


def is_telling(node: NodeRow) -> bool:
    """Return whether what a node told about itself is of now."""
    return node.alive and node.silent < SILENT_FROM


def reported(found: Sequence[NodeRow]) -> list[str]:
    """Return the faults of Redis that the nodes report; each looks for them once a minute."""
    return sorted({fault for node in found if is_telling(node) for fault in node.facts.faults})


def faults(found: Sequence[str]) -> str:
    """Return a line for each fault of Redis."""
    return "\n".join(f"Redis: {MEANING.get(fault, fault)}" for fault in found)


def sessions(found: Sequence[SessionRow], now: float) -> str:
    """Return sessions as a table; ``now`` is Unix time in seconds."""
    rows = [
        (
            row.nick,
            row.node or "(away)",
            row.address or "-",
            span(now - row.since / 1000) if row.since is not None else "-",
            " ".join(row.rooms),
        )
        for row in found
    ]
    return table(("NICK", "NODE", "ADDRESS", ">SINCE", "ROOMS"), rows)


def bans(found: Sequence[ModerationRule], now: float) -> str:
    """Return bans as a table; ``now`` is Unix time in seconds."""
    if not found:
        return "Nobody is banned."
    rows = []
    for ban in found:
        left = "until lifted" if ban.until == inf else span(ban.until - now)
        rows.append(("nick" if ban.kind == "nick" else "network", ban.what, left, ban.why))
    return table(("WHAT", "", "HOLDS", "REASON"), rows)
